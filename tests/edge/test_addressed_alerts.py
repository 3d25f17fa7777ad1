"""Alerts on outputs that call their clusters: only those meant are called, none waits longer."""

from typing import Any

import pytest

from edge_agent.audio.events import AudioEvent
from edge_agent.audio.sources import DtmfPart, PlayOrder, TonePart
from edge_agent.calls import Calls, Line
from edge_agent.performance import Volume
from edge_agent.stage import Stage
from tests.edge.alarm_house import TAN_LAP, AlarmHouse, cluster
from tests.edge.fakes import FakePlayer
from tests.edge.test_alarm import VOICE
from tests.edge.test_calls import CALL_S, CLOSE_S, LEAD_S, WAKE
from wire.alert import Repeat, Target
from wire.down import OutputState

SOONEST_S = 0.3
CLUSTERS = (
    cluster("cho", address="007"),
    cluster("dinh", address="042"),
    cluster("cau", TAN_LAP, address="043"),
)


class GatewayHouse(AlarmHouse):
    """A gateway with three clusters, two of them in An Bình."""

    def __init__(self) -> None:
        super().__init__((OutputState(id="main", clusters=CLUSTERS),))

    def make_stage(self, output: OutputState) -> Stage:
        def hear(event: AudioEvent) -> None:
            self.stages[output.id].hear(event)

        player = self.players[output.id] = FakePlayer(hear, self.ticker)
        calls = Calls(Line("main", WAKE, SOONEST_S), player, self.book)
        calls.know(CLUSTERS)
        ignore: Any = lambda _name: None  # noqa: E731 - nobody looks at it
        return Stage(
            "main", "fake", player, self.book, Volume(-60, 0, -12), self.ticker, ignore,
            calls, lambda now: now + self.warm_s,
        )  # fmt: skip

    def said(self) -> list[tuple[float, str]]:
        last = {order.id: order for order in self.players["main"].orders}
        return [(order.start_at, keys) for order in last.values() if (keys := digits(order))]


def digits(order: PlayOrder) -> str:
    return " ".join(part.digits for part in order.parts if isinstance(part, DtmfPart))


@pytest.fixture
def house() -> GatewayHouse:
    return GatewayHouse()


def sirens(house: GatewayHouse) -> list[PlayOrder]:
    return [order for order in house.players["main"].orders if order.id.startswith("alert-")]


def test_only_the_clusters_meant_are_called_and_the_siren_is_whole_after_the_call(
    house: GatewayHouse,
) -> None:
    house.send(house.alert(repeat=Repeat(count=1, gap_s=0)))
    house.pass_time(60, 0.01)

    (call_at, keys), *rest = house.said()
    first = sirens(house)[0]
    assert keys == "## *007*007 *042*042"
    assert call_at == pytest.approx(1000.3, abs=0.01)
    lead_s = CLOSE_S + CALL_S + LEAD_S
    assert first.start_at == pytest.approx(call_at + lead_s, abs=0.01), "no longer than the call"
    assert isinstance(first.parts[1], TonePart)
    assert first.parts[1].for_ms == 6000
    assert first.into_ms == pytest.approx(first.parts[0].for_ms, abs=5), "the siren from its start"  # type: ignore[union-attr]  # the call's time
    assert [keys for _, keys in rest] == ["##"]
    assert [kind for kind, _ in house.kinds()] == ["received", "started", "finished"]
    assert next(r for r in house.store.receipts if r.kind == "started").code == ""


def test_an_alert_for_all_is_one_call_to_everyone(house: GatewayHouse) -> None:
    house.send(house.alert(area="lam-dong", target=Target(areas=("lam-dong",))))
    house.pass_time(1, 0.01)

    assert house.said()[0][1] == "## *000*000"


def test_words_that_come_during_a_round_need_no_new_call(house: GatewayHouse) -> None:
    alert = house.alert(repeat=Repeat(count=1, gap_s=0))
    house.send(alert)
    house.pass_time(5, 0.01)
    house.wordings.take(alert.texts["vi"], "vi", VOICE)
    house.alarm.look_again()
    house.pass_time(40, 0.01)

    assert [keys for _, keys in house.said()] == ["## *007*007 *042*042", "##"]


def test_a_cancel_during_the_call_ends_it_too(house: GatewayHouse) -> None:
    house.send(house.alert())
    house.pass_time(1, 0.01)

    house.send(house.cancel())
    house.pass_time(1, 0.01)

    assert house.order() is None or is_closing(house.order())
    house.pass_time(5, 0.01)
    assert house.order() is None


def is_closing(order: PlayOrder | None) -> bool:
    return order is not None and digits(order) == "##"
