"""Commune An Bình with its people, one station and three devices: made by the real use cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from controller.app import App
from controller.areas.service import create_area, find_area, set_policy
from controller.emergencies.content import Draft
from controller.emergencies.drafting import write_alert
from controller.emergencies.hearing import note_hearing
from controller.emergencies.lifecycle import cancel_alert
from controller.emergencies.prepared import (
    TemplateDraft,
    approve_template,
    template_of,
    write_template,
)
from controller.emergencies.releasing import confirm, submit
from controller.emergencies.service import alert_of, newest_revision
from controller.emergencies.speech import Studio
from controller.library.models import LibraryItem
from controller.library.reading import reading_of
from controller.library.service import Kind, add_upload, speak_bulletin
from controller.library.speech import Reader
from controller.library.store import AssetStore
from controller.people.models import Person, Role
from controller.people.rights import Actor, actor_of, machine_owner
from controller.people.second_factor import verify
from controller.people.service import create_person
from controller.programmes import versions
from controller.programmes.hearing import spoken_sounds
from controller.programmes.models import Programme
from controller.programmes.schedule import RuleDraft, create_rule
from controller.programmes.service import create_programme
from controller.stations.enrolment import issue_claim
from controller.stations.service import create_cluster, create_device, create_station
from wire.alert import AlertStatus, Hazard

PROVINCE = "vn-mau"
COMMUNE = "vn-mau-an-binh"
SYSTEM = machine_owner("demo")
PROFILE = "software"
VILLAGES = ("Thôn Đông", "Thôn Trung", "Thôn Đoài")
POSITIONS = ((21.036, 105.782), (21.031, 105.790), (21.027, 105.776))
DRILL_TITLE = "Lũ quét: lên nhà văn hóa thôn"
DRILL_TEXT = (
    "Nước suối đầu nguồn dâng nhanh. Bà con ven suối khẩn trương di chuyển lên nhà văn hóa thôn."
)
BULLETIN_TITLE = "Bản tin xã An Bình"
BULLETIN = (
    "Đài truyền thanh xã An Bình xin kính chào bà con. "
    "Hôm nay các thôn tổng vệ sinh đường làng từ bảy giờ sáng. "
    "Trạm y tế xã tiêm phòng cho trẻ em vào sáng thứ bảy. "
    "Kính mời bà con nhớ và tham gia đông đủ."
)


@dataclass(frozen=True, slots=True)
class Commune:
    """What a demo knows of its commune: who works there, and its devices in order."""

    operator: Actor
    approver: Actor
    authority: Actor
    second: Actor
    passwords: dict[str, str]
    devices: tuple[str, ...]


def now() -> datetime:
    """Return the instant of the demo's own actions."""
    return datetime.now(UTC)


def found_commune(app: App) -> Commune:
    """Create the areas, the station with three devices, and people from operator to authority.

    An Bình has no hard stop and no night ceiling here: a demo is heard at any hour.
    """
    with app.sessions.begin() as session:
        for area_id, kind, name, parent in (
            ("vn", "country", "Việt Nam", None),
            (PROVINCE, "province", "Tỉnh Mẫu", "vn"),
            (COMMUNE, "commune", "Xã An Bình", PROVINCE),
        ):
            create_area(session, area_id=area_id, kind=kind, name=name, parent_id=parent)
        set_policy(
            session, COMMUNE, hard_stop_from=time(0), hard_stop_until=time(0), night_ceiling_db=0.0
        )
        devices = _found_station(session)
        operator, password = _person(session, "lan", "Nguyễn Thị Lan", Role.OPERATOR)
        approver, other = _person(session, "hung", "Trần Văn Hùng", Role.APPROVER)
        keeper, third = _person(session, "minh", "Lê Minh", Role.ADMINISTRATOR)
        authority, fourth = _person(session, "thuy", "Phạm Thu Thủy", Role.AUTHORITY, PROVINCE)
        second, fifth = _person(session, "son", "Đỗ Hồng Sơn", Role.AUTHORITY, PROVINCE)
    passwords = {
        operator.login: password,
        approver.login: other,
        keeper.login: third,
        authority.login: fourth,
        second.login: fifth,
    }
    return Commune(operator, approver, authority, second, passwords, devices)


def claim(app: App, device: str) -> str:
    """Return a claim code for a device, as a technician would get one."""
    with app.sessions.begin() as session:
        return issue_claim(session, SYSTEM, device, app.keyring, now())


def keep_upload(
    app: App,
    store: AssetStore,
    commune: Commune,
    file: Path,
    title: str,
    kind: Kind = Kind.MUSIC,
) -> str:
    """Put a file into the library; return its SHA-256."""
    with app.sessions.begin() as session:
        item = add_upload(
            session,
            store,
            file,
            actor=commune.operator,
            area_id=COMMUNE,
            title=title,
            kind=kind,
            original_name=file.name,
            now=now(),
            target_lufs=app.config.target_lufs,
        )
        return _known(item)


def keep_bulletin(app: App, store: AssetStore, reader: Reader, commune: Commune) -> str:
    """Speak the demo's bulletin, as its commune has texts read, into the library; its SHA-256."""
    with app.sessions() as session:
        reading = reading_of(session, find_area(session, COMMUNE))
    with app.sessions.begin() as session:
        item = speak_bulletin(
            session,
            store,
            reader,
            actor=commune.operator,
            area_id=COMMUNE,
            title=BULLETIN_TITLE,
            text=BULLETIN,
            reading=reading,
            now=now(),
            target_lufs=app.config.target_lufs,
        )
        return _known(item)


def approve_programme(
    app: App, commune: Commune, title: str, items: Sequence[dict[str, object]]
) -> str:
    """Write, submit, hear and approve a programme by two people; return its id."""
    with app.sessions.begin() as session:
        programme = create_programme(
            session, actor=commune.operator, area_id=COMMUNE, title=title, now=now()
        )
        version = versions.add_version(
            session, actor=commune.operator, programme_id=programme.id, items=items, now=now()
        )
        number, name = version.number, programme.id
        versions.submit(
            session, actor=commune.operator, programme_id=name, number=number, now=now()
        )
        for sound in spoken_sounds(session, commune.approver, version):
            versions.hear(
                session,
                actor=commune.approver,
                programme_id=name,
                number=number,
                sha256=sound.sha256,
                now=now(),
            )
        versions.approve(
            session, actor=commune.approver, programme_id=name, number=number, now=now()
        )
        return name


def schedule_once(
    app: App, commune: Commune, programme: str, start: datetime, duration: timedelta
) -> str:
    """Schedule a programme at one instant (whole seconds) on all clusters; return the rule's id."""
    local = start.astimezone(ZoneInfo(app.config.zone)).replace(tzinfo=None)
    duration_ms = int(duration / timedelta(milliseconds=1))
    draft = RuleDraft(dtstart=local, target_areas=(COMMUNE,), duration_ms=duration_ms)
    with app.sessions.begin() as session:
        rule = create_rule(
            session, actor=commune.operator, programme_id=programme, draft=draft, now=now()
        )
        return rule.id


def prepare_template(app: App, studio: Studio, commune: Commune) -> str:
    """Write a flash flood template and have it heard and approved by the second officer."""
    draft = TemplateDraft(
        title=DRILL_TITLE, hazard=Hazard.FLASH_FLOOD, level=3, texts={"vi": DRILL_TEXT}, minutes=15
    )
    name = write_template(
        app.sessions, app.sessions, studio, commune.authority, PROVINCE, draft, now()
    )
    who = commune.second
    with app.sessions.begin() as session:
        audio = template_of(session, who, name).audio
        for sound in audio.values():
            note_hearing(
                session, actor=who, about=name, audio=audio, sha256=sound["sha256"], now=now()
            )
        approve_template(session, actor=who, template_id=name, now=now(), version=1)
    return name


def release_drill(app: App, studio: Studio, commune: Commune) -> tuple[str, datetime]:
    """Draft, hear, submit and release a flash flood drill for the commune, by the province alone.

    Return its id and the instant at which the last confirmation was in the database.
    """
    draft = Draft(
        area_id=PROVINCE,
        status=AlertStatus.DRILL,
        hazard=Hazard.FLASH_FLOOD,
        level=3,
        texts={"vi": DRILL_TEXT},
        areas=(COMMUNE,),
        minutes=5,
    )
    who = commune.authority
    alert = write_alert(app.sessions, app.sessions, studio, who, draft, now())
    with app.sessions.begin() as session:
        audio = newest_revision(alert_of(session, who, alert)).audio
        for sound in audio.values():
            note_hearing(
                session, actor=who, about=alert, audio=audio, sha256=sound["sha256"], now=now()
            )
        submit(session, actor=who, alert_id=alert, revision=1, now=now())
    with app.sessions.begin() as session:
        confirm(session, actor=who, alert_id=alert, revision=1, now=now(), verify=verify)
    return alert, now()


def cancel_drill(app: App, commune: Commune, alert: str) -> datetime:
    """Take a drill back, with its all-clear; return when that was in the database."""
    with app.sessions.begin() as session:
        cancel_alert(session, actor=commune.authority, alert_id=alert, now=now())
    return now()


def length_of(app: App, programme: str) -> timedelta:
    """Return how long the newest version of a programme lasts."""
    with app.sessions() as session:
        versions = session.get_one(Programme, programme).versions
        return timedelta(milliseconds=versions[-1].duration_ms)


def whole_second_after(wait: timedelta) -> datetime:
    """Return the first whole second at least `wait` from now."""
    return (now() + wait + timedelta(seconds=1)).replace(microsecond=0)


def _known(item: LibraryItem) -> str:
    return item.sha256


def _found_station(session: Session) -> tuple[str, ...]:
    station = create_station(
        session, SYSTEM, area_id=COMMUNE, name="Đài truyền thanh xã An Bình", now=now()
    )
    devices: list[str] = []
    for number, (village, (latitude, longitude)) in enumerate(
        zip(VILLAGES, POSITIONS, strict=True), start=1
    ):
        device = create_device(
            session,
            SYSTEM,
            station_id=station.id,
            name=f"Hộp số {number}",
            profile=PROFILE,
            now=now(),
            device_id=f"d-anbinh{number}",
        )
        session.flush()
        create_cluster(
            session,
            SYSTEM,
            output_id=device.outputs[0].id,
            area_id=COMMUNE,
            name=f"Cụm loa {village}",
            now=now(),
            latitude=latitude,
            longitude=longitude,
        )
        devices.append(device.id)
    return tuple(devices)


def _person(
    session: Session, login: str, name: str, role: Role, area_id: str = COMMUNE
) -> tuple[Actor, str]:
    person, password = create_person(
        session, SYSTEM, login=login, full_name=name, role=role, area_id=area_id, now=now()
    )
    session.flush()
    return actor_of(session, session.get_one(Person, person.id)), password
