"""The verdict on a message: accepted, ignored or refused, and why, in this order of questions.

Can it be read? Is it genuine, as far as its source must be? Does it make sense? Only then: is there
anything to do? What must not be believed is refused before it can be ignored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from lxml import etree

from controller.cap.hazards import Tables, hazard_of, level_of, shipped
from controller.cap.meaning import understand
from controller.cap.message import Message
from controller.cap.reading import read_tree
from controller.cap.reasons import CapRefused, Reason, because
from controller.cap.signature import Judgement, Standing, judge_signature
from controller.cap.xml import parse
from wire.alert import Hazard

CLOCKS_DIFFER_BY = timedelta(minutes=5)
ANSWERS = frozenset({"Ack", "Error"})


class Outcome(StrEnum):
    """What becomes of a message."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Policy:
    """What one source owes: its pinned certificates, and whether it is open (may be unsigned).

    Being open never makes a wrong or unknown signature right: what is signed is judged as signed.
    """

    pinned: tuple[x509.Certificate, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """Who a message says it is; believed no more than the verdict allows."""

    identifier: str
    status: str
    msg_type: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its reason, and as much of the message as was understood.

    `hazard` and `level` are those of the gravest info that is in force, or of all when none is.
    """

    outcome: Outcome
    reason: Reason
    signature: Standing = Standing.NONE
    heading: Heading | None = None
    message: Message | None = None
    hazard: Hazard | None = None
    level: int | None = None
    notes: tuple[Reason, ...] = ()
    signer: str = ""


def judge(content: bytes, policy: Policy, now: datetime, tables: Tables | None = None) -> Verdict:
    """Return the verdict on the bytes of one message at an instant; never raises for content."""
    try:
        root = parse(content)
    except CapRefused as refused:
        return Verdict(Outcome.REFUSED, refused.reason)
    signature = judge_signature(root, policy.pinned, now)
    try:
        message, notes = understand(read_tree(content, root))
    except CapRefused as refused:
        reason = signature.reason or refused.reason
        heading = _heading(root)
        return Verdict(
            Outcome.REFUSED, reason, signature.standing, heading, signer=signature.signer
        )
    return _weigh(message, notes, signature, policy, now, tables or shipped())


def _weigh(
    message: Message,
    notes: tuple[Reason, ...],
    signature: Judgement,
    policy: Policy,
    now: datetime,
    tables: Tables,
) -> Verdict:
    outcome, reason = _outcome(message, signature, policy, now)
    hazard, level, more = _grade(message, now, tables)
    return Verdict(
        outcome,
        reason,
        signature.standing,
        Heading(message.identifier, message.status, message.msg_type),
        message,
        hazard,
        level,
        notes + more,
        signature.signer,
    )


def _outcome(
    message: Message, signature: Judgement, policy: Policy, now: datetime
) -> tuple[Outcome, Reason]:
    distrust = _distrust(signature, policy)
    if distrust is None and message.sent > now + CLOCKS_DIFFER_BY:
        distrust = because("from_future", sent=_written(message.sent))
    if distrust is not None:
        return Outcome.REFUSED, distrust
    idle = _nothing_to_do(message)
    if idle is not None:
        return Outcome.IGNORED, idle
    if message.msg_type == "Cancel":
        return Outcome.ACCEPTED, because("cancels", count=len(message.references))
    return _in_time(message, now)


def _nothing_to_do(message: Message) -> Reason | None:
    """Return why nobody outside must hear a message, whatever its time."""
    if message.status != "Actual":
        return because("not_actual", status=message.status)
    if message.scope != "Public":
        return because("not_public", scope=message.scope)
    if message.msg_type in ANSWERS:
        return because("no_action", msg_type=message.msg_type)
    return None


def _distrust(signature: Judgement, policy: Policy) -> Reason | None:
    if signature.reason is not None:
        return signature.reason
    if signature.standing is Standing.NONE and not policy.is_open:
        return because("unsigned")
    return None


def _in_time(message: Message, now: datetime) -> tuple[Outcome, Reason]:
    holding = message.infos_in_force(now)
    if not holding:
        ends_at = max(message.ends_at(info) for info in message.infos)
        return Outcome.IGNORED, because("expired", ends_at=_written(ends_at))
    starts_at = min(message.starts_at(info) for info in holding)
    if now < starts_at:
        return Outcome.ACCEPTED, because("in_force_later", starts_at=_written(starts_at))
    ends_at = max(message.ends_at(info) for info in holding)
    return Outcome.ACCEPTED, because("in_force", ends_at=_written(ends_at))


def _grade(
    message: Message, now: datetime, tables: Tables
) -> tuple[Hazard | None, int | None, tuple[Reason, ...]]:
    infos = message.infos_in_force(now) or message.infos
    if not infos:
        return None, None, ()
    graded = [(level_of(info, now, tables), hazard_of(info, now, tables)) for info in infos]
    level = max(level for level, _ in graded)
    gravest = [hazard for one, hazard in graded if one == level and hazard is not None]
    everything = gravest + [one for _, one in graded if one is not None]
    known = min(everything, key=lambda one: one is Hazard.OTHER, default=None)
    if known is None:
        return Hazard.OTHER, level, (because("unmapped_event", event=infos[0].event),)
    return known, level, ()


def _heading(root: etree._Element) -> Heading | None:
    """Return who a message says it is, when the rest of it makes no sense; for the record."""
    if etree.QName(root).localname != "alert":
        return None
    names = ("identifier", "status", "msgType")
    return Heading(*((root.findtext(f"{{*}}{name}") or "").strip()[:200] for name in names))


def _written(at: datetime) -> str:
    return at.isoformat()
