"""One warning as a page or the API shows it: its words, its verdict, what it would do here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.cap.judging import Policy, judge
from controller.cap.message import Info, Message
from controller.cap.models import CapMessage, CapProposal, CapSource, ProposalState
from controller.cap.reasons import Reason
from controller.cap.vocabulary import Vocabulary
from controller.people.models import AuditEntry
from controller.people.rights import Actor, allows
from controller.warnings.finding import proposals_of
from controller.warnings.matched import Matched, match
from wire.alert import AlertAction


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposal of a warning, and what the actor may do with it now; `why` it was dismissed."""

    row: CapProposal
    may_take_up: bool
    may_dismiss: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A warning. `message` is None where its bytes could not be understood: `row` says why."""

    row: CapMessage
    source: CapSource
    area: Area
    message: Message | None
    notes: tuple[Reason, ...]
    matched: Matched
    offers: tuple[Offered, ...]

    @property
    def infos(self) -> tuple[Info, ...]:
        """Return what it says, or nothing."""
        return self.message.infos if self.message else ()

    @property
    def ends_at(self) -> datetime | None:
        """Return when the last of it ends, by the rules that judged it."""
        if self.message is None or not self.infos:
            return None
        return max(self.message.ends_at(info) for info in self.infos)

    @property
    def starts_at(self) -> datetime | None:
        """Return when the first of it begins."""
        if self.message is None or not self.infos:
            return None
        return min(self.message.starts_at(info) for info in self.infos)


def shown(
    session: Session, actor: Actor, row: CapMessage, words: Vocabulary, now: datetime
) -> Shown:
    """Return a warning that the actor sees, with all that was known when it came.

    The verdict is the one of that instant, as it is kept; only its content is read again, in the
    `words` of the site.
    """
    source = session.get_one(CapSource, row.source_id)
    area = find_area(session, source.area_id)
    again = judge(row.content, Policy(is_open=True), row.received_at, words.tables)
    message = again.message
    infos = message.infos_in_force(row.received_at) or message.infos if message else ()
    matched = match(session, area, infos, words.schemes, now.date()) if infos else Matched()
    return Shown(
        row=row,
        source=source,
        area=area,
        message=message,
        notes=tuple(dict.fromkeys(again.notes + matched.notes)),
        matched=matched,
        offers=tuple(
            _offered(session, actor, area, one, now) for one in proposals_of(session, row)
        ),
    )


def _offered(
    session: Session, actor: Actor, area: Area, row: CapProposal, now: datetime
) -> Offered:
    is_cancel = row.action == AlertAction.CANCEL
    is_open = row.state == ProposalState.OPEN and (is_cancel or row.ends_at > now)
    return Offered(
        row=row,
        may_take_up=is_open and allows(actor, "alert.cancel" if is_cancel else "alert.draft", area),
        may_dismiss=is_open and allows(actor, "alert.draft", area),
        why=_why(session, row) if row.state == ProposalState.DISMISSED else "",
    )


def _why(session: Session, row: CapProposal) -> str:
    """Return the reason that the officer gave, from the audit chain."""
    told = select(AuditEntry.facts).where(
        AuditEntry.action == "cap.dismiss",
        AuditEntry.object_type == "proposal",
        AuditEntry.object_id == str(row.id),
    )
    facts = session.scalar(told.order_by(AuditEntry.number.desc()).limit(1)) or {}
    return str(facts.get("why", ""))
