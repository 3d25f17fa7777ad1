"""What was released is signed and sent, once, even if we die in between (R36).

A step of the worker, woken by the commit of a release and by the next instant that is due. Token,
outbox, audit and state are one transaction; whom it concerns is written down right after it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from controller import outbox
from controller.db import Clock, Sessions
from controller.emergencies import lifecycle, reach
from controller.emergencies.message import STOPS, Times, message_of, times_of
from controller.emergencies.models import Alert, AlertRevision, AlertState, RevisionState
from controller.emergencies.releasing import releases
from controller.emergencies.service import note_change
from controller.keys import Keyring
from controller.outbox_models import Retained
from wire import topics
from wire.alert import AlertAction, AlertStatus
from wire.signing import Signer, digest, sign

log = logging.getLogger(__name__)

SYSTEM = "system"
KEEP_AFTER = timedelta(hours=24)
"""How long after its expiry an alert stays retained: who comes back learns that it is over."""
LONGEST_IDLE_S = 30.0

Due = tuple[str, int]


class Sender:
    """Sends what is due and puts away what is over; `step` is driven by a `Loop`."""

    def __init__(
        self,
        sessions: Sessions,
        keyring: Keyring,
        clock: Clock,
        may_act: Callable[[], bool] = lambda: True,
        *,
        read_sessions: Sessions | None = None,
        patient_sessions: Sessions | None = None,
    ) -> None:
        self._sessions = sessions
        self._read_sessions = read_sessions or sessions
        self._patient_sessions = patient_sessions or sessions
        self._keyring = keyring
        self._clock = clock
        self._may_act = may_act

    def step(self) -> bool:
        """Send all that is due, then note whom it concerns; return whether there was anything.

        One text that cannot be sent is logged, tried again, and holds up no other.
        """
        if not self._may_act():
            return False
        failures = self._send_all()
        worked = self._tidy()
        if failures:
            raise failures[0]
        return worked

    def idle_s(self) -> float:
        """Return how long nothing is due, in seconds: at most half a minute."""
        with self._read_sessions() as session:
            next_at = next_due(session)
        if next_at is None:
            return LONGEST_IDLE_S
        return min(LONGEST_IDLE_S, max(0.0, (next_at - self._clock()).total_seconds()))

    def _send_all(self) -> list[Exception]:
        with self._read_sessions() as session:
            waiting = due(session, self._clock())
        failures: list[Exception] = []
        for one in waiting:
            try:
                with self._sessions.begin() as session:
                    send(session, one, self._keyring, self._clock())
            except Exception as error:
                log.exception("alert %s (%d) could not be sent", *one)
                failures.append(error)
        return failures

    def _tidy(self) -> bool:
        now = self._clock()
        with self._read_sessions() as session:
            if not has_leftovers(session, now):
                return False
        with self._patient_sessions.begin() as session:
            laid = reach.lay_out_all(session, now)
            over = finish_over(session, now)
            cleared = clear_expired(session, now)
        return laid + over + cleared > 0


def due(session: Session, now: datetime) -> list[Due]:
    """Return (alert, revision) whose countdown is over, stops first, then by time."""
    rows = session.execute(
        select(AlertRevision.alert_id, AlertRevision.number, AlertRevision.action)
        .where(AlertRevision.state == RevisionState.COUNTING, AlertRevision.goes_at <= now)
        .order_by(AlertRevision.goes_at, AlertRevision.number)
    ).all()
    rows = sorted(rows, key=lambda row: row.action not in STOPS)
    return [(row.alert_id, row.number) for row in rows]


def next_due(session: Session) -> datetime | None:
    """Return the next instant at which `Sender.step` has something to do."""
    goes = select(func.min(AlertRevision.goes_at)).where(
        AlertRevision.state == RevisionState.COUNTING
    )
    ends = select(func.min(Alert.ends_at)).where(Alert.state == AlertState.RELEASED)
    clears = select(func.min(Alert.exp_at)).where(
        Alert.exp_at.is_not(None), Alert.cleared_at.is_(None)
    )
    exp_at = session.scalar(clears)
    found = [session.scalar(goes), session.scalar(ends), exp_at + KEEP_AFTER if exp_at else None]
    return min((at for at in found if at is not None), default=None)


def send(session: Session, one: Due, keyring: Keyring, now: datetime) -> bool:
    """Sign and enqueue one text, if it is still to be sent; return whether it was.

    One whose time is over is not sent any more: it lapses, and the audit chain says so.
    """
    alert = session.get_one(Alert, one[0], with_for_update=True)
    revision = session.get_one(AlertRevision, one)
    times = times_of(alert, revision, now)
    is_stop = revision.action in STOPS
    if not is_stop and times.ends_at <= now:
        return _lapse(session, alert, revision, now)
    if not _take(session, revision, RevisionState.RELEASED):
        return False
    if not is_stop:
        _supersede(session, alert, keyring, now)
    _sign_and_enqueue(session, alert, revision, times, keyring, now)
    return True


def has_leftovers(session: Session, now: datetime) -> bool:
    """Return whether something was sent and not laid out, is over, or waits to be cleared."""
    unlaid = (AlertRevision.state == RevisionState.RELEASED) & AlertRevision.reach_laid_at.is_(None)
    is_over = (Alert.state == AlertState.RELEASED) & (Alert.ends_at <= now)
    is_old = (Alert.exp_at <= now - KEEP_AFTER) & Alert.cleared_at.is_(None)
    return (
        session.scalar(select(AlertRevision.number).where(unlaid).limit(1)) is not None
        or session.scalar(select(Alert.id).where(is_over | is_old).limit(1)) is not None
    )


def finish_over(session: Session, now: datetime) -> int:
    """Mark alerts whose own end has come as ended; devices ended them by themselves."""
    over = session.scalars(
        select(Alert).where(Alert.state == AlertState.RELEASED, Alert.ends_at <= now)
    ).all()
    for alert in over:
        alert.state, alert.closed_at, alert.active_key = AlertState.ENDED, now, None
        note_change(session, now, SYSTEM, "alert.finish", alert, {"ends_at": alert.ends_at})
    return len(over)


def clear_expired(session: Session, now: datetime) -> int:
    """Clear the topics of alerts that expired more than 24 h ago."""
    old = session.scalars(
        select(Alert).where(Alert.exp_at <= now - KEEP_AFTER, Alert.cleared_at.is_(None))
    ).all()
    for alert in old:
        topic = topics.alert(alert.publish_area_id, alert.id)
        outbox.enqueue(
            session,
            topic=topic,
            kind="alert",
            owner=alert.publish_area_id,
            token="",
            rev=last_rev(session, alert.id) + 1,
            retain=True,
            urgency=0,
            now=now,
        )
        session.execute(delete(Retained).where(Retained.topic == topic))
        alert.cleared_at = now
    return len(old)


def last_rev(session: Session, alert_id: str) -> int:
    """Return the highest revision that was ever signed for an alert, 0 for none."""
    newest = select(func.max(AlertRevision.rev)).where(AlertRevision.alert_id == alert_id)
    return session.scalar(newest) or 0


def _sign_and_enqueue(
    session: Session,
    alert: Alert,
    revision: AlertRevision,
    times: Times,
    keyring: Keyring,
    now: datetime,
) -> None:
    message = message_of(alert, revision, times, last_rev(session, alert.id), now)
    token = sign(message, _signer(keyring, alert.status))
    revision.rev, revision.token, revision.digest = message.rev, token, digest(token)
    revision.signed_at = now
    _note_sent(alert, revision, times, now)
    outbox.enqueue(
        session,
        topic=topics.alert(alert.publish_area_id, alert.id),
        kind="alert",
        owner=alert.publish_area_id,
        token=token,
        rev=message.rev,
        retain=True,
        urgency=0,
        now=now,
        expires_at=times.exp + KEEP_AFTER,
    )
    facts = _facts(session, alert, revision, times)
    note_change(session, now, SYSTEM, "alert.send", alert, facts)


def _note_sent(alert: Alert, revision: AlertRevision, times: Times, now: datetime) -> None:
    alert.exp_at = max(times.exp, alert.exp_at or times.exp)
    if revision.action in STOPS:
        revision.reach_laid_at = now
        return
    alert.state, alert.ends_at = AlertState.RELEASED, times.ends_at
    alert.released_at = alert.released_at or now
    alert.level = revision.content["level"]
    alert.active_key = _key(alert)


def _supersede(session: Session, alert: Alert, keyring: Keyring, now: datetime) -> None:
    """End another alert of the same area, hazard and status: there is one at a time."""
    older = session.scalar(
        select(Alert).where(Alert.active_key == _key(alert), Alert.id != alert.id)
    )
    if older is None:
        return
    alert.supersedes = older.id
    session.refresh(older, with_for_update=True)
    note = f"superseded by {alert.id}"
    lifecycle.stop(session, older, AlertAction.END, SYSTEM, now, all_clear=False, note=note)
    session.flush()
    for one in due(session, now):
        if one[0] == older.id:
            send(session, one, keyring, now)


def _lapse(session: Session, alert: Alert, revision: AlertRevision, now: datetime) -> bool:
    if _take(session, revision, RevisionState.LAPSED):
        if alert.released_at is None:
            alert.state, alert.closed_at = AlertState.WITHDRAWN, now
        facts = {"revision": revision.number, "goes_at": revision.goes_at}
        note_change(session, now, SYSTEM, "alert.lapse", alert, facts)
        log.error("alert %s was released but its time was over before it was sent", alert.id)
    return False


def _take(session: Session, revision: AlertRevision, state: RevisionState) -> bool:
    """Claim a text that counts down; False when another has taken it, or it was undone."""
    taken = session.execute(
        update(AlertRevision)
        .where(
            AlertRevision.alert_id == revision.alert_id,
            AlertRevision.number == revision.number,
            AlertRevision.state == RevisionState.COUNTING,
        )
        .values(state=state)
        .execution_options(synchronize_session=False)
    )
    session.refresh(revision, ["state"])
    return getattr(taken, "rowcount", 0) == 1


def _facts(session: Session, alert: Alert, revision: AlertRevision, times: Times) -> dict[str, Any]:
    is_stop = revision.action in STOPS
    audio = revision.all_clear_audio if is_stop else revision.audio
    says = not is_stop or revision.speaks_all_clear
    return {
        "revision": revision.number,
        "rev": revision.rev,
        "digest": revision.digest,
        "action": revision.action,
        "status": alert.status,
        "hazard": alert.hazard,
        "level": alert.level,
        "publish_area": alert.publish_area_id,
        "target": revision.content["target"],
        "texts": (revision.all_clear if is_stop else revision.spoken) if says else {},
        "audio": {name: one["sha256"] for name, one in audio.items()} if says else {},
        "drafted_by": revision.created_by,
        "released_by": [one.login for one in releases(session, alert.id, revision.number)]
        or ([revision.by_source] if revision.by_source else []),
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "expires_at": times.exp,
        "supersedes": alert.supersedes,
    }


def _key(alert: Alert) -> str:
    return f"{alert.publish_area_id}/{alert.hazard}/{alert.status}"


def _signer(keyring: Keyring, status: str) -> Signer:
    """Return the key for real alerts, or the one that can say only drills and exercises."""
    return keyring.signer("alert" if status == AlertStatus.REAL else "drill")
