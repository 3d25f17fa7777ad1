"""What a schedule rule would change before it is saved: what it silences, what silences it.

Compiles the outputs that the rule concerns with and as if it were approved; writes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from controller.listing import LARGEST_LIMIT
from controller.plans.compile import Compiler
from controller.plans.network import Network, OutputView, RuleView, Scope, load_network
from controller.plans.reach import concerned, explain_excess
from controller.programmes.models import Programme, ScheduleRule
from controller.programmes.rules import rule_of
from schedules.explain import Sentence
from schedules.explain_timeline import explain_conflict, explain_loss
from schedules.filters import Policy
from schedules.slots import Loss, Timeline

MOST = 12
MOST_OUTPUTS = LARGEST_LIMIT


@dataclass(frozen=True, slots=True)
class Preview:
    """How many outputs would sound, and at most 12 sentences on what collides, by time.

    `excess` says where it would sound on more clusters than it is for; at most 12 sentences too.
    """

    outputs: int
    conflicts: tuple[Sentence, ...]
    excess: tuple[Sentence, ...] = ()


def preview(session: Session, row: ScheduleRule, now: datetime, *, days: int, zone: str) -> Preview:
    """Return what a rule would change in the days of a plan; `row` need not be stored.

    A stored rule of the same id is replaced. Raises `schedules` errors for a rule that is none.
    """
    scope = Scope(areas=frozenset(row.target_areas), clusters=frozenset(row.target_clusters))
    network = load_network(session, zone, scope)
    view = _view(session.get_one(Programme, row.programme_id), row)
    others = tuple(one for one in network.rules if one.rule.id != view.rule.id)
    compiler = Compiler(replace(network, rules=(*others, view)), now, days, zone)
    found: dict[Sentence, datetime] = {}
    outputs = [one for one in _outputs(network) if concerned(view, one[0])]
    for output, policy in outputs[:MOST_OUTPUTS]:
        timeline = compiler.timeline(output, policy)
        for at, sentence in _sentences(timeline, view, (*others, view), now):
            found.setdefault(sentence, at)
    by_time = sorted(found, key=lambda sentence: (found[sentence], sentence))
    excess = explain_excess(session, view, network)
    return Preview(len(outputs), tuple(by_time[:MOST]), excess[:MOST])


def _view(programme: Programme, row: ScheduleRule) -> RuleView:
    newest = programme.versions[-1]
    return RuleView(
        rule=rule_of(row, newest.duration_ms),
        programme_id=programme.id,
        title=programme.title,
        version=newest.number,
        items=tuple(newest.items),
        broadcast_class=programme.broadcast_class,
        origin=programme.origin,
        resume=programme.resume,
        areas=frozenset(row.target_areas),
        clusters=frozenset(row.target_clusters),
    )


def _outputs(network: Network) -> Iterator[tuple[OutputView, Policy]]:
    for device in network.devices:
        for output in device.outputs:
            yield output, network.policies[device.chain[-1]]


def _sentences(
    timeline: Timeline, view: RuleView, views: Iterable[RuleView], now: datetime
) -> Iterator[tuple[datetime, Sentence]]:
    titles = _titles(timeline, {one.rule.id: one for one in views})
    for loss in timeline.losses:
        if loss.end > now and view.rule.id in _rules_of(loss):
            yield loss.start, explain_loss(loss, titles)
    for conflict in timeline.conflicts:
        parts = (conflict.default, conflict.other)
        if conflict.end > now and view.rule.id in {one.occurrence.rule_id for one in parts}:
            yield conflict.start, explain_conflict(conflict, titles)


def _rules_of(loss: Loss) -> set[str]:
    parts = (loss.candidate, loss.to)
    return {one.occurrence.rule_id for one in parts if one is not None}


def _titles(timeline: Timeline, views: dict[str, RuleView]) -> dict[str, str]:
    """Return what people call each occurrence: the programme and its local start."""
    candidates = [loss.candidate for loss in timeline.losses]
    candidates += [loss.to for loss in timeline.losses if loss.to is not None]
    titles = {}
    for one in candidates:
        view = views[one.occurrence.rule_id]
        start = one.occurrence.start.astimezone(view.rule.zone_info)
        titles[one.id] = f"“{view.title}” {start:%H:%M %d/%m}"
    return titles
