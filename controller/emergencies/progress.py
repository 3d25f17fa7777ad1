"""How far an alert came, as it is shown: bar, areas, map, the list of those to be called.

Nothing is ever shown as pending for longer than ten seconds after its release (R11).
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.content import stored_content
from controller.emergencies.models import Alert, AlertReach, AlertState, ReachState
from controller.emergencies.service import current_revision
from controller.emergencies.target import places_of
from controller.stations.models import Cluster, Device, Station
from wire.target import Why

ANSWER_WITHIN = timedelta(seconds=10)
ENDED_LONG_AGO = timedelta(minutes=2)


class Shown(StrEnum):
    """What a person sees of one cluster."""

    WAITING = "waiting"
    RECEIVED = "received"
    SOUNDING = "sounding"
    FINISHED = "finished"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many clusters stand where."""

    waiting: int = 0
    received: int = 0
    sounding: int = 0
    finished: int = 0
    failed: int = 0
    not_reached: int = 0

    @property
    def total(self) -> int:
        """Return all clusters that are meant."""
        return self.heard + self.waiting + self.received + self.failed + self.not_reached

    @property
    def heard(self) -> int:
        """Return where it sounds or has sounded."""
        return self.sounding + self.finished

    @property
    def is_settled(self) -> bool:
        """Whether each is shown as sounding, finished, failed or not reached."""
        return self.waiting + self.received == 0


@dataclass(frozen=True, slots=True)
class AreaProgress:
    """One area that has clusters of its own."""

    area_id: str
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Progress:
    """An alert at an instant; `stopped` devices' clusters have the cancel or end."""

    alert_id: str
    at: datetime
    counts: Counts
    stopped: int
    areas: tuple[AreaProgress, ...]


@dataclass(frozen=True, slots=True)
class ClusterReach:
    """One cluster of an alert: where it stands, what it did, and why not, for machines (`code`)."""

    cluster_id: str
    name: str
    area_id: str
    area_name: str
    device_id: str
    device_name: str
    station_name: str
    station_phone: str
    head_name: str
    head_phone: str
    latitude: float | None
    longitude: float | None
    shown: Shown
    code: str
    detail: str
    received_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    heard_at: datetime | None
    stopped_at: datetime | None
    played_ms: int | None
    is_meant: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a cluster sounded, or did not: steps from target to receipt, in both languages."""

    cluster_id: str
    has_sounded: bool
    steps: tuple[tuple[str, str], ...]


def progress(session: Session, alert_id: str, now: datetime) -> Progress:
    """Return how far an alert came, overall and by area; one grouped query, for live pages."""
    look = _Look.at(session, alert_id, now)
    rows = session.execute(
        select(
            AlertReach.area_id,
            Area.name,
            AlertReach.state,
            AlertReach.asked_at,
            func.count(),
            func.count(AlertReach.stopped_at),
        )
        .join(Area, Area.id == AlertReach.area_id)
        .where(AlertReach.alert_id == alert_id, AlertReach.is_meant)
        .group_by(AlertReach.area_id, Area.name, AlertReach.state, AlertReach.asked_at)
        .order_by(Area.name, AlertReach.area_id)
    )
    by_area: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    stopped = 0
    for area_id, name, state, asked_at, count, ended in rows:
        by_area[area_id, name][look.shown(state, asked_at)[0]] += count
        stopped += ended
    total = sum(by_area.values(), Counter())
    areas = tuple(AreaProgress(*area, _counts(some)) for area, some in by_area.items())
    return Progress(alert_id, now, _counts(total), stopped, areas)


def clusters(session: Session, alert_id: str, now: datetime) -> tuple[ClusterReach, ...]:
    """Return every cluster that an alert means, or that sounded it, by area and name."""
    look = _Look.at(session, alert_id, now)
    rows = session.execute(
        select(AlertReach, Cluster, Area, Device.name, Station.name, Station.phone)
        .join(Area, Area.id == AlertReach.area_id)
        .join(Cluster, Cluster.id == AlertReach.cluster_id, isouter=True)
        .join(Device, Device.id == AlertReach.device_id, isouter=True)
        .join(Station, Station.id == Device.station_id, isouter=True)
        .where(AlertReach.alert_id == alert_id)
        .order_by(Area.name, AlertReach.cluster_id)
        .execution_options(populate_existing=True)
    )
    return tuple(_cluster(look, *row) for row in rows)


def not_reached(session: Session, alert_id: str, now: datetime) -> tuple[ClusterReach, ...]:
    """Return the meant clusters where it was not heard, or nobody knows: those to be called."""
    called = {Shown.FAILED, Shown.NOT_REACHED}
    found = clusters(session, alert_id, now)
    return tuple(one for one in found if one.is_meant and one.shown in called)


def why_of(session: Session, alert: Alert, cluster_id: str, now: datetime) -> Answer:
    """Answer for one cluster below the alert's area why it sounded, or did not."""
    row = session.get(AlertReach, (alert.id, cluster_id))
    revision = current_revision(alert)
    steps = [_target_step(session, alert, cluster_id)]
    if revision is None:
        steps.append(("Tin chưa được phát.", "The alert has not gone out."))
    elif row is not None:
        shown, code = _Look.at(session, alert.id, now).shown(row.state, row.asked_at)
        steps.append(SHOWN[shown])
        if word := _code_words(code or row.code):
            steps.append(word)
        if row.detail.strip():
            steps.append(_detail_words(row.detail))
    return Answer(cluster_id, row is not None and row.heard_at is not None, tuple(steps))


def as_csv(rows: Iterable[ClusterReach]) -> str:
    """Return clusters as a table for spreadsheets (RFC 4180, UTF-8 with its mark for Excel)."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADING)
    for one in rows:
        word = _code_words(one.code)
        cells = [
            one.area_name,
            one.head_name,
            one.head_phone,
            one.name,
            f"{one.device_name} ({one.device_id})",
            one.station_name,
            one.station_phone,
            SHOWN[one.shown][0],
            word[0] if word else "",
        ]
        table.writerow([_harmless(cell) for cell in cells])
    return "\ufeff" + text.getvalue()


HEADING = (
    "Địa bàn", "Người phụ trách", "Điện thoại người phụ trách", "Cụm loa", "Thiết bị", "Đài",
    "Điện thoại đài", "Tình trạng", "Lý do",
)  # fmt: skip
SHOWN: dict[Shown, tuple[str, str]] = {
    Shown.WAITING: ("đang gửi", "being sent"),
    Shown.RECEIVED: ("đã nhận, chưa phát", "received, not sounding yet"),
    Shown.SOUNDING: ("đang phát", "sounding"),
    Shown.FINISHED: ("đã phát xong", "has sounded"),
    Shown.FAILED: ("không phát được", "could not sound it"),
    Shown.NOT_REACHED: ("không liên lạc được", "not reached"),
}
_TARGET = {
    Why.IN_AREA: ("Cụm thuộc địa bàn được chọn", "It stands in a chosen area"),
    Why.IN_SHAPE: ("Cụm nằm trong vùng vẽ trên bản đồ", "It lies in the drawn shape"),
    Why.ELSEWHERE: ("Cụm không thuộc địa bàn của tin", "It stands outside of the alert's areas"),
    Why.OUTSIDE: ("Cụm nằm ngoài vùng vẽ trên bản đồ", "It lies outside of the drawn shape"),
    Why.EXCEPTED: ("Địa bàn của cụm được loại trừ", "Its area is an exception"),
    Why.NO_POSITION: ("Chưa nhập vị trí của cụm", "Nobody entered its position"),
}
CODES = {
    "no_sound": ("đã nhận nhưng không báo phát tiếng", "received, but no word of any sound"),
    "end_unreported": ("chưa có báo cáo kết thúc", "its end was not reported"),
    "not_targeted": (
        "thiết bị tính ra không thuộc vùng phát: kiểm tra địa bàn, vị trí",
        "the device judged itself outside: check its area and position",
    ),
    "joined": ("vào giữa chừng khi có mạng lại", "joined while it was on"),
    "unconfirmed": ("phát khi chưa xác nhận được với máy chủ", "sounded without confirmation"),
    "expired": ("tin đến khi đã hết hạn", "it came after its expiry"),
    "cancelled": ("tin đã bị hủy", "it was cancelled"),
    "forged": ("chữ ký không đúng", "the signature does not hold"),
    "untrusted": ("chứng thư ký không được tin cậy", "the signing certificate is not trusted"),
    "out_of_scope": ("khóa ký không có quyền tại đây", "the key may not speak here"),
}


@dataclass(frozen=True, slots=True)
class _Look:
    """What all rows of one alert are shown by."""

    now: datetime
    starts_at: datetime | None
    over_at: datetime | None

    @classmethod
    def at(cls, session: Session, alert_id: str, now: datetime) -> "_Look":
        alert = session.get(Alert, alert_id, populate_existing=True)
        if alert is None:
            return cls(now, None, None)
        revision = current_revision(alert)
        starts_at = stored_content(revision.content).starts_at if revision else None
        is_over = alert.state in {AlertState.CANCELLED, AlertState.ENDED}
        return cls(now, starts_at, alert.closed_at if is_over else alert.ends_at)

    def shown(self, state: str, asked_at: datetime) -> tuple[Shown, str]:
        """Return what a row is shown as, and the code where the time alone says it."""
        match ReachState(state):
            case ReachState.PENDING:
                is_late = self.now >= asked_at + ANSWER_WITHIN
                return (Shown.NOT_REACHED if is_late else Shown.WAITING), ""
            case ReachState.RECEIVED:
                starts_at = max(asked_at, self.starts_at or asked_at)
                is_late = self.now >= starts_at + ANSWER_WITHIN
                return (Shown.FAILED, "no_sound") if is_late else (Shown.RECEIVED, "")
            case ReachState.SOUNDING:
                is_over = self.over_at is not None and self.now > self.over_at + ENDED_LONG_AGO
                return (Shown.FINISHED, "end_unreported") if is_over else (Shown.SOUNDING, "")
            case ReachState.FINISHED:
                return Shown.FINISHED, ""
            case ReachState.FAILED:
                return Shown.FAILED, ""


def _cluster(
    look: _Look,
    row: AlertReach,
    cluster: Cluster | None,
    area: Area,
    device_name: str | None,
    station_name: str | None,
    station_phone: str | None,
) -> ClusterReach:
    shown, code = look.shown(row.state, row.asked_at)
    return ClusterReach(
        cluster_id=row.cluster_id,
        name=cluster.name if cluster else row.cluster_id,
        area_id=row.area_id,
        area_name=area.name,
        device_id=row.device_id,
        device_name=device_name or row.device_id,
        station_name=station_name or "",
        station_phone=station_phone or "",
        head_name=area.head_name,
        head_phone=area.head_phone,
        latitude=cluster.latitude if cluster else None,
        longitude=cluster.longitude if cluster else None,
        shown=shown,
        code=code or row.code,
        detail=row.detail,
        received_at=row.received_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        heard_at=row.heard_at,
        stopped_at=row.stopped_at,
        played_ms=row.played_ms,
        is_meant=row.is_meant,
    )


def _counts(found: "Counter[str]") -> Counts:
    return Counts(**{shown.value: found[shown] for shown in Shown})


def _target_step(session: Session, alert: Alert, cluster_id: str) -> tuple[str, str]:
    revision = current_revision(alert) or alert.revisions[-1]
    target = stored_content(revision.content).target
    places = places_of(session, alert.publish_area_id, target)
    found = next((place.why for place in places if place.cluster_id == cluster_id), Why.ELSEWHERE)
    return _TARGET[found]


def _code_words(code: str) -> tuple[str, str] | None:
    return CODES.get(code, (code, code)) if code else None


def _detail_words(detail: str) -> tuple[str, str]:
    detail = detail.split(maxsplit=1)[0]  # a second word tells of a ceiling that was overridden
    return {
        "device_voice": ("thiết bị tự đọc văn bản", "the device spoke the text itself"),
        "pack": ("phát câu có sẵn trong gói khẩn cấp", "it played the phrase of its pack"),
        "siren": ("chỉ phát còi hú", "it sounded the siren only"),
    }.get(detail, (f"bản đọc {detail[:12]}", f"sound {detail[:12]}"))


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} and len(cell) > 1 else cell
