"""How warnings arrive: dropped into a folder, polled at an address, published by MQTT."""

import queue
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from controller.cap.arriving import MOST_OF_ONE, Arriving
from controller.cap.fetching import Fetched, FetchFailed, Freshness
from controller.cap.models import CapMessage, CapSource
from controller.cap.sources import HERE, Sources
from controller.mqtt import Arrived
from controller.uplink import Uplink
from tests.controller.emergencies.conftest import Desk
from tests.controller.emergencies.test_from_outside import Inbox, warning

FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id>
<entry><link href="https://a.vn/1.xml"/></entry><entry><link href="https://a.vn/2.xml"/></entry>
</feed>"""


class FakeFetcher:
    """Answers from a table of what is at which address; what is not there fails."""

    def __init__(self, there: Mapping[str, bytes | None]) -> None:
        self._there = there

    def fetch(self, url: str, *, known: Freshness | None = None) -> Fetched:  # noqa: ARG002 - as the real one
        """Return what the table has."""
        if url not in self._there:
            raise FetchFailed(url=url, why_vi="hỏng", why_en="broken")
        return Fetched(url, self._there[url], "application/xml", Freshness(etag="e1"))


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    """The inbox of An Bình, without a source."""
    return Inbox(desk)


def outcomes(desk: Desk) -> list[str]:
    """Return the outcomes of all that was kept, in the order it came."""
    with desk.sessions() as session:
        return list(session.scalars(select(CapMessage.outcome).order_by(CapMessage.id)))


def source_of(desk: Desk) -> CapSource:
    """Return the source as it stands."""
    with desk.sessions() as session:
        return session.get_one(CapSource, "kttv")


def test_a_file_dropped_into_a_folder_is_taken_and_put_away(
    inbox: Inbox, desk: Desk, tmp_path: Path
) -> None:
    inbox.source(kind="folder", place=str(tmp_path))
    (tmp_path / "good.cap").write_bytes(warning())
    (tmp_path / "bad.xml").write_bytes(b"<alert")
    (tmp_path / "half.cap.part").write_bytes(b"<al")

    assert Sources(desk.sessions, lambda: desk.at).step()

    assert outcomes(desk) == ["refused", "accepted"]
    assert (tmp_path / "done" / "good.cap").exists()
    assert (tmp_path / "refused" / "bad.xml").exists()
    assert (tmp_path / "half.cap.part").exists()
    assert len(inbox.proposals()) == 1


def test_a_source_is_asked_when_it_is_due_and_later_each_time_it_fails(
    inbox: Inbox, desk: Desk, tmp_path: Path
) -> None:
    inbox.source(kind="file", place=str(tmp_path / "now.cap"), poll_s=60)
    sources = Sources(desk.sessions, lambda: desk.at)

    assert (sources.step(), sources.step()) == (True, False)
    assert source_of(desk).trouble_vi
    desk.wait(minutes=1)
    assert sources.step()
    assert source_of(desk).due_at == desk.at + timedelta(minutes=2)
    (tmp_path / "now.cap").write_bytes(warning())
    desk.wait(minutes=2)
    assert sources.step()

    assert (source_of(desk).failures, source_of(desk).trouble_vi) == (0, "")
    assert outcomes(desk) == ["accepted"]


def test_a_feed_is_read_and_one_missing_message_hides_neither_the_others_nor_itself(
    inbox: Inbox, desk: Desk
) -> None:
    inbox.source(kind="http", place="https://a.vn/feed")
    there: dict[str, bytes | None] = {
        "https://a.vn/feed": FEED.encode(),
        "https://a.vn/1.xml": warning(),
    }
    sources = Sources(desk.sessions, lambda: desk.at, lambda _: FakeFetcher(there))

    sources.step()
    assert (outcomes(desk), source_of(desk).etag) == (["accepted"], "")

    there["https://a.vn/2.xml"] = warning(identifier="VN-2")
    desk.wait(minutes=1)
    sources.step()
    assert (outcomes(desk), source_of(desk).etag) == (["accepted", "accepted"], "e1")


def test_an_address_that_did_not_change_brings_nothing(inbox: Inbox, desk: Desk) -> None:
    inbox.source(kind="http", place="https://a.vn/feed")
    sources = Sources(
        desk.sessions, lambda: desk.at, lambda _: FakeFetcher({"https://a.vn/feed": None})
    )

    sources.step()

    assert (outcomes(desk), source_of(desk).failures) == ([], 0)


def test_a_warning_on_the_topic_of_its_source_becomes_a_proposal(inbox: Inbox, desk: Desk) -> None:
    inbox.source(kind="mqtt")
    arrived: queue.Queue[Arrived] = queue.Queue()
    arriving = Arriving(desk.sessions, lambda: desk.at)
    uplink = Uplink(
        desk.sessions,
        arrived,
        lambda _topic, _text: None,
        desk.keyring.signer,
        lambda: desk.at,
        outside=arriving.put,
    )
    for topic in ("tt/1/in/cap/kttv", "tt/1/in/cap/nobody", "tt/1/in/cap/-bad"):
        arrived.put(Arrived(topic, warning(), desk.at))
    arrived.put(Arrived("tt/1/in/cap/kttv", b"", desk.at))

    assert uplink.step(wait_s=0.0)
    assert [arriving.step(0.0) for _ in range(5)] == [True, True, True, True, False]

    assert outcomes(desk) == ["accepted"]
    assert len(inbox.proposals()) == 1


def test_a_long_feed_is_read_in_turns_what_is_new_first(inbox: Inbox, desk: Desk) -> None:
    inbox.source(kind="http", place="https://a.vn/feed")
    addresses = [f"https://a.vn/{number}.xml" for number in range(5)]
    links = "".join(f'<entry><link href="{one}"/></entry>' for one in addresses)
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom">{links}</feed>'
    there: dict[str, bytes | None] = {"https://a.vn/feed": feed.encode()}
    there |= {one: warning(identifier=f"VN-{n}") for n, one in enumerate(addresses)}
    seconds = iter(range(0, 1000, 2))
    sources = Sources(
        desk.sessions,
        lambda: desk.at,
        lambda _: FakeFetcher(there),
        ticks=lambda: float(next(seconds)),
    )

    sources.step()
    first = len(outcomes(desk))
    assert 0 < first < 5
    assert (source_of(desk).etag, source_of(desk).due_at) == ("", desk.at + timedelta(seconds=1))
    for _ in range(3):
        desk.wait(seconds=1)
        sources.step()

    assert len(outcomes(desk)) == 5


def test_a_link_in_the_folder_is_no_warning(inbox: Inbox, desk: Desk, tmp_path: Path) -> None:
    """Who may write there would otherwise show us, and the officers, any file of the server."""
    secret = tmp_path / "secret"
    secret.write_bytes(warning())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "one.cap").symlink_to(secret)
    inbox.source(kind="folder", place=str(folder))

    Sources(desk.sessions, lambda: desk.at).step()

    assert (outcomes(desk), secret.exists()) == ([], True)


def test_a_file_that_cannot_be_put_away_holds_up_no_other_source(
    inbox: Inbox, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "done").write_text("no folder")
    (tmp_path / "one.cap").write_bytes(warning())
    inbox.source(kind="folder", place=str(tmp_path))
    inbox.source("other", kind="file", place=str(tmp_path / "one.cap"))
    sources = Sources(desk.sessions, lambda: desk.at)

    assert [sources.step(), sources.step(), sources.step()] == [True, True, False]

    assert source_of(desk).failures == 1
    assert outcomes(desk) == ["accepted", "accepted"]


def test_a_bug_in_one_source_holds_up_no_other(
    inbox: Inbox, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.source(kind="file", place=str(tmp_path / "one.cap"))
    (tmp_path / "one.cap").write_bytes(warning())

    def breaks(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("controller.cap.sources.take", breaks)
    sources = Sources(desk.sessions, lambda: desk.at)

    assert [sources.step(), sources.step()] == [True, False]
    assert "a bug" in source_of(desk).trouble_en


def test_files_here_do_not_wait_for_servers_elsewhere(
    inbox: Inbox, desk: Desk, tmp_path: Path
) -> None:
    inbox.source("feed", kind="http", place="https://a.vn/feed")
    inbox.source(kind="file", place=str(tmp_path / "one.cap"))
    (tmp_path / "one.cap").write_bytes(warning())
    here = Sources(desk.sessions, lambda: desk.at, kinds=HERE)

    assert [here.step(), here.step()] == [True, False]
    assert outcomes(desk) == ["accepted"]


def test_a_source_that_floods_us_delays_no_other_and_is_not_kept_without_end(
    inbox: Inbox, desk: Desk
) -> None:
    inbox.source(kind="mqtt")
    inbox.source("loud", kind="mqtt")
    arriving = Arriving(desk.sessions, lambda: desk.at)

    for number in range(MOST_OF_ONE + 10):
        content = warning(identifier=f"LOUD-{number}")
        arriving.put(Arrived("tt/1/in/cap/loud", content, desk.at))
    arriving.put(Arrived("tt/1/in/cap/kttv", warning(), desk.at))
    assert (arriving.step(0.0), arriving.step(0.0)) == (True, True)

    with desk.sessions() as session:
        kept = session.scalars(select(CapMessage.identifier).order_by(CapMessage.id)).all()
    assert kept == ["LOUD-0", "VN-1"]
    assert len(arriving._waiting["tt/1/in/cap/loud"]) == MOST_OF_ONE - 1


def test_while_the_database_is_away_no_warning_is_lost(
    inbox: Inbox, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.source(kind="mqtt")
    arriving = Arriving(desk.sessions, lambda: desk.at)
    arriving.put(Arrived("tt/1/in/cap/kttv", warning(), desk.at))

    def is_away(*_: object) -> None:
        raise OperationalError("", None, Exception())

    with monkeypatch.context() as patch:
        patch.setattr("controller.cap.arriving.take_published", is_away)
        with pytest.raises(OperationalError):
            arriving.step(0.0)
    assert outcomes(desk) == []

    assert arriving.step(0.0)
    assert outcomes(desk) == ["accepted"]


def test_a_bug_drops_one_warning_and_not_the_next(
    inbox: Inbox, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.source(kind="mqtt")
    arriving = Arriving(desk.sessions, lambda: desk.at)
    for number in range(2):
        content = warning(identifier=f"VN-{number}")
        arriving.put(Arrived("tt/1/in/cap/kttv", content, desk.at))

    def breaks(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("controller.cap.arriving.take_published", breaks)
        assert arriving.step(0.0)
    assert arriving.step(0.0)

    assert outcomes(desk) == ["accepted"]
