"""What the JSON API answers about alerts: their texts, who would hear, how far they came."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from controller.web.api import Told


class RevisionOut(Told):
    """One text of an alert."""

    number: int
    action: str
    state: str
    content: dict[str, Any]
    spoken: dict[str, str]
    audio: dict[str, Any]
    all_clear: dict[str, str]
    is_prepared: bool
    issued_at: datetime
    created_by: str
    created_at: datetime
    submitted_at: datetime | None
    goes_at: datetime | None
    rev: int | None
    digest: str | None
    signed_at: datetime | None
    note: str
    by_source: str


class AlertOut(Told):
    """An emergency announcement."""

    id: str
    area_id: str
    publish_area_id: str
    status: str
    hazard: str
    level: int
    state: str
    supersedes: str | None
    template_id: str | None
    created_by: str
    created_at: datetime
    released_at: datetime | None
    ends_at: datetime | None
    closed_at: datetime | None


class AlertDetail(AlertOut):
    """An alert with all its texts, the oldest first."""

    revisions: list[RevisionOut]


class AlertPage(BaseModel):
    """One page of alerts."""

    total: int
    items: list[AlertOut]


class PlaceOut(BaseModel):
    """A cluster and why it would sound or not."""

    cluster_id: str
    name: str
    area_id: str
    latitude: float | None
    longitude: float | None
    why: str
    sounds: bool


class LookOut(BaseModel):
    """What a draft would say and who would hear it."""

    publish_area_id: str
    publish_area_name: str
    is_wide: bool
    hearing: int
    without_position: int
    spoken: dict[str, str]
    places: list[PlaceOut]


class NeedsOut(Told):
    """What a release needs of the person who asks."""

    people: int
    needs_second_factor: bool
    countdown_s: int
    is_preauthorised: bool
    why: list[str]


class ConfirmedOut(BaseModel):
    """How many people count now; `goes_at` when nobody else is needed."""

    people: int
    needed: int
    is_limited: bool
    goes_at: datetime | None


class CountsOut(Told):
    """How many clusters stand where."""

    total: int
    heard: int
    waiting: int
    received: int
    sounding: int
    finished: int
    failed: int
    not_reached: int
    is_settled: bool


class AreaProgressOut(Told):
    """One area with clusters of its own."""

    area_id: str
    name: str
    counts: CountsOut


class ProgressOut(Told):
    """How far an alert came."""

    alert_id: str
    at: datetime
    counts: CountsOut
    stopped: int
    areas: list[AreaProgressOut]


class ClusterReachOut(Told):
    """One cluster of an alert."""

    cluster_id: str
    name: str
    area_id: str
    area_name: str
    device_id: str
    station_name: str
    station_phone: str
    head_name: str
    head_phone: str
    shown: str
    code: str
    detail: str
    received_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    heard_at: datetime | None
    stopped_at: datetime | None
    played_ms: int | None
    is_meant: bool


class ClusterReachPage(BaseModel):
    """The clusters of an alert."""

    total: int
    items: list[ClusterReachOut]


class AnswerOut(BaseModel):
    """Why a cluster sounded, or did not, step by step."""

    cluster_id: str
    has_sounded: bool
    vi: list[str]
    en: list[str]


class ReleaseOut(Told):
    """A confirmation."""

    revision: int
    login: str
    full_name: str
    factor: str
    at: datetime


class HeardOut(Told):
    """Somebody listened."""

    login: str
    sha256: str
    at: datetime


class EntryOut(Told):
    """A link of the audit chain."""

    number: int
    at: datetime
    who: str
    action: str
    facts: dict[str, Any]
    hash: str
    previous_hash: str


class ProofOut(Told):
    """Everything about one broadcast."""

    alert: AlertOut
    area_name: str
    publish_area_name: str
    revisions: list[RevisionOut]
    releases: list[ReleaseOut]
    hearings: list[HeardOut]
    entries: list[EntryOut]
    audit_head: str
    counts: CountsOut
    clusters: list[ClusterReachOut]
    made_at: datetime
