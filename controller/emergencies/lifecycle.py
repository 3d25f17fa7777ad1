"""Cancel and end: immediate, by the owner's level or above, and never limited (R4, R20).

An update is a new text (`drafting.redraft_alert`) that needs its own release. What a cancel or end
speaks is worded by us and was spoken with the alert: it does not wait and says nothing new.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from controller import wake
from controller.emergencies.models import Alert, AlertRevision, AlertState, RevisionState
from controller.emergencies.service import (
    NAME,
    OPEN,
    current_revision,
    newest_revision,
    note_change,
    open_alert,
    require_state,
)
from controller.people.rights import Actor
from wire.alert import AlertAction


def cancel_alert(
    session: Session,
    *,
    actor: Actor,
    alert_id: str,
    now: datetime,
    all_clear: bool = True,
    note: str = "",
) -> Alert:
    """Take an alert back wherever it stands: silence the horns, or stop it before it goes out.

    Cancelling twice is once. With `all_clear` the horns that sounded it say that it is over.
    """
    alert = open_alert(session, actor, alert_id, "alert.cancel")
    if alert.state in {AlertState.CANCELLED, AlertState.WITHDRAWN}:
        return alert
    require_state(
        alert,
        AlertState.DRAFTED,
        AlertState.AWAITING,
        AlertState.COUNTING,
        AlertState.RELEASED,
    )
    return stop(
        session, alert, AlertAction.CANCEL, actor.login, now, all_clear=all_clear, note=note
    )


def end_alert(
    session: Session,
    *,
    actor: Actor,
    alert_id: str,
    now: datetime,
    all_clear: bool = True,
    note: str = "",
) -> Alert:
    """End an alert that sounds, before its own end; twice is once."""
    alert = open_alert(session, actor, alert_id, "alert.cancel")
    if alert.state == AlertState.ENDED:
        return alert
    require_state(alert, AlertState.RELEASED)
    return stop(session, alert, AlertAction.END, actor.login, now, all_clear=all_clear, note=note)


def stop(
    session: Session,
    alert: Alert,
    action: AlertAction,
    who: str,
    now: datetime,
    *,
    all_clear: bool,
    note: str = "",
) -> Alert:
    """Write the cancel or end of a locked alert, to be sent at once; texts on their way go too."""
    for revision in alert.revisions:
        if revision.state in OPEN:
            revision.state = RevisionState.WITHDRAWN
    said = current_revision(alert)
    if said is None:
        alert.state, alert.closed_at = AlertState.WITHDRAWN, now
    else:
        alert.state = AlertState.CANCELLED if action is AlertAction.CANCEL else AlertState.ENDED
        alert.closed_at, alert.active_key = now, None
        _add_stop(session, alert, said, action, who, now, all_clear=all_clear, note=note)
        wake.ask(session, NAME)
    facts = {"all_clear": all_clear and said is not None, "note": note}
    name = "alert.cancel" if action is AlertAction.CANCEL else "alert.end"
    note_change(session, now, who, name, alert, facts)
    return alert


def _add_stop(
    session: Session,
    alert: Alert,
    said: AlertRevision,
    action: AlertAction,
    who: str,
    now: datetime,
    *,
    all_clear: bool,
    note: str,
) -> None:
    session.add(
        AlertRevision(
            alert_id=alert.id,
            number=newest_revision(alert).number + 1,
            action=action,
            state=RevisionState.COUNTING,
            content=said.content,
            spoken=said.spoken,
            audio=said.audio,
            all_clear=said.all_clear,
            all_clear_audio=said.all_clear_audio,
            speaks_all_clear=all_clear,
            is_prepared=True,
            issued_at=said.issued_at,
            created_by=who,
            created_at=now,
            goes_at=now,
            note=note[:2000],
        )
    )
    session.flush()
    session.expire(alert, ["revisions"])
