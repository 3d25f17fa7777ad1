"""While an alert is on its way, what only computes keeps quiet, but not for long."""

from controller.hush import QUIET_FOR_S, Hush


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_nobody_waits_while_there_is_no_alert() -> None:
    watch = Watch()

    Hush(quiet_for_s=3600, monotonic=watch).wait()


def test_patient_work_waits_until_the_alert_is_on_its_way() -> None:
    hush = Hush(quiet_for_s=0.1)
    hush.begin()

    hush.wait()

    assert not hush.is_on


def test_the_quiet_is_over_by_itself() -> None:
    watch = Watch()
    hush = Hush(monotonic=watch)
    hush.begin()
    was_on = hush.is_on

    watch.at += QUIET_FOR_S

    assert (was_on, hush.is_on) == (True, False)
    hush.wait()


def test_who_stops_does_not_wait() -> None:
    hush = Hush(quiet_for_s=3600)
    hush.begin()
    hush.end()

    hush.wait()

    assert hush.is_on
