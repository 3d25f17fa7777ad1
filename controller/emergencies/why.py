"""Why a cluster sounded an alert, or did not: steps from its target to the receipt, in words.

A page of clusters costs a few statements, however many there are: each answer is arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.emergencies.content import stored_content
from controller.emergencies.errors import ClusterMissing
from controller.emergencies.models import Alert, AlertReach
from controller.emergencies.progress import Look, Seen
from controller.emergencies.reach_words import SHOWN, code_words
from controller.emergencies.service import current_revision, newest_revision
from controller.emergencies.target import Place, place_of
from wire.target import Why


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a cluster sounded, or did not: steps from target to receipt, in both languages."""

    cluster_id: str
    has_sounded: bool
    steps: tuple[tuple[str, str], ...]


def why_of(
    session: Session, alert: Alert, cluster_id: str, now: datetime, seen: Seen = None
) -> Answer:
    """Answer for one cluster why it sounded, or did not; ClusterMissing where it is not seen."""
    target = stored_content((current_revision(alert) or newest_revision(alert)).content).target
    place = place_of(session, alert.publish_area_id, target, cluster_id)
    if seen is not None and (place is None or place.area_id not in seen):
        raise ClusterMissing(id=cluster_id)
    reasons = {cluster_id: place.why if place else Why.ELSEWHERE}
    return _answers(session, alert, reasons, now)[0]


def why_each(
    session: Session, alert: Alert, places: Sequence[Place], now: datetime
) -> tuple[Answer, ...]:
    """Answer for judged clusters, in their order; a few hundred at most."""
    return _answers(session, alert, {place.cluster_id: place.why for place in places}, now)


def _answers(
    session: Session, alert: Alert, reasons: dict[str, Why], now: datetime
) -> tuple[Answer, ...]:
    rows = session.scalars(
        select(AlertReach)
        .where(AlertReach.alert_id == alert.id, AlertReach.cluster_id.in_(reasons))
        .execution_options(populate_existing=True)
    )
    by_cluster = {row.cluster_id: row for row in rows}
    look = Look.at(session, alert.id, now)
    is_sent = current_revision(alert) is not None
    return tuple(
        _answer(look, cluster_id, why, by_cluster.get(cluster_id), is_sent=is_sent)
        for cluster_id, why in reasons.items()
    )


def _answer(
    look: Look, cluster_id: str, why: Why, row: AlertReach | None, *, is_sent: bool
) -> Answer:
    steps = [_TARGET[why]]
    if not is_sent:
        steps.append(("Tin chưa được phát.", "The alert has not gone out."))
    elif row is not None:
        shown, code = look.shown(row.state, row.code, row.asked_at)
        steps.append(SHOWN[shown])
        if word := code_words(code):
            steps.append(word)
        if row.detail.strip():
            steps.append(_detail_words(row.detail))
    return Answer(cluster_id, row is not None and row.heard_at is not None, tuple(steps))


_TARGET = {
    Why.IN_AREA: ("Cụm thuộc địa bàn được chọn", "It stands in a chosen area"),
    Why.IN_SHAPE: ("Cụm nằm trong vùng vẽ trên bản đồ", "It lies in the drawn shape"),
    Why.ELSEWHERE: ("Cụm không thuộc địa bàn của tin", "It stands outside of the alert's areas"),
    Why.OUTSIDE: ("Cụm nằm ngoài vùng vẽ trên bản đồ", "It lies outside of the drawn shape"),
    Why.EXCEPTED: ("Địa bàn của cụm được loại trừ", "Its area is an exception"),
    Why.NO_POSITION: ("Chưa nhập vị trí của cụm", "Nobody entered its position"),
}


def _detail_words(detail: str) -> tuple[str, str]:
    detail = detail.split(maxsplit=1)[0]  # a second word tells of a ceiling that was overridden
    return {
        "device_voice": ("thiết bị tự đọc văn bản", "the device spoke the text itself"),
        "pack": ("phát câu có sẵn trong gói khẩn cấp", "it played the phrase of its pack"),
        "siren": ("chỉ phát còi hú", "it sounded the siren only"),
    }.get(detail, (f"bản đọc {detail[:12]}", f"sound {detail[:12]}"))
