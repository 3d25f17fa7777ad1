"""The alerts that this device knows, and which of them are in force. Pure.

    came --fresh, or it lowers what is in force-----------------> in force --until--> over
      |                                                             ^  |
      +--old--> asking --named by a sync, or 3 s without answer-----+  +--cancel, end, update,
                  |                                                       superseded, revoked
                  +--another revision named, or none--> waits for the newer one

An alert is known by its area and its id. A cancel or an end takes effect at once, also when it
comes before its alert, which then never sounds. A newer revision that has to be asked for leaves
the older one in force meanwhile. Instants are monotonic seconds, so that no clock step matters.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from wire.alert import Alert, AlertAction

Key = tuple[str, str]
"""Area and id."""
PATIENCE_S: Final = 3.0
STOPS: Final = frozenset({AlertAction.CANCEL, AlertAction.END})


@dataclass(frozen=True, slots=True)
class Revision:
    """An accepted revision: it begins at `begins_at`, never sounds from `until` on (monotonic)."""

    alert: Alert
    begins_at: float
    until: float
    clusters: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        """What the alert is known by."""
        return key_of(self.alert)

    @property
    def is_stop(self) -> bool:
        """Whether it ends the alert."""
        return self.alert.action in STOPS

    def lowers(self, other: "Revision") -> bool:
        """Whether nothing grows by it: not the level, not the time, not the clusters."""
        return (
            self.alert.level <= other.alert.level
            and self.until <= other.until
            and self.clusters <= other.clusters
        )


@dataclass(frozen=True, slots=True)
class Known:
    """One alert: its newest revision, and the one in force.

    `asks_since` is set while the newest has to be confirmed, `is_answered` when the answer did not
    name it. `is_confirmed` says that the controller vouched for what is in force.
    """

    newest: Revision
    in_force: Revision | None = None
    came_at: float = 0.0
    asks_since: float | None = None
    is_answered: bool = False
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Alerts:
    """All alerts that are known, by area and id."""

    known: Mapping[Key, Known] = field(default_factory=dict)

    def in_force(self) -> tuple[Known, ...]:
        """Return what is in force."""
        return tuple(known for known in self.known.values() if known.in_force is not None)

    def next_at(self) -> float | None:
        """Return when `Ticked` is due (monotonic)."""
        instants = [k.in_force.until for k in self.known.values() if k.in_force is not None]
        for known in self.known.values():
            if known.asks_since is not None:
                patience = () if known.is_answered else (known.asks_since + PATIENCE_S,)
                instants.append(min((known.newest.until, *patience)))
        return min(instants, default=None)


@dataclass(frozen=True, slots=True)
class Came:
    """A revision was accepted; `is_fresh` when it was made a moment ago by a clock we know."""

    revision: Revision
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The controller answered what we asked at `asked_at`; `named` are its current revisions."""

    asked_at: float
    named: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Revoked:
    """The keys that signed these are revoked: they are as if they had never come."""

    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Retimed:
    """The time became known: a revision lies elsewhere."""

    key: Key
    begins_at: float
    until: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Sound a revision from now on."""

    revision: Revision
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Finish:
    """Sound a revision no more; `code` says why, empty when its time is over."""

    revision: Revision
    code: str


@dataclass(frozen=True, slots=True)
class Never:
    """A revision never sounds, and `code` says why."""

    revision: Revision
    code: str


@dataclass(frozen=True, slots=True)
class AllClear:
    """A cancel or an end came: say so where the alert was heard."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the controller what is current."""


Event = Came | Answered | Revoked | Retimed | Ticked
Effect = Begin | Finish | Never | AllClear | Ask


def key_of(alert: Alert) -> Key:
    """Return what an alert is known by."""
    return alert.area, alert.id


def step(state: Alerts, event: Event, at: float) -> tuple[Alerts, tuple[Effect, ...]]:
    """Return the next state and what to do, in order."""
    known, effects = dict(state.known), list[Effect]()
    match event:
        case Came(revision, is_fresh):
            _come(known, revision, at, effects, is_fresh=is_fresh)
        case Answered():
            for key in list(known):
                _answer(known, key, event, at, effects)
        case Revoked(keys):
            for key in keys & known.keys():
                _stop(known.pop(key), "revoked", effects)
        case Retimed(key, begins_at, until) if key in known:
            known[key] = _retimed(known[key], begins_at, until)
        case _:
            pass
    for key in list(known):
        _tick(known, key, at, effects)
    return Alerts(known), tuple(effects)


def forget(state: Alerts, keys: Iterable[Key]) -> Alerts:
    """Return the state without alerts that no message can bring back any more."""
    gone = set(keys)
    return Alerts({key: known for key, known in state.known.items() if key not in gone})


def _come(
    known: dict[Key, Known], new: Revision, at: float, effects: list[Effect], *, is_fresh: bool
) -> None:
    old = known.get(new.key)
    if old is not None and new.alert.rev <= old.newest.alert.rev:
        return
    before = old.in_force if old is not None else None
    if old is not None and old.asks_since is not None:
        effects.append(Never(old.newest, _code_of(new) if new.is_stop else "updated"))
    if new.is_stop:
        known[new.key] = Known(new, came_at=at)
        if before is not None:
            effects.append(Finish(before, _code_of(new)))
        effects.append(AllClear(new))
    elif at >= new.until or _is_superseded(known.values(), new):
        known[new.key] = Known(new, came_at=at)
        if before is not None:
            effects.append(Finish(before, "updated"))
        effects.append(Never(new, "expired" if at >= new.until else "superseded"))
    elif is_fresh or (before is not None and new.lowers(before)):
        is_confirmed = is_fresh or (old is not None and old.is_confirmed)
        known[new.key] = Known(new, before, at)
        _enforce(known, new.key, effects, is_confirmed=is_confirmed)
    else:
        was_confirmed = old is not None and old.is_confirmed
        known[new.key] = Known(new, before, at, asks_since=at, is_confirmed=was_confirmed)
        effects.append(Ask())


def _code_of(stop: Revision) -> str:
    return "cancelled" if stop.alert.action is AlertAction.CANCEL else "ended"


def _enforce(
    known: dict[Key, Known], key: Key, effects: list[Effect], *, is_confirmed: bool
) -> None:
    """Put the newest revision in force; what it replaces goes after it has begun."""
    here = known[key]
    known[key] = replace(
        here, in_force=here.newest, asks_since=None, is_answered=False, is_confirmed=is_confirmed
    )
    effects.append(Begin(here.newest, is_confirmed))
    if here.in_force is not None:
        effects.append(Finish(here.in_force, "updated"))
    alert = here.newest.alert
    other = known.get((alert.area, alert.supersedes or ""))
    if other is not None and other.newest.alert.status is alert.status and other is not here:
        _stop(other, "superseded", effects)
        known[other.newest.key] = Known(other.newest, came_at=other.came_at)


def _stop(known: Known, code: str, effects: list[Effect]) -> None:
    if known.in_force is not None:
        effects.append(Finish(known.in_force, code))
    if known.asks_since is not None:
        effects.append(Never(known.newest, code))


def _is_superseded(others: Iterable[Known], new: Revision) -> bool:
    """Whether an alert that is, or was, in force here took the place of this one."""
    alert = new.alert
    return any(
        other.alert.supersedes == alert.id
        and (other.alert.area, other.alert.status) == (alert.area, alert.status)
        and other.key != new.key
        for other in _settled(others)
    )


def _settled(all_known: Iterable[Known]) -> Iterator[Revision]:
    """Yield revisions that do not wait to be confirmed."""
    for known in all_known:
        if known.in_force is not None:
            yield known.in_force
        elif known.asks_since is None:
            yield known.newest


def _answer(
    known: dict[Key, Known], key: Key, event: Answered, at: float, effects: list[Effect]
) -> None:
    here = known[key]
    if here.came_at > event.asked_at:
        return
    named = event.named.get(key)
    is_named = named is not None and named <= here.newest.alert.rev
    if here.asks_since is not None:
        if is_named and at < here.newest.until:
            _enforce(known, key, effects, is_confirmed=True)
        else:
            known[key] = replace(here, is_answered=True)
    elif here.in_force is not None and not here.is_confirmed:
        if is_named:
            known[key] = replace(here, is_confirmed=True)
        elif named is None:
            effects.append(Finish(here.in_force, "not_confirmed"))
            known[key] = replace(here, in_force=None)


def _retimed(known: Known, begins_at: float, until: float) -> Known:
    newest = replace(known.newest, begins_at=begins_at, until=until)
    same = known.in_force is not None and known.in_force.alert.rev == newest.alert.rev
    return replace(known, newest=newest, in_force=newest if same else known.in_force)


def _tick(known: dict[Key, Known], key: Key, at: float, effects: list[Effect]) -> None:
    here = known[key]
    asks_since = here.asks_since
    if asks_since is not None:
        if at >= here.newest.until:
            code = "not_confirmed" if here.is_answered else "expired"
            effects.append(Never(here.newest, code))
            if here.in_force is not None:
                effects.append(Finish(here.in_force, "updated"))
            here = known[key] = replace(here, in_force=None, asks_since=None)
        elif not here.is_answered and at >= asks_since + PATIENCE_S:
            _enforce(known, key, effects, is_confirmed=False)
            here = known[key]
    if here.in_force is not None and at >= here.in_force.until:
        effects.append(Finish(here.in_force, ""))
        known[key] = replace(here, in_force=None)
