"""What is going on: alerts in force, those that wait, those just over, local alerts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.desk.bar import Bar, bar_of
from controller.desk.shown import Shown, all_shown
from controller.desk.watch import Watch
from controller.emergencies.models import Alert, AlertState, LocalAlert
from controller.emergencies.panics import local_alerts
from controller.emergencies.service import active_alerts, alerts, areas_seen
from controller.people.rights import Actor
from controller.stations.models import Device
from wire.alert import AlertStatus

RECENT = timedelta(hours=24)
MOST_RECENT = 10


@dataclass(frozen=True, slots=True)
class Panic:
    """A local alert, and where its device is."""

    alert: LocalAlert
    device: str
    station: str


@dataclass(frozen=True, slots=True)
class Board:
    """What the desk and the wall show; `active` with the areas that the person sees (None: all)."""

    active: tuple[tuple[Shown, frozenset[str] | None], ...]
    waiting: tuple[Shown, ...]
    recent: tuple[Shown, ...]
    local: tuple[Panic, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An alert in force, for the banner of every page."""

    id: str
    status: str
    hazard: str
    level: int
    place: str


def board(session: Session, actor: Actor, now: datetime, *, only_unreal: bool = False) -> Board:
    """Return what is going on in the actor's areas; `only_unreal`: drills and exercises alone."""

    def is_wanted(one: Alert) -> bool:
        return not only_unreal or one.status != AlertStatus.REAL

    open_ = all_shown(session, actor, filter(is_wanted, active_alerts(session, actor)))
    newest = filter(is_wanted, alerts(session, actor, limit=MOST_RECENT * 2).rows)
    over = [one for one in newest if one.closed_at is not None and now - one.closed_at < RECENT]
    return Board(
        active=tuple(
            (one, areas_seen(session, actor, one.alert)) for one in open_ if one.is_active
        ),
        waiting=tuple(one for one in open_ if one.waiting is not None),
        recent=all_shown(session, actor, over[:MOST_RECENT]),
        local=tuple(_panic(session, one) for one in local_alerts(session, actor, now)),
    )


def with_bars(found: Board, watch: Watch, now: datetime) -> list[tuple[Shown, Bar]]:
    """Return the alerts in force with their bars; call it when the session of the board is over."""
    return [
        (one, bar_of(watch.progress(one.alert.id, now).areas, seen)) for one, seen in found.active
    ]


def lines(session: Session, actor: Actor) -> tuple[Line, ...]:
    """Return the alerts in force where the actor is, real ones first."""
    found = [one for one in active_alerts(session, actor) if one.state == AlertState.RELEASED]
    return tuple(_line(session, one) for one in sorted(found, key=lambda one: one.status != "real"))


def _panic(session: Session, one: LocalAlert) -> Panic:
    device = session.get_one(Device, one.device_id)
    return Panic(one, device.name, device.station.name)


def _line(session: Session, one: Alert) -> Line:
    place = find_area(session, one.publish_area_id).name
    return Line(one.id, one.status, one.hazard, one.level, place)
