"""Random lives of alerts against a small model: at every instant the right thing sounds.

R3, R4, R14. `TT_ALERT_RUNS=10000` runs the long form.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.alarm_house import NOW, AlarmHouse
from wire.alert import Alert, AlertAction, AlertStatus, Issuer, Repeat
from wire.message import Origin

SHORT = 300
RUNS = int(os.environ.get("TT_ALERT_RUNS", SHORT))
NAMES = ("a", "b", "c")
STATUS = {"a": AlertStatus.REAL, "b": AlertStatus.REAL, "c": AlertStatus.DRILL}
ORIGIN = {"a": Origin.COMMUNE, "b": Origin.PROVINCE, "c": Origin.CENTRAL}
ORIGINS = tuple(reversed(Origin))
TURN_S = 0.97
"""No sum of these is 3, 10 or a length of an alert: nothing is looked at while it changes."""
WITHOUT_END = Repeat(count=1000, gap_s=0)


@dataclass
class Delivery:
    """A revision that was accepted at `at`."""

    at: float
    alert: Alert


@dataclass
class Model:
    """What ought to sound, worked out anew from all that happened; knows nothing of the agent."""

    deliveries: dict[str, list[Delivery]] = field(default_factory=dict)
    answers: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    def deliver(self, at: float, alert: Alert) -> None:
        """A revision arrives; one that is not newer is nothing."""
        here = self.deliveries.setdefault(alert.id, [])
        if not here or alert.rev > here[-1].alert.rev:
            here.append(Delivery(at, alert))

    def restart(self, at: float) -> None:
        """Only the newest revision of each is on the disk, and it has to ask again."""
        for name, here in self.deliveries.items():
            self.deliveries[name] = [Delivery(at, here[-1].alert)] if here else []

    def sounding(self, at: float) -> str | None:
        """Return the alert that ought to sound."""
        live = [alert for name in self.deliveries if (alert := self._live(name, at)) is not None]
        return max(live, key=_rank).id if live else None

    def _live(self, name: str, at: float) -> Alert | None:
        return self._live_of(self.deliveries[name], at)

    def _live_of(self, here: list[Delivery], at: float) -> Alert | None:
        if not here:
            return None
        newest = here[-1]
        if _is_stop(newest):
            return None
        if self._counts_from(here) <= at:
            return newest.alert if at < _mono(newest.alert.ends_at) else None
        return self._live_of(self._before(here), at)

    def _before(self, here: list[Delivery]) -> list[Delivery]:
        """Return the revisions before the last that counted when it came."""
        earlier = here[:-1]
        while earlier and not _is_stop(earlier[-1]) and self._counts_from(earlier) > here[-1].at:
            earlier = earlier[:-1]
        return earlier

    def _counts_from(self, here: list[Delivery]) -> float:
        """Return from when on the last of these is believed; at its end it is past doubt."""
        ends_at = _mono(here[-1].alert.ends_at)
        return max(here[-1].at, min(ends_at, self._confirmed_at(here)))

    def _confirmed_at(self, here: list[Delivery]) -> float:
        newest = here[-1]
        if newest.at - _mono(newest.alert.iat) <= 10:
            return newest.at
        before = self._live_of(here[:-1], newest.at)
        if before is not None and _lowers(newest.alert, before):
            return newest.at
        for at, named in self.answers:
            if newest.at <= at < newest.at + 3:
                return at if named[newest.alert.id] <= newest.alert.rev else float("inf")
        return newest.at + 3


def _is_stop(delivery: Delivery) -> bool:
    return delivery.alert.action in {AlertAction.CANCEL, AlertAction.END}


def _lowers(new: Alert, old: Alert) -> bool:
    return new.level <= old.level and new.ends_at <= old.ends_at


def _rank(alert: Alert) -> tuple[bool, int, int, float]:
    is_real = alert.status is AlertStatus.REAL
    origin = ORIGINS.index(alert.issuer.origin)
    return is_real, alert.level, origin, -_mono(alert.iat)


def _mono(at: datetime) -> float:
    return 1000.0 + (at - NOW).total_seconds()


MOVES = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 1, 2, 5, 12, 40)),
        st.one_of(
            st.tuples(
                st.just("make"),
                st.sampled_from(NAMES),
                st.sampled_from(("alert", "update", "update", "cancel", "end")),
                st.integers(1, 5),
                st.sampled_from((8, 30, 90, 300)),
                st.booleans(),
            ),
            st.tuples(st.just("deliver"), st.integers(0, 20)),
            st.tuples(st.just("restart")),
            st.tuples(st.just("answer")),
            st.tuples(st.just("step"), st.integers(-20, 20)),
        ),
    ),
    max_size=25,
)


@settings(max_examples=RUNS, deadline=None, derandomize=RUNS == SHORT)
@given(MOVES)
def test_at_every_instant_the_right_alert_sounds_and_else_the_programme(
    moves: list[tuple[int, tuple[object, ...]]],
) -> None:
    house, model = AlarmHouse(), Model()
    house.play_programme()
    made: list[Alert] = []
    house.ticker.at += 0.5
    for pause, move in moves:
        for _ in _seconds(house, pause):
            assert house.heard() == (model.sounding(house.ticker.at) or "slot")
        _do(house, model, made, move)
        house.turn()
        assert house.heard() == (model.sounding(house.ticker.at) or "slot")
    for _ in _seconds(house, 345):
        pass

    assert house.heard() == "slot", "all is over"
    keys = [(r.kind, r.object_id, r.rev, r.output) for r in house.store.receipts]
    assert len(keys) == len(set(keys)), "one receipt of a kind for a revision and an output"


def _seconds(house: AlarmHouse, number: int) -> Iterator[None]:
    for _ in range(number):
        house.pass_time(TURN_S, step=TURN_S)
        yield


def _do(house: AlarmHouse, model: Model, made: list[Alert], move: tuple[object, ...]) -> None:
    match move:
        case ("make", str() as name, str() as action, int() as level, int() as for_s, arrives):
            house.pass_time(0.013)  # no two are made in one instant
            alert = _make(house, name, AlertAction(action), level, for_s)
            made.append(alert)
            if arrives:
                _deliver(house, model, alert)
        case ("deliver", int() as which) if made:
            _deliver(house, model, made[which % len(made)])
        case ("restart",):
            house.restart()
            house.play_programme()
            model.restart(house.ticker.at)
        case ("answer",):
            newest = {alert.id: alert for alert in made}
            model.answers.append((house.ticker.at, {a.id: a.rev for a in newest.values()}))
            house.answer(newest.values())
            house.pass_time(0.013)  # what comes later is not meant by it
        case ("step", int() as seconds):
            _step_clock(house, seconds)
        case _:
            pass


def _make(house: AlarmHouse, name: str, action: AlertAction, level: int, for_s: int) -> Alert:
    return house.alert(
        id=name, action=action, level=level, status=STATUS[name], repeat=WITHOUT_END,
        ends_at=house.now + timedelta(seconds=for_s + 0.5), exp=house.now + timedelta(seconds=301),
        issuer=Issuer(name="x", origin=ORIGIN[name]),
    )  # fmt: skip


def _deliver(house: AlarmHouse, model: Model, alert: Alert) -> None:
    house.send(alert)
    model.deliver(house.ticker.at, alert)


def _step_clock(house: AlarmHouse, seconds: int) -> None:
    """The machine's own clock jumps: nobody may take notice of that."""
    house.clock.learn_system(house.now + timedelta(seconds=seconds + 300), house.ticker.at, 0.5)
