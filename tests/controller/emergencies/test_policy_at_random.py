"""Whatever a source sends and officers do: nothing goes out by policy that must not (R18, R42)."""

import random
from datetime import datetime

import pytest
from sqlalchemy import select

from controller.areas.models import Area
from controller.cap.models import CapSource
from controller.emergencies import lifecycle, releasing
from controller.emergencies.content import stored_content
from controller.emergencies.models import Alert, AlertRevision, AlertState, AlertTemplate
from controller.emergencies.service import newest_revision
from controller.errors import ControllerError
from tests.controller.cap.messages import info, place, signed
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE
from tests.controller.emergencies.conftest import Desk
from tests.controller.emergencies.test_policy import KEY, OTHER, SIGNER, STRANGER, Station, warning

STEPS = 30
UPTO = 4
EVENTS = ("Lũ", "Lũ", "Lũ", "Cháy rừng", "Người ngoài hành tinh")
SEVERITIES = ("Severe", "Severe", "Severe", "Extreme", "Moderate")
STATUSES = ("Actual", "Actual", "Actual", "Actual", "Test", "Exercise")
AREAS = (AN_BINH, AN_BINH, VILLAGE, TAN_LAP, PROVINCE, "vn")


class Chance:
    """One seeded run: a source, officers, and what is known of both."""

    def __init__(self, station: Station, seed: int) -> None:
        self.station, self.desk = station, station.desk
        self.random = random.Random(seed)
        self.sent: list[str] = []
        self.touched_at: datetime | None = None

    def step(self) -> None:
        """Let anybody do anything, then a while pass."""
        act = self.random.choice([self.message, self.message, self.message, self.officer])
        act()
        self.desk.sender.step()
        self.desk.wait(seconds=self.random.choice([1, 30, 120, 600]))

    def message(self) -> None:
        """Send an alert, update or cancel, well or badly signed, or one of before."""
        number = len(self.sent)
        at = self.desk.at.isoformat()
        kind = self.random.choice(["Alert", "Alert", "Update", "Cancel"])
        earlier = self.random.choice(self.sent) if self.sent else ""
        more = f"<references>dubao@example.vn,{earlier}</references>" if earlier else ""
        if not earlier:
            kind = "Alert"
        code = self.random.choice(AREAS)
        inner = f"<geocode><valueName>truyenthanh:area</valueName><value>{code}</value></geocode>"
        said = info(
            event=self.random.choice(EVENTS),
            severity=self.random.choice(SEVERITIES),
            tail=place(inner),
        )
        content = warning(
            identifier=f"VN-{number}",
            sent=at,
            status=self.random.choice(STATUSES),
            msg_type=kind,
            more=more if kind != "Alert" else "",
            infos="" if kind == "Cancel" else said,
        )
        self.sent.append(f"VN-{number},{at}")
        self.station.take(self._signed(content))

    def officer(self) -> None:
        """Cancel, undo, rewrite or take something up, where that can be done."""
        with self.desk.sessions() as session:
            out = session.scalars(
                select(Alert.id).where(Alert.state.in_([AlertState.RELEASED, AlertState.COUNTING]))
            ).all()
        proposals = self.station.proposals()
        try:
            if out:
                self._touch(out[0])
            elif len(proposals) == 1:
                self.station.take_up()
        except ControllerError:
            pass  # what cannot be done now is refused; that is tried elsewhere

    def _touch(self, alert_id: str) -> None:
        """Cancel, undo or rewrite what is out; note when people first did so to the source's."""
        is_the_sources = self.desk.alert(alert_id).created_by == "cap:kttv"
        how = self.random.choice(["cancel", "undo", "rewrite"])
        if how == "rewrite":
            self.desk.rewrite(self.desk.cast.an, alert_id)
        else:
            what = lifecycle.cancel_alert if how == "cancel" else releasing.undo
            self.desk.do(what, self.desk.cast.an, alert_id=alert_id)
        if is_the_sources and self.touched_at is None:
            self.touched_at = self.desk.at

    def _signed(self, content: bytes) -> bytes:
        match self.random.randrange(6):
            case 0:
                return content
            case 1:
                return signed(content, STRANGER, OTHER)
            case _:
                return signed(content, KEY, SIGNER)


def by_policy(desk: Desk) -> list[tuple[Alert, AlertRevision]]:
    """Return everything that went out, or was to, without an officer."""
    with desk.sessions() as session:
        rows = session.execute(
            select(Alert, AlertRevision)
            .join(AlertRevision, AlertRevision.alert_id == Alert.id)
            .where(AlertRevision.by_source != "")
            .order_by(Alert.created_at, AlertRevision.number)
        ).all()
        return [(alert, revision) for alert, revision in rows]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_goes_out_by_policy_that_must_not(desk: Desk, seed: int) -> None:
    station = Station(desk, upto=UPTO)
    chance = Chance(station, seed)

    for _ in range(STEPS):
        chance.step()

    found = by_policy(desk)
    with desk.sessions() as session:
        template = session.get_one(AlertTemplate, station.template)
        own = session.get_one(Area, AN_BINH)
        below = select(Area.id).where(Area.path.startswith(own.path))
        inside = set(session.scalars(below))
        source = session.get_one(CapSource, "kttv")
        active = [
            one.publish_area_id
            for one in session.scalars(select(Alert).where(Alert.state == AlertState.RELEASED))
        ]
    assert source.releases_approved_by
    assert len(active) == len(set(active)), "one alert an area and hazard"
    for alert, revision in found:
        content = stored_content(revision.content)
        assert chance.touched_at is None or revision.created_at <= chance.touched_at
        assert revision.spoken == template.texts == dict(content.texts)
        assert revision.audio == template.audio
        assert content.level == template.level <= UPTO
        assert (alert.area_id, alert.status, content.hazard) == (AN_BINH, "real", "flood")
        assert alert.publish_area_id in inside
        assert set(content.target.areas) <= inside


def test_the_random_runs_do_release_something(desk: Desk) -> None:
    """Else the test above would hold for a source that never may."""
    station = Station(desk, upto=UPTO)
    chance = Chance(station, 3)

    for _ in range(STEPS):
        chance.step()

    assert by_policy(desk)
    assert newest_revision(desk.alert(by_policy(desk)[0][0].id))
