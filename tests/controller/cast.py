"""The fixed cast: Vietnam, one province, the communes An Bình and Tân Lập, and who works there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import create_area
from controller.people.models import Grant, Person, Role
from controller.people.rights import Actor, actor_of
from controller.stations.models import Cluster, Device, Output, Station

PROVINCE, AN_BINH, TAN_LAP, VILLAGE = "vn-31", "vn-31-an-binh", "vn-31-tan-lap", "vn-31-an-binh-1"


@dataclass(frozen=True)
class Cast:
    """The rows that every test may speak of."""

    country: Area
    province: Area
    an_binh: Area
    tan_lap: Area
    village: Area
    an: Actor
    binh: Actor
    tan: Actor
    tech: Actor
    lap: Actor
    chief: Actor
    station: Station
    device: Device
    output: Output
    market: Cluster
    school: Cluster
    other_station: Station
    other_device: Device


def introduce(session: Session, now: datetime) -> Cast:
    """Add the cast to a session and flush.

    In An Bình: `an` operates, `binh` approves, `tech` is the technician, `chief` administers. In
    Tân Lập: `tan` operates, `lap` administers. The station of An Bình has one device with two
    clusters on its output `main`: the market, and the school in the village Thôn 1.
    """
    country = create_area(session, area_id="vn", kind="country", name="Việt Nam")
    province = _area(session, PROVINCE, "province", "Tỉnh Mẫu", "vn")
    an_binh = _area(session, AN_BINH, "commune", "Xã An Bình", PROVINCE)
    tan_lap = _area(session, TAN_LAP, "commune", "Xã Tân Lập", PROVINCE)
    village = _area(session, VILLAGE, "village", "Thôn 1", AN_BINH)
    station = Station(id="s-an-binh", area_id=AN_BINH, name="Đài truyền thanh xã An Bình")
    other = Station(id="s-tan-lap", area_id=TAN_LAP, name="Đài truyền thanh xã Tân Lập")
    device, output = _device("d-anbinh1", station)
    other_device, _ = _device("d-tanlap1", other)
    market = Cluster(
        id="c-market",
        output=output,
        area_id=AN_BINH,
        name="Chợ An Bình",
        latitude=21.1,
        longitude=105.9,
    )
    school = Cluster(id="c-school", output=output, area_id=VILLAGE, name="Trường học Thôn 1")
    session.add_all([station, other, device, other_device, market, school])
    session.flush()
    return Cast(
        country=country,
        province=province,
        an_binh=an_binh,
        tan_lap=tan_lap,
        village=village,
        an=person(session, "an", Role.OPERATOR, AN_BINH, now),
        binh=person(session, "binh", Role.APPROVER, AN_BINH, now),
        tech=person(session, "tech", Role.TECHNICIAN, AN_BINH, now),
        chief=person(session, "chief", Role.ADMINISTRATOR, AN_BINH, now),
        tan=person(session, "tan", Role.OPERATOR, TAN_LAP, now),
        lap=person(session, "lap", Role.ADMINISTRATOR, TAN_LAP, now),
        station=station,
        device=device,
        output=output,
        market=market,
        school=school,
        other_station=other,
        other_device=other_device,
    )


def person(session: Session, login: str, role: Role, area_id: str, now: datetime) -> Actor:
    """Add a person with one role, who cannot sign in, and return them as an actor."""
    row = Person(
        login=login,
        full_name=login.title(),
        password_hash="!",
        created_at=now,
        grants=[Grant(role=role, area_id=area_id)],
    )
    session.add(row)
    session.flush()
    return actor_of(session, row)


def _area(session: Session, area_id: str, kind: str, name: str, parent_id: str) -> Area:
    return create_area(session, area_id=area_id, kind=kind, name=name, parent_id=parent_id)


def _device(device_id: str, station: Station) -> tuple[Device, Output]:
    output = Output(name="main")
    device = Device(
        id=device_id, station=station, name="Hộp số 1", profile="software", outputs=[output]
    )
    return device, output
