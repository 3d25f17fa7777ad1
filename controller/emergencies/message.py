"""One text of an alert as the message that is signed; nothing here reads a database.

`status`, `target`, its exceptions and `exp` are critical: a device that does not understand them
refuses the message. A cancel or end lives at least as long as anything it takes back.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.emergencies.content import stored_content
from controller.emergencies.models import Alert, AlertRevision
from wire.alert import Alert as AlertMessage
from wire.alert import AlertAction
from wire.message import next_revision

CRITICAL = ("status", "target", "target.except", "exp")
STOP_LIVES = timedelta(hours=1)
STOPS = frozenset({AlertAction.CANCEL, AlertAction.END})


@dataclass(frozen=True, slots=True)
class Times:
    """When one text sounds, `[starts_at, ends_at)`, and until when it is believed."""

    starts_at: datetime
    ends_at: datetime
    exp: datetime


def times_of(alert: Alert, revision: AlertRevision, now: datetime) -> Times:
    """Return the times of a text whose release took effect at `goes_at`."""
    content = stored_content(revision.content)
    went = revision.goes_at or now
    starts_at = max(went, content.starts_at) if content.starts_at else went
    ends_at = starts_at + timedelta(minutes=content.minutes)
    if revision.action in STOPS:
        until = alert.exp_at or now
        return Times(alert.released_at or went, alert.ends_at or went, max(until, now + STOP_LIVES))
    return Times(starts_at, ends_at, ends_at)


def message_of(
    alert: Alert, revision: AlertRevision, times: Times, last_rev: int, now: datetime
) -> AlertMessage:
    """Return the message of a text, as the revision after `last_rev`."""
    content = stored_content(revision.content)
    clears = revision.action in STOPS and revision.speaks_all_clear
    return AlertMessage(
        iss=alert.publish_area_id,
        iat=now,
        exp=times.exp,
        jti=uuid.uuid4().hex,
        rev=next_revision(last_rev, now),
        crit=CRITICAL,
        id=alert.id,
        area=alert.publish_area_id,
        action=AlertAction(revision.action),
        status=content.status,
        hazard=content.hazard,
        level=content.level,
        target=content.target,
        texts=revision.spoken,
        audio=revision.audio,
        siren=content.siren,
        siren_ms=content.siren_ms,
        repeat=content.repeat,
        issued_at=revision.issued_at,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        issuer=content.issuer,
        supersedes=alert.supersedes,
        all_clear=revision.all_clear if clears else {},
        all_clear_audio=revision.all_clear_audio if clears else {},
        approvals=(revision.by_source,) if revision.by_source else (),
    )
