"""What the tests of the API speak of: the cast, their tokens, and one of each thing in An Bình."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from controller.cap.inbox import take
from controller.cap.models import CapProposal, CapSource
from controller.emergencies.content import Draft
from controller.emergencies.drafting import Sounds, draft_alert, look
from controller.emergencies.drills import plan_drill
from controller.emergencies.models import Alert, AlertTemplate
from controller.emergencies.prepared import TemplateDraft, keep_template
from controller.emergencies.rules import set_rule
from controller.health.models import Incident
from controller.library.ingest import IngestedAsset
from controller.library.models import Asset, LibraryItem
from controller.people.auth import create_token
from controller.people.models import Role
from controller.people.rights import Actor
from controller.programmes.schedule import RuleDraft, create_rule
from controller.programmes.service import create_programme
from controller.programmes.versions import add_version, submit
from controller.pronunciation.models import UnreadWord
from controller.pronunciation.service import add_entry
from controller.pronunciation.unread import Found, note_unread
from tests.controller.cap.messages import cap, info, place
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, Cast, introduce, person

SOUND = "a" * 64
ALERT_SOUND = "b" * 64
ALERT_ASSET = IngestedAsset(
    ALERT_SOUND, 480, 1000, (), -16.0, -16.0, -1.5, "opus", 48_000, "wav", ""
)
ORIGINAL = datetime(2026, 11, 2, 17)  # noqa: DTZ001 - wall time


@dataclass(frozen=True)
class World:
    """An Bình has one of each thing; `tokens` by login, or `role@area` for each role and area."""

    app: Flask
    cast: Cast
    tokens: dict[str, str]
    ids: dict[str, Any]

    def call(self, who: str, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request below `/api/v1` as somebody; "" has no token."""
        client: FlaskClient = self.app.test_client()
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)


def make_world(app: Flask, session: Session, now: datetime) -> World:
    """Add the cast with their things and tokens to a session."""
    cast = introduce(session, now)
    people: dict[str, Actor] = {
        name: getattr(cast, name) for name in ("an", "binh", "tech", "chief", "tan", "lap")
    }
    for role in Role:
        for name, area in (("an-binh", AN_BINH), ("tan-lap", TAN_LAP), ("tinh", PROVINCE)):
            people[f"{role}@{name}"] = person(session, f"{role}-{name}", role, area, now)
    tokens = {
        login: create_token(session, who, "test", now, timedelta(days=1))
        for login, who in people.items()
    }
    things = _things(session, cast, now)
    things["person_id"] = people["operator@an-binh"].person_id
    return World(app, cast, tokens, things)


def _things(session: Session, cast: Cast, now: datetime) -> dict[str, Any]:
    session.add(
        Asset(sha256=SOUND, bytes=480, duration_ms=60_000, codec="opus", peaks=[], created_at=now)
    )
    session.flush()
    item = LibraryItem(
        area_id=AN_BINH, sha256=SOUND, kind="bulletin", title="Tin", created_by="an", created_at=now
    )
    item.voice = "vi"
    session.add(item)
    made = create_programme(session, actor=cast.an, area_id=AN_BINH, title="Bản tin", now=now)
    add_version(session, actor=cast.an, programme_id=made.id, items=[{"sha256": SOUND}], now=now)
    submit(session, actor=cast.an, programme_id=made.id, number=1, now=now)
    draft = RuleDraft(dtstart=ORIGINAL, rrule="FREQ=DAILY", target_areas=(AN_BINH,))
    incident = Incident(
        kind="message_refused", device_id=cast.device.id, subject="expired", opened_at=now, facts={}
    )
    session.add(incident)
    rule = create_rule(session, actor=cast.an, programme_id=made.id, draft=draft, now=now)
    alert, template = _alert(session, cast, now), _template(session, cast, now)
    drill = plan_drill(
        session, actor=cast.binh, area_id=AN_BINH, title="Diễn tập", planned_at=now, now=now
    )
    warning, proposal = _warning(session, now)
    release_rule = set_rule(session, actor=cast.chief, area_id=AN_BINH, now=now)
    entry = add_entry(
        session,
        actor=cast.an,
        area_id=AN_BINH,
        written="KQS",
        spoken="khu Quán Sứ",
        kind="name",
        now=now,
    )
    note_unread(session, AN_BINH, [Found("ABQ", 1, "Tin từ ABQ.")], now)
    unread = session.scalars(select(UnreadWord)).one()
    return {
        "entry_id": entry.id,
        "unread_id": unread.id,
        "area_id": AN_BINH,
        "token_id": 1,
        "station_id": cast.station.id,
        "device_id": cast.device.id,
        "output_id": cast.output.id,
        "cluster_id": cast.market.id,
        "item_id": item.id,
        "programme_id": made.id,
        "number": 1,
        "rule_id": rule.id,
        "incident_id": incident.id,
        "original": ORIGINAL.isoformat(),
        "alert_id": alert.id,
        "revision": 1,
        "template_id": template.id,
        "drill_id": drill.id,
        "release_rule_id": release_rule.id,
        "source_id": "kttv",
        "warning_id": warning,
        "proposal_id": proposal,
    }


def _alert(session: Session, cast: Cast, now: datetime) -> Alert:
    """Draft a drill of An Bình, by `an`."""
    words = {"vi": "Nước lên."}
    draft = Draft(area_id=AN_BINH, status="drill", hazard="flood", level=2, texts=words)
    looked = look(session, cast.an, draft, now)
    sounds = Sounds({"vi": ALERT_ASSET})
    return draft_alert(session, actor=cast.an, looked=looked, sounds=sounds, now=now)


def _template(session: Session, cast: Cast, now: datetime) -> AlertTemplate:
    """Write a template of An Bình, by `an`."""
    draft = TemplateDraft(title="Lũ", hazard="flood", level=2, texts={"vi": "Nước lên."})
    return keep_template(
        session,
        actor=cast.an,
        area_id=AN_BINH,
        draft=draft,
        words=draft.texts,
        spoken={"vi": ALERT_ASSET},
        now=now,
    )


def _warning(session: Session, now: datetime) -> tuple[int, int]:
    """Let a source of An Bình say something; return the numbers of its message and proposal."""
    source = CapSource(
        id="kttv",
        area_id=AN_BINH,
        name="Đài khí tượng An Bình",
        kind="mqtt",
        is_open=True,
        created_by="chief",
        created_at=now,
    )
    session.add(source)
    session.flush()
    market = place("<circle>21.1,105.9 2</circle>")
    row = take(session, cap(identifier="VN-77", infos=info(tail=market)), source, now)
    made = select(CapProposal.id).where(CapProposal.message_id == row.id)
    return row.id, session.scalars(made).one()
