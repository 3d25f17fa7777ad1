"""A thousand calls at once by many officers: one release by two people, nothing lost (R18)."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import func, select

from controller.db import Sessions, make_sessions
from controller.emergencies import releasing, rules
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import (
    Alert,
    AlertRelease,
    AlertRevision,
    AlertState,
    RevisionState,
)
from controller.emergencies.service import newest_revision
from controller.errors import Conflict
from controller.outbox_models import OutboxRow
from controller.people.audit import verify as verify_chain
from controller.people.models import AuditEntry, Role
from controller.people.rights import Actor
from tests.controller.cast import AN_BINH, person
from tests.controller.emergencies.conftest import Desk

CALLS, THREADS, OFFICERS = 1000, 24, 40


@dataclass(frozen=True)
class Deed:
    """What a call did: who, to which text."""

    what: str
    who: int | None
    revision: int
    is_released: bool = False


@dataclass
class Crowd:
    """Officers of An Bình who have all listened to one alert that waits for its release."""

    desk: Desk
    reading: Sessions
    alert_id: str
    officers: list[Actor]

    def call(self, what: str, who: Actor) -> Deed | None:
        """Do one thing to the text that is the newest when one looks; None when it is refused."""
        with self.reading() as session:
            seen = newest_revision(session.get_one(Alert, self.alert_id)).number
        try:
            return getattr(self, what)(who, seen)  # type: ignore[no-any-return]  # by its name
        except Conflict:
            return None

    def confirm(self, who: Actor, seen: int) -> Deed:
        done = self.desk.confirm(who, self.alert_id, revision=seen)
        return Deed("confirm", who.person_id, seen, done.is_released)

    def submit(self, who: Actor, seen: int) -> Deed:
        self.desk.do(releasing.submit, who, alert_id=self.alert_id, revision=seen)
        return Deed("submit", who.person_id, seen)

    def undo(self, who: Actor, _seen: int) -> Deed:
        copied = self.desk.do(releasing.undo, who, alert_id=self.alert_id)
        return Deed("undo", who.person_id, copied.number - 1)

    def all_at_once(self, calls: Sequence[Callable[[], Deed | None]]) -> list[Deed]:
        """Return what the calls did that were not refused; anything but a refusal is raised."""
        with ThreadPoolExecutor(THREADS) as pool:
            return [deed for deed in pool.map(lambda call: call(), calls) if deed is not None]


@pytest.fixture
def crowd(desk: Desk) -> Crowd:
    alert_id = desk.draft(desk.cast.an)
    desk.submit(desk.cast.an, alert_id)
    with desk.sessions.begin() as session:
        officers = [
            person(session, f"p{n}", Role.APPROVER, AN_BINH, desk.at) for n in range(OFFICERS)
        ]
        audio = newest_revision(session.get_one(Alert, alert_id)).audio
        sounds = [one["sha256"] for one in audio.values()]
        for who in officers:
            for sha256 in sounds:
                note_hearing(
                    session, actor=who, about=alert_id, audio=audio, sha256=sha256, now=desk.at
                )
    reading = make_sessions(desk.sessions.kw["bind"], read_only=True)
    return Crowd(desk, reading, alert_id, officers)


def test_a_thousand_confirmations_at_once_release_once(crowd: Crowd) -> None:
    dice = random.Random(18)
    whose = crowd.officers * (CALLS // OFFICERS)
    dice.shuffle(whose)

    deeds = crowd.all_at_once([partial(crowd.call, "confirm", who) for who in whose])
    crowd.desk.sender.step()

    first, second = sorted(deeds, key=lambda deed: deed.is_released)
    assert (first.is_released, second.is_released) == (False, True)
    assert first.who != second.who
    assert confirmed(crowd) == Counter((deed.who, deed.revision) for deed in deeds)
    assert audited(crowd)["alert.release"] == 1
    assert crowd.desk.alert(crowd.alert_id).state == AlertState.RELEASED
    assert sent(crowd) == 1


def test_a_thousand_calls_that_confirm_undo_and_submit_lose_nothing(crowd: Crowd) -> None:
    """The countdown is long: each release is taken back by somebody, and asked for again."""
    desk, dice = crowd.desk, random.Random(1000)
    desk.do(rules.set_rule, desk.cast.chief, area_id=AN_BINH, countdown_s=30)
    tried = dice.choices(("confirm", "submit", "undo"), (6, 2, 2), k=CALLS)

    calls = [partial(crowd.call, what, dice.choice(crowd.officers)) for what in tried]
    deeds = crowd.all_at_once(calls)

    done = Counter(deed.what for deed in deeds)
    released = [deed.revision for deed in deeds if deed.is_released]
    undone = [deed.revision for deed in deeds if deed.what == "undo"]
    in_force = [] if (last := counting(crowd)) is None else [last]
    assert len(released) > 10, "a race that hardly releases anything would prove nothing"
    assert sorted(released) == sorted([*undone, *in_force]), "each once, and no undo of another"
    people = confirmed(crowd)
    assert people == Counter((d.who, d.revision) for d in deeds if d.what == "confirm")
    assert set(people.values()) == {1}
    per_text = Counter(revision for _, revision in people)
    assert all(per_text[revision] == 2 for revision in released)
    assert all(per_text[revision] < 2 for revision in per_text.keys() - set(released))
    entries = audited(crowd)
    assert entries["alert.release"] == len(released)
    assert entries["alert.confirm"] + entries["alert.release"] == done["confirm"]
    assert entries["alert.undo"] == done["undo"]
    assert entries["alert.submit"] == done["submit"] + 1

    desk.wait(seconds=30)
    desk.sender.step()
    assert sent(crowd) == len(in_force)


def confirmed(crowd: Crowd) -> Counter[tuple[int | None, int]]:
    """Return the confirmations that are kept, by person and text."""
    with crowd.reading() as session:
        return Counter(
            (one.person_id, one.revision) for one in session.scalars(select(AlertRelease))
        )


def audited(crowd: Crowd) -> Counter[str]:
    """Return how often the audit chain, which is whole, tells of what."""
    with crowd.reading() as session:
        assert verify_chain(session) is None
        return Counter(session.scalars(select(AuditEntry.action)))


def counting(crowd: Crowd) -> int | None:
    """Return the text whose countdown runs."""
    with crowd.reading() as session:
        return session.scalars(
            select(AlertRevision.number).where(AlertRevision.state == RevisionState.COUNTING)
        ).one_or_none()


def sent(crowd: Crowd) -> int:
    """Return how many messages went to the outbox."""
    with crowd.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0
