"""One output's timeline: examples with real days, and the properties that always hold."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedules.errors import ScheduleError
from schedules.filters import Hours, Policy
from schedules.precedence import BroadcastClass, Origin, Rank, Rung
from schedules.rules import Occurrence
from schedules.timeline import (
    Candidate,
    LossKind,
    Resume,
    Slot,
    Timeline,
    arrange,
    concatenate,
)

MONDAY = datetime(2026, 1, 4, 17, tzinfo=UTC)  # Monday 5 January 2026, 00:00 in Vietnam
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WINDOW = (MONDAY, MONDAY + timedelta(days=2))
ALWAYS = Policy(hard_stop=None, night=None)
# no deadline: the machine may be busy with anything
steady = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(clock: str) -> datetime:
    """Return Monday's instant of a Vietnamese wall time such as `17:00`; `29:00` is Tuesday 5."""
    hours, minutes = map(int, clock.split(":"))
    return MONDAY + hours * HOUR + minutes * MINUTE


def candidate(
    name: str,
    start: str,
    end: str,
    broadcast_class: BroadcastClass = BroadcastClass.NORMAL,
    origin: Origin = Origin.COMMUNE,
    rung: Rung = Rung.PROGRAMME,
    level: int = 0,
    **fields: object,
) -> Candidate:
    occurrence = Occurrence(name, at(start).replace(tzinfo=None), at(start), at(end))
    rank = Rank(rung, level, broadcast_class, origin, at(start), name)
    return Candidate(occurrence, rank, name, **fields)  # type: ignore[arg-type] # test fields


def told(timeline: Timeline) -> list[tuple[str, str, str]]:
    return [(slot.candidate.id, clock(slot.start), clock(slot.end)) for slot in timeline.slots]


def clock(instant: datetime) -> str:
    minutes = (instant - MONDAY) // MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"


def test_a_programme_interrupted_by_a_higher_class_resumes_at_its_clock_position() -> None:
    music = candidate("music", "17:00", "18:00")
    notice = candidate("notice", "17:20", "17:30", BroadcastClass.PRIORITY)

    timeline = arrange([music, notice], WINDOW, ALWAYS)

    assert told(timeline) == [
        ("music", "17:00", "17:20"),
        ("notice", "17:20", "17:30"),
        ("music", "17:30", "18:00"),
    ]
    assert [slot.offset for slot in timeline.slots] == [0 * MINUTE, 0 * MINUTE, 30 * MINUTE]


def test_a_slot_says_over_whom_it_won_and_by_which_part() -> None:
    music = candidate("music", "17:00", "18:00")
    notice = candidate("notice", "17:20", "17:30", BroadcastClass.PRIORITY)

    before, during, _ = arrange([music, notice], WINDOW, ALWAYS).slots

    assert (before.reason.decided_by, before.reason.over) == ("alone", ())
    assert (during.reason.decided_by, during.reason.over) == ("class", ("music",))


def test_what_lost_says_when_why_and_to_whom() -> None:
    music = candidate("music", "17:00", "18:00")
    notice = candidate("notice", "17:20", "17:30", BroadcastClass.PRIORITY)

    (loss,) = arrange([music, notice], WINDOW, ALWAYS).losses

    assert (clock(loss.start), clock(loss.end)) == ("17:20", "17:30")
    assert (loss.candidate, loss.to, loss.kind) == (music, notice, LossKind.OUTRANKED)
    assert loss.decided_by == "class"


def test_a_programme_that_skips_does_not_come_back_and_leaves_its_time_to_others() -> None:
    story = candidate("story", "17:00", "18:00", resume=Resume.SKIP, origin=Origin.PROVINCE)
    notice = candidate("notice", "17:20", "17:30", BroadcastClass.PRIORITY)
    music = candidate("music", "17:00", "18:00")

    timeline = arrange([story, notice, music], WINDOW, ALWAYS)

    assert told(timeline) == [
        ("story", "17:00", "17:20"),
        ("notice", "17:20", "17:30"),
        ("music", "17:30", "18:00"),
    ]
    assert (story, LossKind.NOT_RESUMED) in [
        (loss.candidate, loss.kind) for loss in timeline.losses
    ]


def test_a_programme_that_skips_and_cannot_begin_does_not_play() -> None:
    story = candidate("story", "17:00", "18:00", resume=Resume.SKIP)
    notice = candidate("notice", "16:50", "17:10", BroadcastClass.PRIORITY)

    assert told(arrange([story, notice], WINDOW, ALWAYS)) == [("notice", "16:50", "17:10")]


def test_every_rung_of_the_ladder_beats_the_next() -> None:
    ladder = [candidate(rung.value, "17:00", "18:00", rung=rung) for rung in Rung]

    for higher, lower in pairwise(ladder):
        timeline = arrange([lower, higher], WINDOW, ALWAYS)
        assert told(timeline) == [(higher.id, "17:00", "18:00")]
        assert timeline.slots[0].reason.decided_by == "rung"


def test_a_drill_never_outranks_a_real_alert_of_a_lower_level() -> None:
    drill = candidate("drill", "17:00", "18:00", rung=Rung.DRILL, level=5)
    real = candidate("real", "17:30", "17:40", rung=Rung.ALERT_REAL, level=1)

    assert ("real", "17:30", "17:40") in told(arrange([drill, real], WINDOW, ALWAYS))


def test_the_order_is_level_then_class_then_origin_then_start_then_id() -> None:
    normal, priority = BroadcastClass.NORMAL, BroadcastClass.PRIORITY
    ranks = [
        Rank(Rung.ALERT_REAL, 3, normal, Origin.VILLAGE, at("10:00"), "z"),
        Rank(Rung.ALERT_REAL, 2, priority, Origin.VILLAGE, at("10:00"), "z"),
        Rank(Rung.ALERT_REAL, 2, normal, Origin.CENTRAL, at("10:00"), "z"),
        Rank(Rung.ALERT_REAL, 2, normal, Origin.COMMUNE, at("09:00"), "z"),
        Rank(Rung.ALERT_REAL, 2, normal, Origin.COMMUNE, at("10:00"), "a"),
        Rank(Rung.ALERT_REAL, 2, normal, Origin.COMMUNE, at("10:00"), "b"),
    ]

    decided = [higher.decided_by(lower) for higher, lower in pairwise(ranks)]

    assert sorted([*ranks[3:], *ranks[:3]]) == ranks
    assert decided == ["level", "class", "origin", "start", "id"]
    assert ranks[0].beats(ranks[1])


def test_the_hard_stop_cuts_a_programme_at_ten_in_the_evening_and_says_so() -> None:
    long = candidate("long", "21:30", "29:00")

    timeline = arrange([long], WINDOW, Policy())

    assert told(timeline) == [("long", "21:30", "22:00"), ("long", "28:30", "29:00")]
    (loss,) = timeline.losses
    assert (loss.kind, clock(loss.start), clock(loss.end)) == (LossKind.HARD_STOP, "22:00", "28:30")


def test_the_hard_stop_never_binds_an_emergency() -> None:
    flood = candidate("flood", "23:00", "23:30", BroadcastClass.EMERGENCY)
    alert = candidate("alert", "24:00", "24:30", rung=Rung.ALERT_REAL)
    drill = candidate("drill", "25:00", "25:30", BroadcastClass.EMERGENCY, rung=Rung.DRILL)

    timeline = arrange([flood, alert, drill], WINDOW, Policy())

    assert told(timeline) == [("flood", "23:00", "23:30"), ("alert", "24:00", "24:30")]
    assert [slot.ceiling_db for slot in timeline.slots] == [None, None]


def test_the_night_lowers_the_ceiling_of_the_five_oclock_session_and_stops_nothing() -> None:
    dawn = candidate("dawn", "05:00", "05:45")
    noon = candidate("noon", "12:00", "12:30")

    timeline = arrange([dawn, noon], WINDOW, Policy(day_ceiling_db=-3.0))

    assert told(timeline) == [("dawn", "05:00", "05:45"), ("noon", "12:00", "12:30")]
    assert [slot.ceiling_db for slot in timeline.slots] == [-15.0, -3.0]


def test_permitted_hours_and_length_are_filters_with_names() -> None:
    policy = Policy(permitted=(Hours(time(5), time(8, 30)),), longest_for=15 * MINUTE)
    early, noon = candidate("early", "05:00", "05:45"), candidate("noon", "12:00", "12:10")

    timeline = arrange([early, noon], WINDOW, policy)

    assert told(timeline) == [("early", "05:00", "05:15")]
    assert [loss.kind for loss in timeline.losses] == [
        LossKind.LONGEST_FOR,
        LossKind.PERMITTED_HOURS,
    ]


def test_nothing_sounds_outside_its_validity_not_even_an_emergency() -> None:
    flood = candidate(
        "flood", "17:00", "18:00", BroadcastClass.EMERGENCY,
        not_before=at("17:10"), not_after=at("17:50"),
    )  # fmt: skip

    timeline = arrange([flood], WINDOW, Policy())

    assert told(timeline) == [("flood", "17:10", "17:50")]
    assert [loss.kind for loss in timeline.losses] == [LossKind.VALIDITY] * 2


def test_two_priority_items_of_different_origins_are_a_decision_with_a_default() -> None:
    ours = candidate("ours", "17:00", "17:30", BroadcastClass.PRIORITY)
    theirs = candidate("theirs", "17:15", "17:45", BroadcastClass.PRIORITY, Origin.PROVINCE)

    (conflict,) = arrange([ours, theirs], WINDOW, ALWAYS).conflicts

    assert (conflict.default, conflict.other) == (theirs, ours)
    assert (clock(conflict.start), clock(conflict.end)) == ("17:15", "17:30")
    assert arrange([replace(ours, settled=True), theirs], WINDOW, ALWAYS).conflicts == ()


def test_equal_hours_and_windows_that_do_not_adjoin_are_refused() -> None:
    timeline = arrange([], WINDOW, ALWAYS)

    with pytest.raises(ScheduleError):
        Hours(time(5), time(5))
    with pytest.raises(ScheduleError):
        concatenate(timeline, timeline)


# --- properties ---------------------------------------------------------------------------------

instants = st.integers(0, 60 * 60).map(lambda minutes: MONDAY + minutes * MINUTE)
hours = st.builds(
    lambda start, length: Hours(start, ((datetime.combine(MONDAY, start)) + length).time()),
    st.times(),
    st.timedeltas(HOUR, 23 * HOUR),
)
policies = st.builds(
    Policy,
    hard_stop=st.none() | hours,
    night=st.none() | hours,
    permitted=st.lists(hours, max_size=2).map(tuple),
    longest_for=st.none() | st.timedeltas(MINUTE, 3 * HOUR),
    day_ceiling_db=st.none() | st.floats(-60, 0),
)


@st.composite
def candidate_lists(draw: st.DrawFn, resume: tuple[Resume, ...] = tuple(Resume)) -> list[Candidate]:
    found = []
    for number in range(draw(st.integers(0, 9))):
        start = draw(instants)
        end = start + draw(st.integers(1, 300)) * MINUTE
        rank = Rank(
            draw(st.sampled_from(Rung)),
            draw(st.integers(0, 2)),
            draw(st.sampled_from(BroadcastClass)),
            draw(st.sampled_from(Origin)),
            start,
            f"item-{number}",
        )
        occurrence = Occurrence(f"item-{number}", start.replace(tzinfo=None), start, end)
        validity = draw(st.tuples(st.none() | instants, st.none() | instants))
        chosen = draw(st.sampled_from(resume))
        found.append(Candidate(occurrence, rank, "audio", chosen, *validity))
    return found


def wide() -> tuple[datetime, datetime]:
    return MONDAY - 24 * HOUR, MONDAY + 96 * HOUR


def admitted(one: Candidate, policy: Policy) -> list[tuple[datetime, datetime]]:
    """Return where a candidate sounds when it is alone, by the definition of `arrange`."""
    return [(slot.start, slot.end) for slot in arrange([one], wide(), policy).slots]


@steady
@given(candidate_lists(), policies)
def test_slots_are_sorted_and_disjoint(items: list[Candidate], policy: Policy) -> None:
    slots = arrange(items, wide(), policy).slots

    assert all(slot.start < slot.end for slot in slots)
    assert all(a.end <= b.start for a, b in pairwise(slots))


@steady
@given(candidate_lists(resume=(Resume.CLOCK,)), policies)
def test_at_every_instant_the_highest_admitted_candidate_plays(
    items: list[Candidate], policy: Policy
) -> None:
    slots = arrange(items, wide(), policy).slots

    pieces = {one: admitted(one, policy) for one in items}
    edges = {edge for spans in pieces.values() for span in spans for edge in span}
    for instant in edges | {slot.start for slot in slots} | {slot.end for slot in slots}:
        wanting = [
            one
            for one, spans in pieces.items()
            if any(start <= instant < end for start, end in spans)
        ]
        playing = [slot.candidate for slot in slots if slot.start <= instant < slot.end]
        assert playing == sorted(wanting, key=lambda one: one.rank)[:1]


@steady
@given(candidate_lists(), policies)
def test_every_moment_of_a_candidate_is_a_slot_or_a_loss(
    items: list[Candidate], policy: Policy
) -> None:
    timeline = arrange(items, wide(), policy)

    for one in items:
        parts = [(s.start, s.end) for s in timeline.slots if s.candidate == one]
        parts += [(loss.start, loss.end) for loss in timeline.losses if loss.candidate == one]
        at_now = one.occurrence.start
        for start, end in sorted(parts):
            assert start == at_now
            at_now = end
        assert at_now == one.occurrence.end


@steady
@given(candidate_lists(), policies, st.randoms())
def test_the_order_of_input_does_not_matter(
    items: list[Candidate], policy: Policy, random: object
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random

    assert arrange(shuffled, wide(), policy) == arrange(items, wide(), policy)


@steady
@given(candidate_lists(), policies)
def test_arranging_the_slots_again_changes_nothing(items: list[Candidate], policy: Policy) -> None:
    slots = arrange(items, wide(), policy).slots

    unlimited = replace(policy, longest_for=None)
    again = arrange([_as_candidate(n, slot) for n, slot in enumerate(slots)], wide(), unlimited)
    assert [(s.start, s.end) for s in again.slots] == [(s.start, s.end) for s in slots]
    assert again.losses == ()


def _as_candidate(number: int, slot: Slot) -> Candidate:
    occurrence = Occurrence("slot", slot.start.replace(tzinfo=None), slot.start, slot.end)
    rank = replace(slot.candidate.rank, start=slot.start, id=f"slot-{number}")
    return Candidate(occurrence, rank, slot.candidate.payload)


@steady
@given(candidate_lists(), policies, instants)
def test_adjoining_windows_concatenate_and_a_cut_changes_nothing_before_it(
    items: list[Candidate], policy: Policy, cut: datetime
) -> None:
    start, end = wide()
    whole = arrange(items, (start, end), policy)

    before = arrange(items, (start, cut), policy)
    after = arrange(items, (cut, end), policy)

    joined = concatenate(before, after)
    assert joined.slots == whole.slots
    assert set(joined.losses) == set(whole.losses)
    kept = [slot for slot in whole.slots if slot.end <= cut]
    assert list(before.slots[: len(kept)]) == kept
