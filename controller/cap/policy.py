"""Whether an accepted warning may go out without an officer: what its source and words must be.

A pure decision; the first thing that speaks against it is its reason, kept with the proposal. What
the place must have for it (a template, a rule, silence) is `emergencies/unattended.py`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.cap.hazards import Tables, hazard_of, level_of
from controller.cap.judging import Outcome, Verdict
from controller.cap.message import Info, Message
from controller.cap.reasons import Reason, because
from controller.cap.signature import Standing

FRESH_FOR = timedelta(minutes=30)
"""What was sent longer ago was held up, or is played back by somebody: an officer looks at it."""
SAYS_IT_IS_OVER = "AllClear"


def held_back(verdict: Verdict, upto: int, now: datetime, tables: Tables) -> Reason | None:
    """Return why a warning is only proposed by a source that may release up to level `upto`.

    None when nothing of the message speaks against it.
    """
    message = verdict.message
    if message is None or verdict.outcome is not Outcome.ACCEPTED or message.status != "Actual":
        return because("only_proposes")
    if verdict.signature is not Standing.VALID:
        return because("not_signed")
    if verdict.level is None or verdict.level > upto:
        return because("level_above", level=verdict.level, upto=upto)
    if message.sent < now - FRESH_FOR:
        minutes = FRESH_FOR // timedelta(minutes=1)
        return because("sent_long_ago", sent=message.sent.isoformat(), minutes=minutes)
    return _of_infos(message, now, tables)


def _of_infos(message: Message, now: datetime, tables: Tables) -> Reason | None:
    infos = message.infos_in_force(now)
    if any(now < message.starts_at(info) for info in infos):
        return because("begins_later")
    if any(_is_no_threat(info) for info in infos):
        return because("no_threat")
    hazards = {hazard_of(info, now, tables) for info in infos} - {None}
    if not hazards:
        return because("hazard_unsure", event=infos[0].event if infos else "")
    if len(hazards) > 1 or len(_levels(infos, now, tables)) > 1:
        return because("several_things")
    return None


def _levels(infos: Iterable[Info], now: datetime, tables: Tables) -> set[int]:
    return {level_of(info, now, tables) for info in infos}


def _is_no_threat(info: Info) -> bool:
    return (
        SAYS_IT_IS_OVER in info.responses or info.urgency == "Past" or info.certainty == "Unlikely"
    )
