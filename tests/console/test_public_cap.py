"""Our own alerts as CAP for everybody: what a stranger reads, and what no stranger may read."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from controller.cap.feeds import read_feed
from controller.cap.judging import Outcome, Policy, Verdict, judge
from controller.cap.lifecycle import current
from controller.cap.meaning import understand
from controller.cap.message import Message
from controller.cap.reading import keeps_to_schema, read
from controller.cap.signature import Standing
from controller.config import Config
from controller.emergencies.content import Draft
from controller.emergencies.drafting import rewrite_alert
from controller.emergencies.hearing import note_hearing
from controller.emergencies.lifecycle import cancel_alert
from controller.emergencies.models import Alert
from controller.emergencies.releasing import confirm, submit
from controller.emergencies.service import newest_revision
from controller.emergencies.speech import Studio
from controller.people import second_factor
from controller.warnings.public import make_public_cap
from tests.console.conftest import Console
from tests.console.night import FLOOD, Night, fall
from tests.controller.cap.messages import certificate
from tests.controller.cast import AN_BINH

KEY = ec.generate_private_key(ec.SECP256R1())
OWN = certificate("Đài An Bình", KEY)
WORDS = {"vi": "Nước lên nữa. Bà con Thôn 2 lên đê.", "en": "The water rises. Go up the dike."}


class Polyglot(Studio):
    """A studio whose one voice reads every language."""

    def voice_of(self, language: str) -> str | None:  # noqa: ARG002 - as the real one
        """Return the one voice."""
        return super().voice_of("vi")


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


def stranger(night: Night) -> FlaskClient:
    """Return somebody who never signed in."""
    return night.console.app.test_client()


def entries(night: Night) -> list[Any]:
    """Return the entries of the feed as a stranger's reader has them."""
    told = feedparser.parse(stranger(night).get("/cap/feed.atom").data)
    assert not told.bozo
    return list(told.entries)


def fetched(night: Night, entry: Any) -> bytes:
    """Return the document of an entry."""
    answer = stranger(night).get(entry.link.removeprefix("http://localhost"))
    assert (answer.status_code, answer.mimetype) == (200, "application/cap+xml")
    return bytes(answer.data)


def message(content: bytes) -> Message:
    return understand(read(content))[0]


def verdict(night: Night, content: bytes) -> Verdict:
    return judge(content, Policy(is_open=True), night.console.clock())


def release_update(night: Night, alert_id: str) -> None:
    """Let two people release other words, in two languages."""
    sessions, console = night.console.sessions, night.console
    an, now = night.who("an"), console.clock()
    draft = Draft(area_id=AN_BINH, status="real", hazard="flood", level=4, texts=WORDS)
    studio = Polyglot(night.studio.store, night.studio.reader)
    rewrite_alert(sessions, sessions, studio, an, alert_id, draft, now)
    with sessions.begin() as session:
        row = newest_revision(session.get_one(Alert, alert_id))
        number, audio = row.number, row.audio
        submit(session, actor=an, alert_id=alert_id, revision=number, now=console.clock())
    console.clock.forward(timedelta(seconds=31))
    for login in ("binh", "minh"):
        who, now = night.who(login), console.clock()
        with sessions.begin() as session:
            for one in audio.values():
                note_hearing(
                    session, actor=who, about=alert_id, audio=audio, sha256=one["sha256"], now=now
                )
            confirm(
                session,
                actor=who,
                alert_id=alert_id,
                revision=number,
                now=now,
                verify=second_factor.verify,
                code=night.code(login),
            )
    console.clock.forward(timedelta(seconds=31))
    night.send()


def cancel(night: Night, alert_id: str) -> None:
    """Let an officer take an alert back, with the all-clear and a note for the record."""
    who = night.who("binh")
    with night.console.sessions.begin() as session:
        cancel_alert(
            session,
            actor=who,
            alert_id=alert_id,
            now=night.console.clock(),
            note="Binh gọi cho ông Tư",
        )
    night.send()


def test_a_life_of_an_alert_is_read_by_a_stranger(night: Night) -> None:
    alert_id = night.fired()
    release_update(night, alert_id)
    night.console.clock.forward(timedelta(minutes=1))
    cancel(night, alert_id)

    told = entries(night)
    documents = [fetched(night, entry) for entry in reversed(told)]

    assert [message(one).msg_type for one in documents] == ["Alert", "Update", "Cancel"]
    for one in documents:
        assert keeps_to_schema(etree.fromstring(one)) == ""
        assert verdict(night, one).outcome is Outcome.ACCEPTED
    first, second, third = map(message, documents)
    now = night.console.clock()
    assert current([second, first], now) == {second}
    assert current([third, first, second], now) == set()
    assert {one.sent for one in (first, second, third)} == {
        datetime.fromisoformat(entry.updated) for entry in told
    }
    assert third.infos[0].responses == ("AllClear",)
    assert len({entry.id for entry in told}) == 3


def test_the_newest_of_an_alert_has_an_address_of_its_own(night: Night) -> None:
    alert_id = night.fired()
    release_update(night, alert_id)

    newest = stranger(night).get(f"/cap/{alert_id}.xml")

    assert newest.data == stranger(night).get(f"/cap/{alert_id}/2.xml").data
    assert newest.headers["Content-Location"] == f"/cap/{alert_id}/2.xml"
    assert message(newest.data).msg_type == "Update"


def test_words_are_there_in_each_language(night: Night) -> None:
    alert_id = night.fired()
    release_update(night, alert_id)

    told = message(stranger(night).get(f"/cap/{alert_id}.xml").data)

    assert [info.language for info in told.infos] == ["vi-VN", "en"]
    assert [info.event for info in told.infos] == ["Lũ, ngập lụt", "Flood"]
    assert "Bà con Thôn hai lên đê." in told.infos[0].description, "the words that were said"
    assert WORDS["en"] in told.infos[1].description
    assert told.infos[0].places[0].description == "Xã An Bình"


def test_a_drill_is_an_exercise_and_says_so(night: Night) -> None:
    night.fired(status="drill")

    (entry,) = entries(night)
    content = fetched(night, entry)

    assert entry.title.startswith("[Exercise]")
    assert message(content).status == "Exercise"
    assert "Diễn tập" in message(content).note
    assert verdict(night, content).outcome is Outcome.IGNORED


def test_nothing_but_what_was_released_is_there_and_no_person(night: Night) -> None:
    drafted = night.draft()
    released = night.fired()
    cancel(night, released)

    feed = stranger(night).get("/cap/feed.atom").text
    answers = [stranger(night).get(f"/cap/{drafted}{tail}") for tail in (".xml", "/1.xml")]

    assert drafted not in feed
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].mimetype == "application/problem+json"
    assert f"Không có tin {drafted}" in answers[0].get_json()["vi"]
    said = feed + "".join(fetched(night, entry).decode() for entry in entries(night))
    for secret in ("Binh", "minh", "Minh", "ông Tư", "chief", "totp", "person"):
        assert secret not in said, secret
    assert FLOOD in said


def test_what_is_known_already_is_not_sent_again(night: Night) -> None:
    alert_id = night.fired()
    client = stranger(night)

    for url in ("/cap/feed.atom", f"/cap/{alert_id}.xml", f"/cap/{alert_id}/1.xml"):
        first = client.get(url)
        known = {"If-None-Match": first.headers["ETag"]}
        dated = {"If-Modified-Since": first.headers["Last-Modified"]}
        assert [client.get(url, headers=one).status_code for one in (known, dated)] == [304, 304]
        assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
        assert first.cache_control.no_cache

    before = client.get("/cap/feed.atom")
    cancel(night, alert_id)
    known = {"If-None-Match": before.headers["ETag"]}
    assert client.get("/cap/feed.atom", headers=known).status_code == 200


def test_no_cookie_is_read_or_given(night: Night) -> None:
    alert_id = night.fired()
    client = stranger(night)
    client.set_cookie("tt", "whatever")

    for url in ("/cap/feed.atom", f"/cap/{alert_id}.xml"):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert client.post(url).status_code == 405


def test_an_empty_feed_is_a_feed_and_old_alerts_leave_it(night: Night) -> None:
    assert entries(night) == []

    alert_id = night.fired()
    assert len(entries(night)) == 1
    night.console.clock.forward(timedelta(days=8))

    assert entries(night) == []
    assert stranger(night).get(f"/cap/{alert_id}.xml").status_code == 200


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The certificate and the key of a site, as PEM files."""
    cert, key = tmp_path / "cap.pem", tmp_path / "cap.key"
    cert.write_bytes(OWN.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, key


def test_a_site_with_a_certificate_signs_what_it_says(
    night: Night, files: tuple[Path, Path]
) -> None:
    alert_id = night.fired()
    app = signing(night, files)

    first, again = (get(app, f"/cap/{alert_id}.xml") for _ in range(2))

    found = judge(first.data, Policy((OWN,)), night.console.clock())
    assert (found.outcome, found.signature) == (Outcome.ACCEPTED, Standing.VALID)
    assert first.data == again.data
    forged = first.data.replace("lên chỗ cao".encode(), "ở yên".encode())
    assert judge(forged, Policy((OWN,)), night.console.clock()).outcome is Outcome.REFUSED


def test_the_address_of_the_site_stands_in_the_feed_whoever_asks(
    night: Night, files: tuple[Path, Path]
) -> None:
    alert_id = night.fired()
    app = signing(night, files)

    feed = get(app, "/cap/feed.atom", headers={"Host": "evil.example"}).data

    (entry,) = read_feed(feed, "https://loa.example.vn/cap/feed.atom")
    assert entry.url == f"https://loa.example.vn/cap/{alert_id}/1.xml"
    assert b"evil" not in feed
    assert message(get(app, f"/cap/{alert_id}.xml").data).sender == "truyenthanh@loa.example.vn"


def signing(night: Night, files: tuple[Path, Path]) -> Flask:
    """Return another web process of the same site, with its certificate."""
    values = {"cap_certificate": files[0], "cap_key": files[1]}
    config = Config.model_validate({"public_url": "https://loa.example.vn", **values})
    app = Flask("another")
    app.register_blueprint(make_public_cap(config, night.console.sessions, night.console.clock))
    return app


def get(app: Flask, url: str, **options: Any) -> TestResponse:
    return app.test_client().get(url, **options)
