"""Controllers killed after a release: what was released goes out once, or lapses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from controller.demo import scene
from controller.emergencies.content import Draft
from controller.emergencies.drafting import write_alert
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert
from controller.emergencies.releasing import confirm, submit
from controller.emergencies.speech import Studio
from controller.library.speech import EspeakVoice, Reader
from controller.library.store import AssetStore
from controller.outbox_models import OutboxRow
from controller.people import audit
from controller.people.models import AuditEntry
from tests.controller.plumbing.peer import Peer
from tests.journeys.horns import TEXT, until
from tests.journeys.test_processes import Office, an_office
from wire import topics


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A seeded office; its worker and its broker are started by the journey."""
    with an_office(tmp_path) as office:
        yield office


def release(office: Office, hazard: str, at: datetime, minutes: int = 5) -> str:
    """Have two officers release an alert, confirmed at an instant; return its id."""
    data, people = office.config.data_dir, (office.commune.authority, office.commune.second)
    reader = Reader(EspeakVoice(), data / "speech")
    studio = Studio(AssetStore(data / "assets"), reader, office.config.target_lufs)
    draft = Draft(
        area_id=scene.PROVINCE, areas=(scene.COMMUNE,), status="real", hazard=hazard, level=3,
        texts={"vi": TEXT}, minutes=minutes,
    )  # fmt: skip
    sessions = office.app.sessions
    alert = write_alert(sessions, sessions, studio, people[0], draft, at)
    with sessions.begin() as session:
        audio = session.get_one(Alert, alert).revisions[0].audio
        for who in people:
            note_hearing(
                session, actor=who, about=alert, audio=audio, sha256=audio["vi"]["sha256"], now=at
            )
        submit(session, actor=people[0], alert_id=alert, revision=1, now=at)
    for who in people:
        with sessions.begin() as session:
            confirm(
                session, actor=who, alert_id=alert, revision=1, now=at, verify=lambda *_: "totp"
            )
    return alert


def actions(office: Office, alert: str) -> list[str]:
    """Return what the audit chain says of an alert; the chain is whole."""
    with office.app.sessions() as session:
        assert audit.verify(session) is None
        rows = select(AuditEntry).where(AuditEntry.object_id == alert).order_by(AuditEntry.number)
        return [entry.action for entry in session.scalars(rows)]


def topic_of(alert: str) -> str:
    return topics.alert(scene.COMMUNE, alert)


def is_decided(office: Office, alert: str, *, sent: bool) -> bool:
    """Whether the message of an alert waits for the broker, or was taken by it."""
    with office.app.sessions() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == topic_of(alert))).all()
    return bool(rows) and all((row.sent_at is not None) is sent for row in rows)


def listen(office: Office) -> Peer:
    device = office.listen()
    device.subscribe("tt/1/areas/#")
    return device


def heard(device: Peer, alert: str) -> set[bytes]:
    return {payload for topic, payload in device.got if topic == topic_of(alert)}


def now() -> datetime:
    return datetime.now(UTC)


def test_a_signed_alert_that_no_broker_took_before_the_kill_goes_out_as_it_was_signed(
    office: Office,
) -> None:
    """R36: the broker is away, so the kill falls between the signature and the publish."""
    worker = office.run("worker")
    until(lambda: office.holder()[0].endswith(f":{worker.pid}"))
    alert = release(office, "flash_flood", now())
    until(lambda: is_decided(office, alert, sent=False))
    with office.app.sessions() as session:
        signed = session.scalars(
            select(OutboxRow.token).where(OutboxRow.topic == topic_of(alert))
        ).one()

    worker.kill()
    worker.wait()
    office.start_broker()
    device = listen(office)
    assert heard(device, alert) == set()
    office.run("worker")

    until(lambda: is_decided(office, alert, sent=True))
    until(lambda: heard(device, alert))
    assert heard(device, alert) == {signed.encode()}
    assert actions(office, alert).count("alert.send") == 1


def test_what_was_released_while_the_controller_was_dead_goes_out_or_lapses(
    office: Office,
) -> None:
    """R14, R36: on restart, once, where its time is not over; and the audit chain says so."""
    office.start_broker()
    device = listen(office)
    worker = office.run("worker")
    until(lambda: office.holder()[0].endswith(f":{worker.pid}"))
    worker.kill()
    worker.wait()

    over = release(office, "storm", now() - timedelta(minutes=2), minutes=1)
    good = release(office, "flash_flood", now())
    office.run("worker")

    until(lambda: heard(device, good))
    until(lambda: "alert.lapse" in actions(office, over))
    assert len(heard(device, good)) == 1
    assert actions(office, good).count("alert.send") == 1
    assert heard(device, over) == set()
    assert "alert.send" not in actions(office, over)
    with office.app.sessions() as session:
        assert session.get_one(Alert, over).state == "withdrawn"
