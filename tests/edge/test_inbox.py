"""Who is served first of all that waits for the conductor."""

from edge_agent.events import Arrived, LinkUp
from edge_agent.inbox import ROOM, Inbox
from edge_agent.panic import PanicPressed
from tests.edge.world import DEVICE
from wire import topics

PLAN = Arrived(topics.down(DEVICE, "plan"), b"x")
ALERT = Arrived(topics.alert("an-binh", "lu-1"), b"x")


def test_an_alert_goes_before_everything_that_waits_and_is_not_dropped_for_it() -> None:
    """R10."""
    inbox = Inbox()

    taken = [inbox.offer(PLAN) for _ in range(ROOM + 500)]
    was_taken = inbox.offer(ALERT)

    assert taken.count(True) == ROOM
    assert was_taken
    assert inbox.get(0) is ALERT
    assert inbox.get(0) is PLAN


def test_alerts_keep_their_order_among_themselves() -> None:
    inbox = Inbox()
    cancel = Arrived(topics.alert("an-binh", "lu-1"), b"y")
    for event in (LinkUp(1), ALERT, PanicPressed(), cancel):
        inbox.post(event)

    served = [inbox.get(0) for _ in range(5)]

    assert served == [ALERT, PanicPressed(), cancel, LinkUp(1), None]
