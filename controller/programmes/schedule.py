"""Use cases of schedule rules: create, change, move or cancel one occurrence, pause, delete.

A person schedules only onto areas and clusters below an own one, and changes a rule only with that
right on everything it targets. Every change is audited and asks for new plans at its old and new
targets. The caller commits.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Conflict, Invalid
from controller.people import audit
from controller.people.rights import Actor, allows, require
from controller.programmes.errors import RuleMissing, translated
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule
from controller.programmes.rules import next_occurrences, rule_of
from controller.programmes.service import programme_of
from controller.programmes.targets import (
    Targets,
    overlaps,
    refuse_silent,
    targets_of,
    targets_of_all,
)
from controller.replan import replan
from schedules.recurrence import to_utc
from schedules.rules import DEFAULT_ZONE, Occurrence, Rule, expand

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class RuleDraft:
    """A schedule rule as people write it; see `schedules.rules.Rule` for what each part means.

    Wall times are naive. `duration_ms` None takes the programme's length.
    """

    dtstart: datetime
    zone: str = DEFAULT_ZONE
    rrule: str | None = None
    lunar: str | None = None
    exdates: tuple[date, ...] = ()
    rdates: tuple[datetime, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    duration_ms: int | None = None
    target_areas: tuple[str, ...] = ()
    target_clusters: tuple[str, ...] = ()


def create_rule(
    session: Session, *, actor: Actor, programme_id: str, draft: RuleDraft, now: datetime
) -> ScheduleRule:
    """Let a programme play by a rule.

    Raises ProgrammeMissing, NotAllowed, Invalid, ScheduleRefused, NothingToCome, OnlyInHardStop,
    and Conflict for a programme that is archived or has no version.
    """
    programme = programme_of(session, actor, programme_id)
    row, targets, _ = _checked(session, actor, programme, draft, now)
    session.add(row)
    session.flush()
    _note(session, now, actor, "schedule.create", row, targets)
    return row


def preview_rule(
    session: Session, *, actor: Actor, programme_id: str, draft: RuleDraft, now: datetime
) -> tuple[Occurrence, ...]:
    """Return the next ten occurrences of a rule that is not saved; raises as `create_rule`."""
    programme = programme_of(session, actor, programme_id)
    return next_occurrences(_checked(session, actor, programme, draft, now)[2], now)


def change_rule(
    session: Session, *, actor: Actor, rule_id: str, draft: RuleDraft, now: datetime
) -> ScheduleRule:
    """Replace what a rule says; occurrences moved or cancelled stay so where they still exist."""
    row, old_targets = _editable(session, actor, rule_id)
    fresh, targets, _ = _checked(session, actor, row.programme, draft, now, row.moves)
    before = facts_of(row)
    for name in facts_of(fresh):
        setattr(row, name, getattr(fresh, name))
    if facts_of(row) != before:
        _note(session, now, actor, "schedule.change", row, old_targets | targets, {"old": before})
    return row


def move_occurrence(
    session: Session,
    *,
    actor: Actor,
    rule_id: str,
    original: datetime,
    moved_to: datetime | None,
    now: datetime,
) -> ScheduleRule:
    """Let one occurrence, named by its original naive start, begin at another; None cancels it.

    Raises Conflict when the rule has no such occurrence or it is over. Twice is once.
    """
    row, targets = _editable(session, actor, rule_id)
    with translated():
        rule = rule_of(row, _length_ms(session, row.programme, row.duration_ms))
        _refuse_absent(rule, original, now)
    moves = {**row.moves, original.isoformat(): moved_to.isoformat() if moved_to else None}
    with translated():
        rule_of(_with(row, moves=moves), 1000)
    _set_moves(session, now, actor, row, moves, targets)
    return row


def cancel_occurrence(
    session: Session, *, actor: Actor, rule_id: str, original: datetime, now: datetime
) -> ScheduleRule:
    """Let one occurrence not play; raises as `move_occurrence`."""
    return move_occurrence(
        session, actor=actor, rule_id=rule_id, original=original, moved_to=None, now=now
    )


def restore_occurrence(
    session: Session, *, actor: Actor, rule_id: str, original: datetime, now: datetime
) -> ScheduleRule:
    """Undo the moving or cancelling of one occurrence."""
    row, targets = _editable(session, actor, rule_id)
    moves = {key: moved for key, moved in row.moves.items() if key != original.isoformat()}
    _set_moves(session, now, actor, row, moves, targets)
    return row


def pause_rule(
    session: Session, *, actor: Actor, rule_id: str, is_active: bool, now: datetime
) -> ScheduleRule:
    """Stop a rule for a while, or let it go on; its text stays."""
    row, targets = _editable(session, actor, rule_id)
    if row.is_active != is_active:
        row.is_active = is_active
        action = "schedule.resume" if is_active else "schedule.pause"
        _note(session, now, actor, action, row, targets)
    return row


def delete_rule(session: Session, *, actor: Actor, rule_id: str, now: datetime) -> None:
    """Remove a rule; what it said stays in the audit chain."""
    row, targets = _editable(session, actor, rule_id)
    _note(session, now, actor, "schedule.delete", row, targets)
    session.delete(row)
    session.flush()


def find_rule(session: Session, actor: Actor, rule_id: str) -> ScheduleRule:
    """Return a rule that the actor can see: something it targets is theirs or holds theirs."""
    row = session.get(ScheduleRule, rule_id)
    if row is None or not overlaps(targets_of(session, row), actor):
        raise RuleMissing(id=rule_id)
    return row


def may_edit(session: Session, actor: Actor, row: ScheduleRule) -> bool:
    """Return whether the actor may change a rule: they have the right on all that it targets."""
    places = targets_of(session, row).places
    return all(allows(actor, "schedule.edit", area) for area in places)


def rules(
    session: Session, actor: Actor, *, programme_id: str | None = None
) -> tuple[ScheduleRule, ...]:
    """Return the rules that the actor can see, of one programme or of all that are alive."""
    rows = select(ScheduleRule).join(ScheduleRule.programme).order_by(ScheduleRule.id)
    if programme_id is None:
        rows = rows.where(Programme.archived_at.is_(None))
    else:
        rows = rows.where(ScheduleRule.programme_id == programme_id)
    found = session.scalars(rows).all()
    placed = zip(found, targets_of_all(session, found), strict=True)
    return tuple(row for row, targets in placed if overlaps(targets, actor))


def occurrences_of(
    session: Session, row: ScheduleRule, now: datetime, count: int = 10
) -> tuple[Occurrence, ...]:
    """Return the next occurrences of a stored rule, as `next_occurrences`."""
    with translated():
        length_ms = _length_ms(session, row.programme, row.duration_ms)
        return next_occurrences(rule_of(row, length_ms), now, count)


def facts_of(row: ScheduleRule) -> dict[str, Any]:
    """Return what a rule says, by the names of its columns."""
    names = (*RuleDraft.__dataclass_fields__, "moves")
    return {name: getattr(row, name) for name in names}


def _checked(
    session: Session,
    actor: Actor,
    programme: Programme,
    draft: RuleDraft,
    now: datetime,
    moves: dict[str, Any] | None = None,
) -> tuple[ScheduleRule, Targets, Rule]:
    if programme.archived_at is not None:
        raise Conflict(why_vi="Chương trình đã lưu trữ", why_en="The programme is archived")
    row = _row(programme, draft, actor, now, moves or {})
    targets = targets_of(session, row)
    _require_targets(actor, row, targets)
    with translated():
        rule = rule_of(row, _length_ms(session, programme, draft.duration_ms))
        refuse_silent(session, rule, targets, programme.broadcast_class, now)
    return row, targets, rule


def _row(
    programme: Programme, draft: RuleDraft, actor: Actor, now: datetime, moves: dict[str, Any]
) -> ScheduleRule:
    return ScheduleRule(
        id=f"r-{uuid4().hex[:12]}",
        programme_id=programme.id,
        dtstart=draft.dtstart.isoformat(),
        zone=draft.zone,
        rrule=draft.rrule or None,
        lunar=draft.lunar or None,
        exdates=sorted({day.isoformat() for day in draft.exdates}),
        rdates=sorted({time.isoformat() for time in draft.rdates}),
        moves=dict(moves),
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        duration_ms=draft.duration_ms,
        target_areas=sorted(set(draft.target_areas)),
        target_clusters=sorted(set(draft.target_clusters)),
        is_active=True,
        created_by=actor.login,
        created_at=now,
    )


def _with(row: ScheduleRule, *, moves: dict[str, Any]) -> ScheduleRule:
    """Return a copy that no session knows, to try other moves on."""
    return ScheduleRule(id=row.id, **{**facts_of(row), "moves": moves})


def _require_targets(actor: Actor, row: ScheduleRule, targets: Targets) -> None:
    if not row.target_areas and not row.target_clusters:
        raise Invalid(
            field="target_areas",
            why_vi="hãy chọn ít nhất một địa bàn hoặc cụm loa",
            why_en="choose at least one area or cluster",
        )
    missing = set(row.target_areas) - targets.areas.keys()
    missing |= set(row.target_clusters) - targets.clusters.keys()
    if missing:
        names = ", ".join(sorted(missing))[:200]
        raise Invalid(field="target", why_vi=f"không có {names}", why_en=f"there is no {names}")
    for area in targets.places:
        require(actor, "schedule.edit", area)


def _editable(session: Session, actor: Actor, rule_id: str) -> tuple[ScheduleRule, Targets]:
    row = find_rule(session, actor, rule_id)
    session.refresh(row, with_for_update=True)
    targets = targets_of(session, row)
    for area in targets.places:
        require(actor, "schedule.edit", area)
    return row, targets


def _length_ms(session: Session, programme: Programme, own_ms: int | None) -> int:
    newest = session.scalar(
        select(ProgrammeVersion.duration_ms)
        .where(ProgrammeVersion.programme_id == programme.id)
        .order_by(ProgrammeVersion.number.desc())
        .limit(1)
    )
    length_ms = own_ms or newest
    if length_ms is None:
        raise Conflict(
            why_vi="Chương trình chưa có nội dung, hãy soạn trước khi đặt lịch",
            why_en="The programme has no items yet; write a version before you schedule it",
        )
    return length_ms


def _refuse_absent(rule: Rule, original: datetime, now: datetime) -> None:
    start = to_utc(original, rule.zone_info) if 1970 <= original.year <= 2100 else now
    plain = replace(rule, overrides=())
    if not any(one.original == original for one in expand(plain, start, start + _MOMENT)):
        raise Conflict(
            why_vi=f"Lịch này không có lần phát lúc {original.isoformat(' ')}",
            why_en=f"This rule has no occurrence at {original.isoformat(' ')}",
        )
    moved = {override.original: override.moved_to for override in rule.overrides}
    local = moved.get(original) or original
    if to_utc(local, rule.zone_info) + rule.duration <= now:
        raise Conflict(why_vi="Lần phát này đã qua", why_en="That occurrence is over")


def _set_moves(
    session: Session,
    now: datetime,
    actor: Actor,
    row: ScheduleRule,
    moves: dict[str, Any],
    targets: Targets,
) -> None:
    if moves == row.moves:
        return
    before = dict(row.moves)
    row.moves = moves
    _note(session, now, actor, "schedule.move", row, targets, {"old": {"moves": before}})


def _note(
    session: Session,
    now: datetime,
    actor: Actor,
    action: str,
    row: ScheduleRule,
    targets: Targets,
    more: dict[str, Any] | None = None,
) -> None:
    facts = {"programme": row.programme_id, "rule": facts_of(row), **(more or {})}
    area_id = session.get_one(Programme, row.programme_id).area_id
    audit.record(session, now, actor.login, action, "schedule_rule", row.id, area_id, facts)
    replan(session, areas=sorted(targets.areas), clusters=sorted(targets.clusters), now=now)
