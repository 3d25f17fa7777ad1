"""Who must release an alert: rules as data, by the nearest area upward, the most specific first.

No rule relaxes what free text and alerts above a commune need, and nobody profits alone from a rule
that they changed within a day (R18). Too many releases need a second person, never get lost (R20).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import distinct, func, select, tuple_
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.content import stored_content
from controller.emergencies.errors import RuleMissing
from controller.emergencies.models import (
    Alert,
    AlertRelease,
    AlertRevision,
    AlertTemplate,
    ReleaseRule,
    RevisionState,
    TemplateState,
)
from controller.emergencies.service import current_revision
from controller.emergencies.target import WIDE
from controller.errors import Invalid
from controller.listing import above, below
from controller.people import audit
from controller.people.models import AuditEntry
from controller.people.rights import Actor, paths_for, require
from controller.programmes.service import origin_of
from wire.alert import AlertStatus, Hazard

COOLING = timedelta(hours=24)
PER_ACCOUNT, ACCOUNT_SPAN = 5, timedelta(minutes=10)
PER_AREA, AREA_SPAN = 20, timedelta(hours=1)
LONGEST_COUNTDOWN_S = 300
_SENT = (RevisionState.COUNTING, RevisionState.RELEASED)

WHY = {
    "drill": ("không phải tin thật: một người là đủ", "not real: one person is enough"),
    "default": ("chưa có quy tắc: cần hai người", "no rule: two people"),
    "rule": ("theo quy tắc của {area}", "by the rule of {area}"),
    "free_text": ("lời văn tự do luôn cần hai người", "free text always needs two people"),
    "wide": ("phạm vi trên cấp xã luôn cần hai người", "above a commune it always needs two"),
    "not_preauthorised": (
        "quy tắc chỉ dành cho mẫu đã duyệt trước",
        "the rule is for pre-authorised templates only",
    ),
    "own_rule": (
        "bạn vừa sửa quy tắc này trong 24 giờ qua",
        "you changed this rule within 24 hours",
    ),
    "limited": (
        "đã phát quá nhiều tin trong thời gian ngắn: cần người thứ hai",
        "too many releases in a short time: a second person is needed",
    ),
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a release needs: people, each with a second factor or not, and seconds to undo it.

    `why` are keys of `WHY`; `rule_id` is the rule that decided, None for the default.
    """

    people: int
    needs_second_factor: bool
    countdown_s: int = 0
    is_preauthorised: bool = False
    why: tuple[str, ...] = ()
    rule_id: int | None = None

    @property
    def is_limited(self) -> bool:
        """Whether a second person is needed only because there were so many (R20)."""
        return "limited" in self.why


STRICT = Needs(2, needs_second_factor=True, why=("default",))
RELAXED = Needs(1, needs_second_factor=False, why=("drill",))


def needs_of(
    session: Session, alert: Alert, revision: AlertRevision, actor: Actor, now: datetime
) -> Needs:
    """Return what the release of one text needs when this actor is to confirm it now."""
    template = _template(session, alert, revision)
    is_ready = template is not None and template.is_preauthorised
    if alert.status != AlertStatus.REAL:
        needs = replace(RELAXED, is_preauthorised=is_ready)
    else:
        needs = _of_real(session, alert, revision, actor, now, template)
    if needs.people >= 2 or is_lowering(alert, revision):
        return needs
    if _is_limited(session, alert, actor, now):
        return replace(needs, people=2, why=(*needs.why, "limited"))
    return needs


def rule_for(session: Session, area: Area, hazard: str, level: int) -> ReleaseRule | None:
    """Return the rule that holds in an area: the nearest, then the one that says most."""
    rows = session.scalars(
        select(ReleaseRule).where(
            ReleaseRule.area_id.in_(area.chain),
            (ReleaseRule.hazard == hazard) | ReleaseRule.hazard.is_(None),
            ReleaseRule.level_from <= level,
            ReleaseRule.level_to >= level,
        )
    ).all()
    chain = area.chain

    def rank(rule: ReleaseRule) -> tuple[int, bool, int, int]:
        span = rule.level_to - rule.level_from
        return (chain.index(rule.area_id), rule.hazard is not None, -span, rule.id)

    return max(rows, key=rank, default=None)


def is_lowering(alert: Alert, revision: AlertRevision) -> bool:
    """Return whether a text only lowers the level of what sounds, for nobody new."""
    before = current_revision(alert)
    if before is None or before.number == revision.number:
        return False
    old, new = stored_content(before.content), stored_content(revision.content)
    return new.level < old.level and (
        new.target.areas == old.target.areas
        and new.target.shapes == old.target.shapes
        and set(new.target.exceptions) >= set(old.target.exceptions)
    )


def why_words(needs: Needs) -> tuple[str, str]:
    """Return why a release needs what it needs, for people: in Vietnamese and in English."""
    told = [WHY[one] for one in needs.why if one != "rule"] or [("theo quy tắc", "by the rule")]
    return "; ".join(vi for vi, _ in told), "; ".join(en for _, en in told)


def set_rule(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    now: datetime,
    rule_id: int | None = None,
    hazard: str | None = None,
    level_from: int = 1,
    level_to: int = 5,
    people: int = 2,
    needs_second_factor: bool = True,
    preauthorised_only: bool = False,
    countdown_s: int = 0,
) -> ReleaseRule:
    """Write a rule of an area, or replace what rule `rule_id` of it says."""
    area = find_area(session, area_id)
    require(actor, "alert.rules", area)
    _check(hazard, level_from, level_to, people, countdown_s)
    row = ReleaseRule(area_id=area.id) if rule_id is None else rule_of(session, actor, rule_id)
    if row.area_id != area.id:
        raise RuleMissing(id=rule_id)
    row.hazard, row.level_from, row.level_to = hazard, level_from, level_to
    row.people, row.needs_second_factor = people, needs_second_factor
    row.preauthorised_only, row.countdown_s = preauthorised_only, countdown_s
    row.changed_by, row.changed_at = actor.login, now
    session.add(row)
    session.flush()
    _note(session, now, actor, "alert.rule", row)
    return row


def remove_rule(session: Session, *, actor: Actor, rule_id: int, now: datetime) -> None:
    """Remove a rule; then the next one upward holds, at last the default of two people."""
    row = rule_of(session, actor, rule_id)
    require(actor, "alert.rules", find_area(session, row.area_id))
    _note(session, now, actor, "alert.rule_removed", row)
    session.delete(row)


def rule_of(session: Session, actor: Actor, rule_id: int) -> ReleaseRule:
    """Return a rule that the actor can see, or raise RuleMissing."""
    row = session.get(ReleaseRule, rule_id)
    if row is None or row not in rules(session, actor):
        raise RuleMissing(id=rule_id)
    return row


def rules(session: Session, actor: Actor) -> Sequence[ReleaseRule]:
    """Return the rules of the actor's areas and of those above, the highest area first."""
    tops = paths_for(actor, "view")
    rows = select(ReleaseRule).join(Area, Area.id == ReleaseRule.area_id)
    rows = rows.where(below(Area.path, tops) | above(Area.path, tops))
    return session.scalars(rows.order_by(Area.path, ReleaseRule.id)).all()


def _of_real(
    session: Session,
    alert: Alert,
    revision: AlertRevision,
    actor: Actor,
    now: datetime,
    template: AlertTemplate | None,
) -> Needs:
    area = find_area(session, alert.publish_area_id)
    content = stored_content(revision.content)
    is_ready = template is not None and template.is_preauthorised
    rule = rule_for(session, area, content.hazard, content.level)
    needs = replace(STRICT, is_preauthorised=is_ready)
    if rule is not None:
        needs = Needs(
            rule.people,
            rule.needs_second_factor,
            rule.countdown_s,
            is_ready,
            ("rule",),
            rule.id,
        )
        if rule.preauthorised_only and not is_ready:
            needs = _stricter(needs, "not_preauthorised")
        if _changed_rules(session, actor, area, now):
            needs = _stricter(needs, "own_rule")
    if template is None and needs.people < 2:
        needs = replace(needs, people=2, why=(*needs.why, "free_text"))
    if origin_of(area) in WIDE and needs.people < 2:
        needs = replace(needs, people=2, why=(*needs.why, "wide"))
    return needs


def _changed_rules(session: Session, actor: Actor, area: Area, now: datetime) -> bool:
    """Return whether the actor wrote or removed a rule for this area within a day (R18)."""
    mine = select(AuditEntry.number).where(
        AuditEntry.object_type == "release_rule",
        AuditEntry.who == actor.login,
        AuditEntry.at > now - COOLING,
        AuditEntry.area_id.in_(area.chain),
    )
    return session.scalar(mine.limit(1)) is not None


def _stricter(needs: Needs, why: str) -> Needs:
    return replace(needs, people=2, needs_second_factor=True, why=(*needs.why, why))


def _template(session: Session, alert: Alert, revision: AlertRevision) -> AlertTemplate | None:
    """Return the approved template whose very words a text is, None for free text."""
    if not revision.is_prepared or alert.template_id is None:
        return None
    template = session.get(AlertTemplate, alert.template_id)
    is_good = (
        template is not None
        and template.state == TemplateState.APPROVED
        and template.version == revision.template_version
    )
    return template if is_good else None


def _is_limited(session: Session, alert: Alert, actor: Actor, now: datetime) -> bool:
    of_release = tuple_(AlertRelease.alert_id, AlertRelease.revision)
    sent = select(AlertRevision.alert_id, AlertRevision.number).where(
        AlertRevision.state.in_(_SENT), AlertRevision.action.in_(("alert", "update"))
    )
    by_account = select(func.count(distinct(AlertRelease.id))).where(
        AlertRelease.person_id == actor.person_id,
        AlertRelease.at > now - ACCOUNT_SPAN,
        of_release.in_(sent),
    )
    in_area = (
        select(func.count())
        .select_from(AlertRevision)
        .join(Alert, Alert.id == AlertRevision.alert_id)
        .where(
            Alert.area_id == alert.area_id,
            AlertRevision.state.in_(_SENT),
            AlertRevision.action.in_(("alert", "update")),
            AlertRevision.goes_at > now - AREA_SPAN,
        )
    )
    return (session.scalar(by_account) or 0) >= PER_ACCOUNT or (
        session.scalar(in_area) or 0
    ) >= PER_AREA


def _check(
    hazard: str | None, level_from: int, level_to: int, people: int, countdown_s: int
) -> None:
    if hazard is not None and hazard not in set(Hazard):
        raise Invalid(field="hazard", why_vi="không có loại này", why_en="there is no such hazard")
    if not 1 <= level_from <= level_to <= 5:
        raise Invalid(field="level_from", why_vi="cấp từ 1 đến 5", why_en="levels are 1 to 5")
    if people not in {1, 2}:
        raise Invalid(field="people", why_vi="một hoặc hai người", why_en="one or two people")
    if not 0 <= countdown_s <= LONGEST_COUNTDOWN_S:
        raise Invalid(field="countdown_s", why_vi="từ 0 đến 300 giây", why_en="is 0 to 300 seconds")


def _note(session: Session, now: datetime, actor: Actor, action: str, row: ReleaseRule) -> None:
    facts = {
        "hazard": row.hazard or "any",
        "levels": [row.level_from, row.level_to],
        "people": row.people,
        "second_factor": row.needs_second_factor,
        "preauthorised_only": row.preauthorised_only,
        "countdown_s": row.countdown_s,
    }
    audit.record(session, now, actor.login, action, "release_rule", row.id, row.area_id, facts)
