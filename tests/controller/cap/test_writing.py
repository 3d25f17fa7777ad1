"""What we write: our own reader gets it back, the schema and a stranger's reader accept it."""

from datetime import timedelta
from typing import Any

import feedparser
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.cap.feeds import Published, read_feed, write_feed
from controller.cap.geocodes import Gazetteer
from controller.cap.hazards import hazard_of, level_of, shipped
from controller.cap.judging import Outcome, Policy, judge
from controller.cap.lifecycle import current
from controller.cap.matching import target_of
from controller.cap.meaning import understand
from controller.cap.message import Message
from controller.cap.reading import read
from controller.cap.reasons import CapRefused
from controller.cap.signature import Standing
from controller.cap.writing import Names, Seal, write
from tests.controller.cap.messages import NOW, SENT, cap, certificate
from wire.alert import Alert, AlertAction, AlertStatus, Circle, Hazard, Issuer, Polygon, Target
from wire.message import Origin

SENDER = "truyenthanh@anbinh.example"
NAMES = Names({"vn-31": "Tỉnh Mẫu"}, {"vn-31": "31"})
AREAS = Gazetteer(frozenset({"vn-31", "vn-31-1"}), {"31": "vn-31"})
RING = ((20.0, 105.0), (20.0, 106.0), (21.0, 106.0), (20.0, 105.0))


def alert(**values: Any) -> Alert:
    known: dict[str, Any] = {
        "iss": "vn",
        "iat": SENT,
        "exp": SENT + timedelta(hours=2),
        "jti": "j1",
        "rev": 1,
        "id": "a1",
        "area": "vn-31",
        "action": AlertAction.ALERT,
        "status": AlertStatus.REAL,
        "hazard": Hazard.FLASH_FLOOD,
        "level": 4,
        "target": Target(areas=("vn-31",)),
        "texts": {"vi": "Lũ quét.\nHãy lên cao.", "en": "Flash flood. Go up."},
        "issued_at": SENT,
        "starts_at": SENT,
        "ends_at": SENT + timedelta(hours=2),
        "issuer": Issuer(name="UBND Tỉnh Mẫu", origin=Origin.PROVINCE),
    }
    return Alert.model_validate(known | values)


def again(content: bytes) -> Message:
    return understand(read(content))[0]


numbers = st.integers(-89_000_000, 89_000_000).map(lambda millionths: millionths / 1_000_000)
circles = st.builds(
    Circle,
    latitude=numbers,
    longitude=numbers,
    radius_m=st.integers(1, 2_000_000).map(float),
)
words = st.text(min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(
    hazard=st.sampled_from(Hazard),
    level=st.integers(1, 5),
    status=st.sampled_from(AlertStatus),
    shapes=st.lists(circles | st.just(Polygon(points=RING)), max_size=3, unique=True),
    areas=st.lists(st.sampled_from(["vn-31", "vn-31-1"]), max_size=2, unique=True),
    texts=st.dictionaries(st.sampled_from(["vi", "en-US", "tay"]), words, min_size=1),
)
def test_our_reader_gets_back_what_we_wrote(
    hazard: Hazard,
    level: int,
    status: AlertStatus,
    shapes: list[Circle | Polygon],
    areas: list[str],
    texts: dict[str, str],
) -> None:
    target = Target(areas=tuple(areas), shapes=tuple(shapes))
    one = alert(hazard=hazard, level=level, status=status, target=target, texts=texts)

    message = again(write(one, SENDER, NAMES))

    assert (message.status == "Actual") == (status is AlertStatus.REAL)
    assert [info.language for info in message.infos] == list(texts)
    found = target_of(message, AREAS).target
    assert set(found.areas) == set(areas)
    assert set(found.shapes) == set(shapes)
    for info in message.infos:
        assert hazard_of(info, NOW, shipped()) == hazard
        assert level_of(info, NOW, shipped()) == level
        assert message.ends_at(info) == one.ends_at


@pytest.mark.parametrize("radius_m", [1001.0, 64811.0])
def test_kilometres_come_back_as_the_metres_they_were(radius_m: float) -> None:
    here = Circle(latitude=0, longitude=0, radius_m=radius_m)

    message = again(write(alert(target=Target(shapes=(here,))), SENDER, NAMES))

    assert target_of(message, AREAS).target.shapes == (here,)


def test_a_drill_is_never_written_as_actual_and_says_so() -> None:
    content = write(alert(status=AlertStatus.DRILL), SENDER, NAMES)

    found = judge(content, Policy(is_open=True), NOW)

    assert found.outcome is Outcome.IGNORED
    assert "Diễn tập" in content.decode()


def test_an_update_replaces_and_a_cancel_ends_what_went_before() -> None:
    first = alert()
    second = alert(action=AlertAction.UPDATE, rev=2, iat=SENT + timedelta(minutes=1))
    third = alert(
        action=AlertAction.CANCEL,
        rev=3,
        iat=SENT + timedelta(minutes=2),
        all_clear={"vi": "Đã hết nguy hiểm."},
    )
    one = again(write(first, SENDER, NAMES))
    two = again(write(second, SENDER, NAMES, [first]))
    three = again(write(third, SENDER, NAMES, [first, second]))

    assert current([two, one], NOW) == {two}
    assert current([three, two, one], NOW) == set()
    assert three.infos[0].responses == ("AllClear",)


def test_a_change_that_refers_to_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="refers to nothing"):
        write(alert(action=AlertAction.CANCEL), SENDER, NAMES)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_document_is_valid_under_its_authority(kind: str) -> None:
    key: Any = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    own = certificate("Đài", key)

    content = write(alert(), SENDER, NAMES, seal=Seal(key, (own,)))

    assert judge(content, Policy((own,)), NOW).signature is Standing.VALID
    assert judge(content.replace(b"a1", b"a2"), Policy((own,)), NOW).outcome is Outcome.REFUSED


def test_a_strangers_reader_can_use_our_feed() -> None:
    first = again(write(alert(), SENDER, NAMES))
    drill = alert(id="a2", status=AlertStatus.DRILL, iat=SENT + timedelta(minutes=5))
    second = again(write(drill, SENDER, NAMES))
    base = "https://anbinh.example/cap/"
    published = [Published(first, base + "a1.cap"), Published(second, base + "a2.cap")]

    content = write_feed(
        published, address=base + "feed", title="Cảnh báo", author="Đài An Bình", now=NOW
    )

    told = feedparser.parse(content)
    assert not told.bozo
    assert told.version == "atom10"
    assert (told.feed.title, told.feed.author) == ("Cảnh báo", "Đài An Bình")
    assert [entry.link for entry in told.entries] == [base + "a2.cap", base + "a1.cap"]
    assert told.entries[0].title.startswith("[Exercise]")
    assert told.entries[1].title == "Lũ quét."
    assert told.entries[1].updated_parsed[:5] == (2026, 11, 2, 1, 0)
    assert [one.url for one in read_feed(content, base)] == [base + "a2.cap", base + "a1.cap"]


def test_an_empty_feed_is_a_feed() -> None:
    content = write_feed([], address="https://a.example/f", title="T", author="A", now=NOW)

    assert not feedparser.parse(content).bozo
    assert read_feed(content, "https://a.example/f") == ()


def test_a_message_is_a_feed_of_one() -> None:
    assert [one.content for one in read_feed(cap(), "https://a.example/")] == [cap()]


def test_atom_and_rss_indexes_are_read_whatever_their_links_look_like() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="a.cap"/></entry>'
        '<entry><link href="page.html"/><link rel="enclosure" type="application/cap+xml" '
        'href="b.cap"/></entry><entry><content type="application/xml">'
        + cap().decode().partition("?>")[2]
        + "</content></entry><entry/><entry><link href='http://[bad'/></entry></feed>"
    )
    rss = (
        "<rss><channel><item><link>https://b.example/x.cap</link></item>"
        "<item><guid>1</guid></item></channel></rss>"
    )

    found = read_feed(atom.encode(), "https://a.example/dir/index.atom")

    assert [one.url for one in found[:2]] == [
        "https://a.example/dir/a.cap",
        "https://a.example/dir/b.cap",
    ]
    assert again(found[2].content) == again(cap())
    assert len(found) == 3
    assert [one.url for one in read_feed(rss.encode(), "https://a.example/")] == [
        "https://b.example/x.cap"
    ]


def test_a_hostile_index_is_refused_like_a_hostile_message() -> None:
    with pytest.raises(CapRefused):
        read_feed(b"<!DOCTYPE feed><feed/>", "https://a.example/")
    with pytest.raises(CapRefused):
        read_feed(b"<html/>", "https://a.example/")
