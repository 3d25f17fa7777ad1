"""What the device takes for the time: R31's error, R32's wrong boots, R33's steps."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.clock import Clock
from edge_agent.memory import ClockMemory, Sources
from edge_agent.store import Store
from wire.up import ClockState

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def sources(
    *,
    kernel: float | None = None,
    system: datetime = NOW,
    battery: datetime | None = None,
    boot: str = "a",
) -> Sources:
    return Sources(lambda: kernel, lambda: system, lambda: battery, lambda: boot)


def since(now: datetime | None) -> float:
    """Return how many seconds after NOW it is; it must be known."""
    assert now is not None
    return (now - NOW).total_seconds()


def memory(clock: Clock, store: Store, given: Sources, *, has_battery: bool = True) -> ClockMemory:
    return ClockMemory(clock, store, has_battery=has_battery, ppm=50, sources=given)


def saved_at(store: Store, at: datetime, boot: str = "a") -> None:
    """Leave the memory of a run that knew the time."""
    clock = Clock(50)
    clock.learn_sync(at, 99.9, 100.0)
    memory(clock, store, sources(boot=boot)).save(100.0)


def test_without_any_source_no_time_is_known() -> None:
    clock = Clock(50)

    assert clock.now(5.0) is None
    assert clock.state(5.0) is ClockState.NONE


def test_a_sync_gives_the_time_compensated_for_half_the_round_trip() -> None:
    clock = Clock(50)

    assert clock.learn_sync(NOW, sent_mono=10.0, received_mono=10.4)

    assert clock.now(10.4) == NOW + timedelta(seconds=0.2)
    assert clock.error_s(10.4) == pytest.approx(0.2)


def test_the_better_of_two_syncs_is_kept_and_the_worse_only_confirms() -> None:
    clock = Clock(50)
    clock.learn_sync(NOW, 10.0, 10.002)

    clock.learn_sync(NOW + timedelta(seconds=5), 15.0, 15.8)

    assert (clock.error_s(15.8) or 1) < 0.01
    assert since(clock.now(15.8)) == pytest.approx(5.8, abs=0.01)


def test_a_sync_that_contradicts_what_is_known_wins() -> None:
    clock = Clock(50)
    clock.learn_sync(NOW, 10.0, 10.01)

    clock.learn_sync(NOW + timedelta(hours=1), 11.0, 11.01)

    assert since(clock.now(11.01)) > 59 * 60


def test_a_sync_after_too_long_a_way_or_from_the_past_is_not_used() -> None:
    clock = Clock(50)
    clock.see(NOW)

    assert not clock.learn_sync(NOW, 10.0, 50.0)
    assert not clock.learn_sync(NOW - timedelta(hours=1), 10.0, 10.1)
    assert clock.now(50.0) is None


def test_trust_ages_into_holdover_and_ends_after_fourteen_days() -> None:
    clock = Clock(ppm=20)
    clock.learn_sync(NOW, 0.0, 0.01)

    states = [clock.state(days * 86_400.0) for days in (0.01, 1, 7, 13.9, 14.1)]

    assert states == [
        ClockState.TRUSTED,
        ClockState.HOLDOVER,
        ClockState.HOLDOVER,
        ClockState.HOLDOVER,
        ClockState.NONE,
    ]


def test_a_week_without_network_keeps_a_fifty_ppm_clock_within_half_a_minute() -> None:
    """R31: +- 30 s with a 50 ppm clock over 7 days, and the error is known."""
    clock = Clock(ppm=50)
    clock.learn_sync(NOW, 0.0, 0.01)
    week_s = 7 * 86_400.0

    stated_s = clock.error_s(week_s)

    assert stated_s is not None
    assert week_s * 50e-6 <= stated_s <= 31


def test_holdover_ends_when_the_error_may_exceed_a_minute() -> None:
    clock = Clock(ppm=100)
    clock.learn_sync(NOW, 0.0, 0.01)

    assert clock.state(6 * 86_400.0) is ClockState.HOLDOVER
    assert clock.state(8 * 86_400.0) is ClockState.NONE


@pytest.mark.parametrize(
    ("name", "battery"),
    [
        ("1970", datetime(1970, 1, 1, tzinfo=UTC)),
        ("ten years ahead", NOW + timedelta(days=3650)),
        ("a day back", NOW - timedelta(days=1)),
        ("no battery clock: the last saved time", None),
    ],
)
def test_a_boot_with_a_wrong_clock_knows_no_time(
    store: Store, name: str, battery: datetime | None
) -> None:
    """R32: boot at 1970, +10 years, last saved time."""
    saved_at(store, NOW, boot="before")
    clock = Clock(50)

    restarted = memory(clock, store, sources(system=battery or NOW, battery=battery, boot="after"))
    restarted.load(5.0)

    assert restarted.refresh(5.0) is None, name


def test_a_boot_with_a_sound_battery_clock_goes_on_in_holdover(store: Store) -> None:
    saved_at(store, NOW, boot="before")
    clock = Clock(50)
    later = NOW + timedelta(hours=2)

    memory(clock, store, sources(battery=later, boot="after")).load(5.0)

    assert clock.now(5.0) == later


def test_a_restart_of_the_agent_within_a_boot_knows_the_time_exactly(store: Store) -> None:
    saved_at(store, NOW)
    clock = Clock(50)

    memory(clock, store, sources()).load(160.0)

    assert since(clock.now(160.0)) == pytest.approx(60.05, abs=0.001)


def test_a_kernel_that_was_years_ahead_is_put_right_by_a_sync_also_after_a_restart(
    store: Store,
) -> None:
    """R32: what was remembered of its time shuts out no signed answer."""
    deceived = Clock(50)
    deceived.see(NOW)
    lying = sources(kernel=0.001, system=NOW + timedelta(days=3650))
    memory(deceived, store, lying).refresh(10.0)
    clock = Clock(50)
    restarted = memory(clock, store, sources(boot="a"))
    restarted.load(20.0)

    assert clock.learn_sync(NOW, 21.0, 21.1)

    assert since(clock.now(21.1)) == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("step", [timedelta(hours=2), timedelta(hours=-2)])
def test_steps_of_the_system_clock_do_not_move_the_time(store: Store, step: timedelta) -> None:
    """R33: even when the kernel calls the stepped clock synchronised."""
    clock = Clock(50)
    clock.learn_sync(NOW, 10.0, 10.01)
    stepped = memory(clock, store, sources(kernel=0.001, system=NOW + step))

    now = stepped.refresh(11.0)

    assert since(now) == pytest.approx(1.0, abs=0.02)


def test_a_synchronised_kernel_is_believed_where_nothing_else_is_known(store: Store) -> None:
    clock = Clock(50)

    assert memory(clock, store, sources(kernel=0.001)).refresh(11.0) == NOW


def test_an_unsynchronised_kernel_is_not_believed(store: Store) -> None:
    clock = Clock(50)

    assert memory(clock, store, sources(kernel=None)).refresh(11.0) is None


def test_the_time_is_never_before_the_newest_signed_instant() -> None:
    clock = Clock(50)
    clock.learn_system(NOW, 10.0, 1.0)

    clock.see(NOW + timedelta(days=2))

    assert clock.now(11.0) is None
