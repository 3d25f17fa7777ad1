"""Random lives of alerts by several accounts, against a small model (R18, R19, R20).

The model knows only what matters: who confirmed exactly this text, and whether two are needed.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, select

from controller.db import make_sessions
from controller.emergencies import lifecycle, releasing
from controller.emergencies.models import Alert, AlertRelease, AlertRevision, RevisionState
from controller.errors import ControllerError
from controller.keys import Keyring
from controller.outbox_models import OutboxRow
from controller.people.audit import verify as verify_chain
from controller.people.models import Role
from controller.people.rights import Actor
from controller.tables import Base
from tests.controller.cast import AN_BINH, PROVINCE, VILLAGE, introduce, person
from tests.controller.conftest import NOW
from tests.controller.emergencies.conftest import GOOD, Desk, HumStudio
from wire.alert import Alert as AlertMessage
from wire.signing import read, take_apart

PEOPLE = ("an", "boss", "deputy", "tinh", "tan")
STATUSES = ("real", "drill", "exercise")
STEPS = (
    "draft",
    "rewrite",
    "turn",
    "submit",
    "hear",
    "confirm",
    "confirm",
    "confirm_badly",
    "push",
    "push",
    "renew",
    "undo",
    "withdraw",
    "cancel",
    "end",
    "send",
    "wait",
)


@dataclass
class Life:
    """One random life: what people try, and what they may have brought about."""

    desk: Desk
    ids: list[str] = field(default_factory=list)
    status: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    sent: list[AlertMessage] = field(default_factory=list)

    def step(self, what: str, login: str, pick: int) -> None:
        """Try one thing; a refusal is fine, anything else is a bug."""
        alert_id = self.ids[pick % len(self.ids)] if self.ids else ""
        if not alert_id and what not in {"draft", "send", "wait"}:
            return
        try:
            getattr(self, what)(self._person(login), alert_id, login, pick)
        except ControllerError:
            return

    def draft(self, who: Actor, _alert_id: str, login: str, pick: int) -> None:
        made = self.desk.draft(who, area_id=self._area(login), status=STATUSES[pick], minutes=15)
        self.ids.append(made)
        self.status[made] = STATUSES[pick]

    def rewrite(self, who: Actor, alert_id: str, login: str, pick: int) -> None:
        words = {"vi": f"Lời {pick} của {login}."}
        status = self.status[alert_id]
        area = self._area(login)
        self.desk.rewrite(who, alert_id, area_id=area, status=status, texts=words)

    def turn(self, who: Actor, alert_id: str, login: str, pick: int) -> None:
        self.desk.rewrite(who, alert_id, area_id=self._area(login), status=STATUSES[pick])

    def submit(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.submit(who, alert_id)

    def hear(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.hear(who, alert_id)

    def confirm(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.hear(who, alert_id)
        self.desk.confirm(who, alert_id, GOOD)

    def confirm_badly(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.confirm(who, alert_id, "000000")

    def push(self, _who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.release_newest(alert_id)

    def renew(self, _who: Actor, alert_id: str, _login: str, pick: int) -> None:
        self.rewrite(self.desk.cast.an, alert_id, "an", pick)
        self.desk.release_newest(alert_id)

    def undo(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.do(releasing.undo, who, alert_id=alert_id)

    def withdraw(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.do(releasing.withdraw, who, alert_id=alert_id)

    def cancel(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.do(lifecycle.cancel_alert, who, alert_id=alert_id)
        self.cancelled.add(alert_id)

    def end(self, who: Actor, alert_id: str, _login: str, _pick: int) -> None:
        self.desk.do(lifecycle.end_alert, who, alert_id=alert_id)

    def send(self, _who: Actor, _alert_id: str, _login: str, _pick: int) -> None:
        self.desk.sender.step()

    def wait(self, _who: Actor, _alert_id: str, _login: str, pick: int) -> None:
        self.desk.wait(minutes=(0.1, 3, 20)[pick])

    def check(self) -> None:
        """Everything that must hold, however it came about."""
        with self.desk.sessions() as session:
            rows = session.scalars(select(AlertRevision)).all()
            alerts = {one.id: one for one in session.scalars(select(Alert))}
            sent = session.scalars(select(OutboxRow.token).order_by(OutboxRow.id)).all()
            confirmed = session.scalars(select(AlertRelease)).all()
            assert verify_chain(session) is None
        for row in rows:
            if row.state in {RevisionState.COUNTING, RevisionState.RELEASED}:
                self._check_released(row, alerts[row.alert_id], confirmed)
        for alert_id, status in self.status.items():
            assert alerts[alert_id].status == status
        keys = [one.active_key for one in alerts.values() if one.active_key]
        assert len(keys) == len(set(keys))
        self._check_sent(sent)

    def _check_released(
        self, row: AlertRevision, alert: Alert, confirmed: Sequence[AlertRelease]
    ) -> None:
        if row.action in {"cancel", "end"}:
            return
        people = {
            one.person_id
            for one in confirmed
            if (one.alert_id, one.revision) == (row.alert_id, row.number)
            and (one.factor or alert.status != "real")
        }
        assert len(people) >= (2 if alert.status == "real" else 1)
        words = row.spoken["vi"]
        is_practice = "không phải tình huống thật" in words
        assert is_practice == (alert.status != "real")

    def _check_sent(self, tokens: Sequence[str]) -> None:
        last: dict[str, AlertMessage] = {}
        for token in filter(None, tokens):
            message = read(take_apart(token).payload, AlertMessage)
            before = last.get(message.id)
            assert before is None or message.rev > before.rev
            assert before is None or before.action not in {"cancel", "end"}
            assert message.status == self.status[message.id]
            last[message.id] = message
            self.sent.append(message)
        for alert_id in self.cancelled.intersection(last):
            assert last[alert_id].action in {"cancel", "end"}

    def _person(self, login: str) -> Actor:
        desk = self.desk
        named = {"an": desk.cast.an, "boss": desk.boss, "deputy": desk.deputy}
        return (named | {"tinh": desk.province, "tan": desk.cast.tan})[login]

    def _area(self, login: str) -> str:
        return {"tinh": PROVINCE, "tan": AN_BINH, "deputy": VILLAGE}.get(login, AN_BINH)


@pytest.mark.parametrize("seed", range(4))
def test_no_life_of_an_alert_breaks_what_must_hold(
    sqlite: Engine, keyring: Keyring, studio: HumStudio, seed: int
) -> None:
    dice = random.Random(seed)
    tried: Counter[str] = Counter()

    for _ in range(20):
        life = Life(new_desk(sqlite, keyring, studio))
        life.step("draft", "boss", dice.randrange(3))
        for _ in range(dice.randrange(10, 60)):
            life.step(dice.choice(STEPS), dice.choice(PEOPLE), dice.randrange(3))
        life.desk.sender.step()
        life.check()
        tried.update(one.action for one in life.sent)

    # A property that never releases anything would prove nothing.
    assert set(tried) == {"alert", "update", "cancel", "end"}


def new_desk(engine: Engine, keyring: Keyring, studio: HumStudio) -> Desk:
    """Return the desk over an emptied database."""
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        cast = introduce(session, NOW)
        boss = person(session, "boss", Role.APPROVER, AN_BINH, NOW)
        deputy = person(session, "deputy", Role.AUTHORITY, AN_BINH, NOW)
        province = person(session, "tinh", Role.AUTHORITY, PROVINCE, NOW)
    return Desk(sessions, keyring, studio, cast, boss, deputy, province, NOW)
