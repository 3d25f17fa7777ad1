"""Addressed outputs: who is called before a slot, when, and what the receipts say of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio.events import OrderFinished
from edge_agent.audio.sources import DtmfPart, PlayOrder, TonePart
from edge_agent.calls import Calls, Line
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.performance import Act, Volume
from edge_agent.prompter import Prompter
from edge_agent.stage import Stage
from edge_agent.stages import make_stages
from firmware_profiles import DtmfWake, load_profile
from tests.edge.test_prompter import NOW, House, slot
from wire.down import Cluster

WAKE = DtmfWake(
    method="dtmf",
    tone_ms=60,
    gap_ms=60,
    address_digits=3,
    everyone="000",
    open_prefix="*",
    close_code="##",
    repeats=2,
    lead_ms=1200,
    level_db=-6,
)
AREAS = ("vn", "lam-dong", "an-binh")
CALL_S, CLOSE_S, LEAD_S = 0.96, 0.24, 1.2


def cluster(name: str, address: str) -> Cluster:
    return Cluster(id=name, name=name, kind="wired", areas=AREAS, address=address)


CLUSTERS = (cluster("cho", "007"), cluster("dinh", "042"), cluster("cau", ""))


class AddressedHouse(House):
    """The house of the prompter's tests, with an output whose clusters are called."""

    warm_up_s = 0.0

    def restart(self, plan: Any = None) -> None:
        super().restart(plan)
        calls = Calls(Line("main", WAKE, 0.3), self.player, self.book)
        calls.know(CLUSTERS)
        self.stage = Stage(
            "main", "fake", self.player, self.book, Volume(-60, 0, -12), self.ticker,
            self.shelf.suspects.append, calls, lambda now: now + self.warm_up_s,
        )  # fmt: skip
        self.prompter = Prompter(
            {"main": self.stage}, self.shelf, self.book, self.clock, self.warm_up_s
        )
        self.prompter.plan = plan

    def pass_time(self, seconds: float, step: float = 0.01) -> None:
        super().pass_time(seconds, step)

    def said(self) -> list[tuple[float, str]]:
        """Return what was dialled and from when, in the last version of each order."""
        last = {order.id: order for order in self.player.orders}
        calls = [(order.start_at, digits(order)) for order in last.values()]
        return sorted((at, keys) for at, keys in calls if keys)

    def audio(self, name: str) -> PlayOrder:
        return [order for order in self.player.orders if order.id.startswith(name)][-1]


def digits(order: PlayOrder) -> str:
    return " ".join(part.digits for part in order.parts if isinstance(part, DtmfPart))


@pytest.fixture
def house() -> AddressedHouse:
    return AddressedHouse()


def test_the_clusters_of_a_slot_are_called_before_it_and_closed_after_it(
    house: AddressedHouse,
) -> None:
    house.follow(slot("s1", 60, 30, clusters=("cho", "dinh")))

    house.pass_time(100)

    (call_at, keys), (close_at, close) = house.said()
    assert keys == "## *007*007 *042*042"
    assert call_at == pytest.approx(1060 - LEAD_S - CALL_S - CLOSE_S, abs=0.001)
    assert house.audio("s1").start_at == pytest.approx(1060.0, abs=0.001)
    assert close == "##"
    assert close_at == pytest.approx(1090.3, abs=0.1)
    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_whole_output_is_one_call_to_everyone(house: AddressedHouse) -> None:
    house.follow(slot("s1", 60, 30))

    house.pass_time(61)

    assert house.said()[0][1] == "## *000*000"


def test_the_tones_keep_their_level_whatever_the_volume(house: AddressedHouse) -> None:
    house.follow(slot("s1", 15, 30, clusters=("cho",)))
    house.pass_time(8)
    house.stage.set_volume(Volume(-60, 0, -20))

    house.pass_time(8)

    call = house.audio("call:s1")
    parts = [part for part in call.parts if isinstance(part, DtmfPart)]
    assert {house.player.gains[-1] + call.gain_db + part.gain_db for part in parts} == {0.0}


def test_a_slot_joined_late_calls_first_and_joins_at_the_clocks_place(
    house: AddressedHouse,
) -> None:
    made = house.follow(slot("s1", 10, 600, clusters=("cho",)))
    house.pass_time(60)

    house.restart(made)
    house.ticker.at += 40
    house.turn()
    house.pass_time(5)

    order = house.audio("s1")
    call_at, keys = house.said()[0]
    assert keys == "## *007*007"
    assert call_at >= 1100
    assert order.start_at == pytest.approx(call_at + CLOSE_S + LEAD_S, abs=0.01)
    assert order.into_ms == pytest.approx((order.start_at - 1010) * 1000, abs=2)
    assert house.kinds()[-1] == ("started", "joined")


def test_a_cold_amplifier_is_warm_before_the_first_call(house: AddressedHouse) -> None:
    house.warm_up_s = 20.0
    house.restart()
    house.follow(slot("s1", 60, 30, clusters=("cho",)), slot("s2", 200, 30, clusters=("cho",)))

    house.pass_time(61 - 20 - 10)
    needed_at = min(house.stage.sounds_at())

    assert needed_at == pytest.approx(1060 - CLOSE_S - LEAD_S, abs=0.001)
    assert house.ticker.at < needed_at - 20.0


def test_a_late_slot_waits_with_its_calls_for_the_warm_up(house: AddressedHouse) -> None:
    house.warm_up_s = 5.0
    house.restart()
    house.ticker.at += 20
    house.follow(slot("s1", 10, 600, clusters=("cho",)))

    house.turn()

    assert house.said()[0][0] == pytest.approx(1025, abs=0.01)


def test_the_next_slot_of_the_same_clusters_needs_no_call(house: AddressedHouse) -> None:
    house.follow(
        slot("s1", 20, 30, clusters=("cho", "dinh")), slot("s2", 50, 30, clusters=("cho", "dinh"))
    )

    house.pass_time(100)

    assert [keys for _, keys in house.said()] == ["## *007*007 *042*042", "##"]
    assert house.kinds("s2") == [("started", ""), ("finished", "")]


def test_the_next_slot_of_other_clusters_is_called_in_the_last_seconds_of_the_one_before(
    house: AddressedHouse,
) -> None:
    house.follow(slot("s1", 20, 30, clusters=("cho",)), slot("s2", 50, 30, clusters=("dinh",)))

    house.pass_time(100)

    calls = house.said()
    assert [keys for _, keys in calls] == ["## *007*007", "## *042*042", "##"]
    assert calls[1][0] == pytest.approx(1050 - CLOSE_S - LEAD_S, abs=0.001)
    assert house.audio("s1").end_at == pytest.approx(calls[1][0], abs=0.001)
    assert house.audio("s2").start_at == pytest.approx(1050.0, abs=0.001)
    assert house.kinds("s1") == [("started", ""), ("finished", "")]
    assert house.kinds("s2") == [("started", ""), ("finished", "")]


def test_who_counted_on_open_receivers_calls_when_they_were_closed(house: AddressedHouse) -> None:
    house.follow(slot("s1", 20, 30, clusters=("cho",)), slot("s2", 50, 30, clusters=("cho",)))
    house.pass_time(42)

    house.stage.withdraw("s1", "stopped")
    house.pass_time(40)

    assert [keys for _, keys in house.said()] == ["## *007*007", "##", "## *007*007", "##"]
    assert house.kinds("s2") == [("started", ""), ("finished", "")]


def test_a_slot_whose_calls_have_begun_is_not_moved_any_more(house: AddressedHouse) -> None:
    house.follow(slot("s1", 20, 30, clusters=("cho",)))
    house.pass_time(19)
    house.clock.learn_sync(NOW + timedelta(seconds=19.5), 1019.0, 1019.0)

    house.pass_time(5)

    starts = [order.start_at for order in house.player.orders if order.id.startswith("s1")]
    assert starts == [pytest.approx(1020.0, abs=0.001)]


def test_a_call_that_was_cut_is_made_again(house: AddressedHouse) -> None:
    house.follow(slot("s1", 20, 60, clusters=("cho",)))
    house.pass_time(19.5)
    call = house.player.sounding
    assert call
    assert digits(call)

    house.player.sounding = None
    house.stage.hear(OrderFinished(call.id, 300, "ended"))
    house.pass_time(5)

    assert [keys for _, keys in house.said()] == ["## *007*007", "## *007*007"]
    assert house.kinds() == [("started", "joined")]


def test_a_cluster_without_address_is_reported_once_and_the_others_sound(
    house: AddressedHouse,
) -> None:
    house.follow(
        slot("s1", 20, 10, clusters=("cho", "cau", "la")), slot("s2", 60, 10, clusters=("cau",))
    )
    house.pass_time(90)
    house.stage.set_clusters((*CLUSTERS[:2], cluster("cau", "099")))

    facts = [(r.kind.value, r.object_id) for r in house.store.receipts if r.code == "no_address"]
    assert facts == [("fault", "cau"), ("fault", "la"), ("repaired", "cau")]
    assert [keys for _, keys in house.said()] == ["## *007*007", "##"]
    assert house.kinds("s2") == [("started", ""), ("finished", "")]


def test_rds_is_said_to_be_unsupported_once_and_it_plays_all_the_same(
    house: AddressedHouse, tmp_path: Path
) -> None:
    def make(profile: str) -> Stage:
        described = load_profile(profile)
        inbox: Any = None
        stages = make_stages(
            tmp_path, described, None, inbox, house.book, lambda _: None, lambda now: now
        )
        return stages["main"]

    rds, dtmf = make("fm-gateway-rds"), make("fm-gateway-dtmf")
    heard = Stage(
        "main", "fake", house.player, house.book, Volume(-60, 0, -12), house.ticker,
        lambda _: None, rds.calls, wake_fault=rds.report().fault,
    )  # fmt: skip
    heard.start()
    heard.perform(Act(Claim("s1", Rank(Rung.PROGRAMME), 0, 9e9), (TonePart("test", 1000),)))

    report = heard.report()
    assert (report.fault, report.is_alive) == ("wake_unsupported", True)
    assert [(r.kind.value, r.code) for r in house.store.receipts] == [("fault", "wake_unsupported")]
    assert [order.id for order in house.player.orders] == ["s1~1"]
    assert rds.calls is None
    assert dtmf.calls is not None
    assert dtmf.report().fault == ""
