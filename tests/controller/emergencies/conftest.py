"""Alerts of An Bình made through the use cases, a voice that costs nothing, and who may release."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.emergencies import drafting, releasing
from controller.emergencies.content import Draft
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert
from controller.emergencies.releasing import Confirmed
from controller.emergencies.sending import Sender
from controller.emergencies.service import newest_revision
from controller.emergencies.speech import Spoken, Studio
from controller.errors import ControllerError
from controller.keys import Keyring
from controller.library.ingest import IngestedAsset
from controller.library.speech import FakeVoice, Manner, Reader
from controller.library.store import AssetStore
from controller.people.models import Role
from controller.people.rights import Actor
from tests.controller.cast import AN_BINH, PROVINCE, Cast, introduce, person

GOOD = "123456"
USUAL = Manner()


class WrongCode(ControllerError):
    """The code of the test is not `GOOD`."""


def verify(_session: Session, _person_id: int, code: str, _now: datetime) -> str:
    """Stand in for the second factor: only `GOOD` is right."""
    if code != GOOD:
        raise WrongCode
    return "totp"


class HumStudio(Studio):
    """Says everything at once: a sound is the hash of its text."""

    def speak(
        self,
        *texts: Mapping[str, str],
        manner: Manner = USUAL,  # noqa: ARG002 - hums alike for every area
    ) -> tuple[Spoken, ...]:
        """Return made-up sounds."""
        return tuple({name: _sound(text) for name, text in some.items()} for some in texts)


def _sound(text: str) -> IngestedAsset:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return IngestedAsset(sha256, 100, 1000, (), -16, -16, -1.5, "opus", 48_000, "wav", "")


@dataclass
class Desk:
    """The use cases as people use them, each in its own transaction, at a time that tests move."""

    sessions: Sessions
    keyring: Keyring
    studio: Studio
    cast: Cast
    boss: Actor
    deputy: Actor
    province: Actor
    at: datetime
    sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.sender = Sender(self.sessions, self.keyring, lambda: self.at)

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)

    def draft(self, who: Actor, **values: Any) -> str:
        """Draft an alert; return its id."""
        return drafting.write_alert(
            self.sessions, self.sessions, self.studio, who, a_draft(**values), self.at
        )

    def rewrite(self, who: Actor, alert_id: str, **values: Any) -> int:
        """Write other words; return the revision."""
        return drafting.rewrite_alert(
            self.sessions, self.sessions, self.studio, who, alert_id, a_draft(**values), self.at
        )

    def submit(self, who: Actor, alert_id: str) -> None:
        """Submit the newest text."""
        self.do(releasing.submit, who, alert_id=alert_id, revision=self.newest(alert_id))

    def hear(self, who: Actor, alert_id: str) -> None:
        """Listen to all of the newest text."""
        with self.sessions.begin() as session:
            alert = session.get_one(Alert, alert_id)
            audio = newest_revision(alert).audio
            for one in audio.values():
                note_hearing(
                    session,
                    actor=who,
                    about=alert_id,
                    audio=audio,
                    sha256=one["sha256"],
                    now=self.at,
                )

    def confirm(
        self, who: Actor, alert_id: str, code: str = GOOD, revision: int | None = None
    ) -> Confirmed:
        """Confirm the newest text, or that one."""
        with self.sessions.begin() as session:
            return releasing.confirm(
                session,
                actor=who,
                alert_id=alert_id,
                revision=revision or self.newest(alert_id),
                now=self.at,
                verify=verify,
                code=code,
            )

    def do(self, what: Callable[..., Any], who: Actor, **values: Any) -> Any:
        """Run a use case in a transaction of its own."""
        with self.sessions.begin() as session:
            return what(session, actor=who, now=self.at, **values)

    def release(self, **values: Any) -> str:
        """Draft, release by two, send; return the id."""
        alert_id = self.draft(self.cast.an, **values)
        self.release_newest(alert_id)
        return alert_id

    def release_newest(self, alert_id: str) -> None:
        """Release the newest text by as many people as it needs, and send it."""
        self.submit(self.cast.an, alert_id)
        for who in (self.boss, self.deputy):
            self.hear(who, alert_id)
            if self.confirm(who, alert_id).is_released:
                break
        self.sender.step()

    def alert(self, alert_id: str) -> Alert:
        """Return an alert with its texts, read anew."""
        with self.sessions() as session:
            found = session.get_one(Alert, alert_id)
            assert found.revisions
            return found

    def newest(self, alert_id: str) -> int:
        """Return the number of the newest text."""
        return newest_revision(self.alert(alert_id)).number


def a_draft(**values: Any) -> Draft:
    """Return what people ask for: a real flood alert of level 3 for An Bình, unless said."""
    asked: dict[str, Any] = {
        "area_id": AN_BINH,
        "status": "real",
        "hazard": "flood",
        "level": 3,
        "texts": {"vi": "Nước sông lên nhanh. Bà con lên chỗ cao."},
    }
    return Draft(**asked | values)


@pytest.fixture
def studio(tmp_path: Path) -> HumStudio:
    """A studio whose sounds are made up."""
    return HumStudio(AssetStore(tmp_path / "assets"), Reader(FakeVoice(), tmp_path / "speech"))


@pytest.fixture
def desk(sessions: Sessions, keyring: Keyring, studio: HumStudio, now: datetime) -> Desk:
    """The desk of An Bình: `an` operates, `boss` and `deputy` release; `province` stands above."""
    with sessions.begin() as session:
        cast = introduce(session, now)
        boss = person(session, "boss", Role.APPROVER, AN_BINH, now)
        deputy = person(session, "deputy", Role.AUTHORITY, AN_BINH, now)
        province = person(session, "tinh", Role.AUTHORITY, PROVINCE, now)
    return Desk(sessions, keyring, studio, cast, boss, deputy, province, now)
