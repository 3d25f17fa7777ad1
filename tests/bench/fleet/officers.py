"""Officers of the bench: they draft exercises for the whole country, listen, and release them."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from controller.app import App
from controller.emergencies import drafting, releasing
from controller.emergencies.content import Draft
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert, AlertReach
from controller.emergencies.service import newest_revision
from controller.emergencies.speech import Studio
from controller.library.speech import EspeakVoice, Reader
from controller.library.store import AssetStore
from controller.people.models import Person, Role
from controller.people.rights import Actor, actor_of
from controller.records.models import Batch
from tests.bench.plan import reading
from tests.controller.cast import person
from wire.alert import Hazard

AREA = "vn"
TEXT = "Khẩn cấp. Nước hồ chứa đang lên nhanh. Bà con rời ngay khỏi vùng thấp ven sông. "


@dataclass(frozen=True, slots=True)
class Accepted:
    """A release: when it was accepted, and how long its transaction took (ms)."""

    at: float
    written_ms: float


class Officers:
    """A new officer and another hazard each time: limits and superseding are no part of this."""

    def __init__(self, app: App) -> None:
        self._app = app
        folder = app.config.data_dir
        self._studio = Studio(
            AssetStore(folder / "assets"), Reader(EspeakVoice(), folder / "speech")
        )
        self._reading = reading(app.sessions)
        self._number = 0

    def prepare(self) -> str:
        """Draft and submit an exercise, and listen to it; return the alert."""
        now = datetime.now(UTC)
        hazards = list(Hazard)
        draft = Draft(
            area_id=AREA,
            status="exercise",
            hazard=hazards[self._number % len(hazards)],
            level=4,
            texts={"vi": TEXT},
        )
        self._number += 1
        with self._app.sessions.begin() as session:
            who = person(session, f"officer{self._number}", Role.AUTHORITY, AREA, now)
        sessions = self._app.sessions
        alert_id = drafting.write_alert(sessions, self._reading, self._studio, who, draft, now)
        with self._app.sessions.begin() as session:
            releasing.submit(session, actor=who, alert_id=alert_id, revision=1, now=now)
            audio = newest_revision(session.get_one(Alert, alert_id)).audio
            for one in audio.values():
                note_hearing(
                    session,
                    actor=who,
                    about=alert_id,
                    audio=audio,
                    sha256=one["sha256"],
                    now=now,
                )
        return alert_id

    def release(self, alert_id: str) -> Accepted:
        """Confirm the release; it is accepted with the commit, which wakes the sender."""
        who = self._newest()
        begun = time.monotonic()
        with self._app.sessions() as session:
            done = releasing.confirm(
                session,
                actor=who,
                alert_id=alert_id,
                revision=1,
                now=datetime.now(UTC),
                verify=lambda *_: "",
            )
            at = time.monotonic()
            session.commit()
        assert done.is_released, "one officer did not do"
        return Accepted(at, (time.monotonic() - begun) * 1000)

    def token(self, alert_id: str) -> str | None:
        """Return what was sent, if it was."""
        with self._reading() as session:
            return newest_revision(session.get_one(Alert, alert_id)).token

    def newest_batch(self) -> int:
        """Return the number of the last batch of receipts that was kept, 0 for none."""
        with self._reading() as session:
            return session.scalar(select(func.max(Batch.id))) or 0

    def batches(self, after: int) -> int:
        """Return how many signed batches were kept after one, believed or not yet looked at."""
        with self._reading() as session:
            return session.scalar(select(func.count()).where(Batch.id > after)) or 0

    def sounding(self, alert_id: str) -> int:
        """Return in how many clusters it is known to sound."""
        rows = select(func.count()).where(
            AlertReach.alert_id == alert_id, AlertReach.state == "sounding"
        )
        with self._reading() as session:
            return session.scalar(rows) or 0

    def _newest(self) -> Actor:
        login = select(Person).where(Person.login == f"officer{self._number}")
        with self._reading() as session:
            return actor_of(session, session.scalars(login).one())
