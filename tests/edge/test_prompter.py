"""Following a plan on one output, with a player that remembers and a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.events import AudioEvent, DriverBack, DriverLost, PartFailed
from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.performance import Volume
from edge_agent.prompter import Prompter
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from tests.edge.fakes import FakePlayer, Ticker
from wire.message import Origin
from wire.plan import AssetItem, Plan, Programme, Slot
from wire.up import Receipt, ReceiptKind

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NAMES = ["a" * 64, "b" * 64, "c" * 64]
FINAL = {ReceiptKind.FINISHED, ReceiptKind.MISSED, ReceiptKind.SKIPPED}


class MemoryStore:
    """The part of the store that receipts need, without a disk."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.closed: set[str] = set()
        self.is_full = False

    def finals(self) -> set[str]:
        return set(self.closed)

    def add_receipt(self, fill: Any, final: tuple[str, datetime] | None) -> Receipt:
        if self.is_full:
            raise StorageFailed("full")
        receipt: Receipt = fill(len(self.receipts) + 1)
        self.receipts.append(receipt)
        self.closed |= {final[0]} if final else set()
        return receipt


@dataclass
class Shelf:
    """A library whose files come and go as the test says."""

    files: set[str] = field(default_factory=lambda: set(NAMES))
    suspects: list[str] = field(default_factory=list)

    def has(self, sha256: str) -> bool:
        return sha256 in self.files

    def path(self, sha256: str) -> Path:
        return Path("/audio") / sha256


class House:
    """One device with one output. `restart` is a new run on the same store."""

    def __init__(self) -> None:
        self.ticker = Ticker()
        self.store: Any = MemoryStore()
        self.shelf: Any = Shelf()
        self.restart()

    def restart(self, plan: Plan | None = None) -> None:
        self.clock = Clock(50)
        self.clock.learn_sync(NOW, 999.999, 1000.0)
        self.book = ReceiptBook(self.store, self.clock, self.ticker)
        self.book.start()
        self.player = FakePlayer(self._hear, self.ticker)
        volume = Volume(-60, 0, -6)
        self.stage = Stage(
            "main", "fake", self.player, self.book, volume, self.ticker,
            self.shelf.suspects.append,
        )  # fmt: skip
        self.prompter = Prompter({"main": self.stage}, self.shelf, self.book, self.clock)
        self.prompter.plan = plan

    def _hear(self, event: AudioEvent) -> None:
        self.stage.hear(event)

    @property
    def now(self) -> datetime:
        now = self.clock.now(self.ticker.at)
        assert now
        return now

    def follow(self, *slots: Slot, **changes: Any) -> Plan:
        made = plan(*slots, **changes)
        self.prompter.follow(made, self.now)
        return made

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        until = self.ticker.at + seconds
        while self.ticker.at < until:
            self.ticker.at = min(until, self.ticker.at + step)
            self.turn()

    def turn(self) -> None:
        self.player.advance()
        self.stage.tick()
        self.prompter.advance(self.now)
        self.player.advance()

    def kinds(self, slot: str = "s1") -> list[tuple[str, str]]:
        return [(r.kind.value, r.code) for r in self.store.receipts if r.slot == slot]


def slot(name: str, in_s: float, for_s: float, **changes: Any) -> Slot:
    facts = {
        "id": name, "output": "main", "programme": "p1", "origin": Origin.COMMUNE,
        "starts_at": NOW + timedelta(seconds=in_s),
        "ends_at": NOW + timedelta(seconds=in_s + for_s),
    }  # fmt: skip
    return Slot(**(facts | changes))


def plan(*slots: Slot, items: int = 1, item_ms: int = 600_000, **changes: Any) -> Plan:
    files = tuple(AssetItem(sha256=name, duration_ms=item_ms) for name in NAMES[:items])
    facts = {
        "iss": "an-binh", "iat": NOW - timedelta(hours=1), "exp": NOW + timedelta(days=7),
        "jti": "j", "rev": 1, "device": "d-anbinh01", "from_at": NOW - timedelta(hours=1),
        "until_at": NOW + timedelta(days=7), "slots": slots,
        "programmes": (Programme(id="p1", title="Bản tin", items=files),),
    }  # fmt: skip
    return Plan(**(facts | changes))


@pytest.fixture
def house() -> House:
    return House()


def test_a_slot_starts_at_its_instant_and_ends_with_one_receipt(house: House) -> None:
    house.follow(slot("s1", 60, 30))

    house.pass_time(120)

    (order,) = house.player.orders
    assert order.start_at == pytest.approx(1060.0, abs=0.01)
    assert order.end_at == pytest.approx(1090.0, abs=0.01)
    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_slot_that_waits_moves_when_the_clock_is_known_better(house: House) -> None:
    """R1: the first question after a connection may be answered late, the next one is not."""
    house.follow(slot("s1", 8, 30))
    house.turn()
    house.clock.learn_sync(NOW + timedelta(seconds=1.02), 1001.0, 1001.0)

    house.pass_time(60)

    assert [order.id for order in house.player.orders] == ["s1~1", "s1~1"]
    assert house.player.orders[0].start_at == pytest.approx(1008.0, abs=0.001)
    assert house.player.orders[1].start_at == pytest.approx(1007.98, abs=0.001)
    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_slot_that_sounds_stays_where_it_began(house: House) -> None:
    house.follow(slot("s1", 8, 30))
    house.pass_time(12)
    house.clock.learn_sync(NOW + timedelta(seconds=12.02), 1012.0, 1012.0)

    house.pass_time(40)

    assert len(house.player.orders) == 1
    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_restart_joins_in_the_middle_at_the_right_place(house: House) -> None:
    made = house.follow(slot("s1", 10, 600, offset_ms=5000))
    house.pass_time(100)

    house.restart(made)
    house.ticker.at += 60
    house.turn()

    (order,) = house.player.orders
    assert order.start_at == pytest.approx(1010.0, abs=0.01)
    assert order.into_ms == 5000
    assert house.kinds()[-1] == ("started", "joined")


def test_a_slot_whose_file_comes_within_a_minute_plays_late(house: House) -> None:
    """R40."""
    house.shelf.files.clear()
    house.follow(slot("s1", 10, 600))

    house.pass_time(50)
    house.shelf.files.update(NAMES)
    house.pass_time(1)

    assert house.kinds() == [("started", "joined")]


def test_a_slot_without_its_file_is_reported_missed_after_a_minute(house: House) -> None:
    """R40: lateness is never silent."""
    house.shelf.files.clear()
    house.follow(slot("s1", 10, 600))

    house.pass_time(75)

    assert house.kinds() == [("missed", "no_audio")]
    missed_at = house.store.receipts[-1].at
    assert NOW + timedelta(seconds=70) <= missed_at <= NOW + timedelta(seconds=80)


def test_when_patience_is_over_the_rest_of_a_programme_plays_without_the_lost_file(
    house: House,
) -> None:
    house.shelf.files = {NAMES[1]}
    house.follow(slot("s1", 10, 600), items=2, item_ms=120_000)

    house.pass_time(75)

    assert house.kinds() == [("started", "joined")]


def test_what_passed_while_the_device_was_off_is_missed_and_says_so(house: House) -> None:
    made = plan(slot("s1", -1800, 60), slot("s2", 60, 30))

    house.restart(made)
    house.turn()

    assert house.kinds("s1") == [("missed", "off")]
    assert house.kinds("s2") == []


def test_what_was_over_before_the_plan_was_made_is_nobodys_debt(house: House) -> None:
    house.follow(slot("s1", -7200, 60))

    house.pass_time(2)

    assert house.store.receipts == []


def test_nothing_fires_twice_after_a_restart_or_the_same_plan_again(house: House) -> None:
    """R33."""
    made = house.follow(slot("s1", 10, 20))
    house.pass_time(40)

    house.restart(made)
    house.follow(slot("s1", 10, 20), rev=2)
    house.pass_time(60)

    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_new_plan_keeps_what_it_does_not_change(house: House) -> None:
    kept = slot("s1", 10, 100)
    house.follow(kept)
    house.pass_time(30)

    house.follow(kept, slot("s2", 300, 10), rev=2)
    house.pass_time(100)

    assert len(house.player.orders) == 1
    assert house.kinds() == [("started", ""), ("finished", "")]


def test_a_new_plan_without_the_slot_that_sounds_ends_it(house: House) -> None:
    house.follow(slot("s1", 10, 100))
    house.pass_time(30)

    house.follow(rev=2)
    house.pass_time(1)

    assert house.player.sounding is None
    assert house.kinds() == [("started", ""), ("finished", "replanned")]


def test_a_plan_sounds_no_longer_than_its_own_expiry(house: House) -> None:
    house.follow(slot("s1", 60, 30), exp=NOW + timedelta(seconds=30))

    house.pass_time(120)

    assert house.player.orders == []
    assert [kind for kind, _ in house.kinds()] == ["missed"]


def test_a_lost_output_is_told_and_a_slot_without_sound_is_missed(house: House) -> None:
    house.follow(slot("s1", 10, 20))
    house.stage.hear(DriverLost("unplugged"))
    house.player.is_deaf = True

    house.pass_time(60)
    house.stage.hear(DriverBack(50.0))

    facts = [(r.kind.value, r.code) for r in house.store.receipts]
    assert facts == [("fault", "no_output"), ("missed", "no_output"), ("repaired", "no_output")]
    assert house.stage.report().is_alive


def test_the_volume_is_the_lower_of_wish_and_ceiling_whenever_it_changes(house: House) -> None:
    house.follow(slot("s1", 5, 60, ceiling_db=-20.0))
    house.pass_time(10)
    (order,) = house.player.orders
    at_start = house.player.gains[-1] + order.gain_db

    house.stage.set_volume(Volume(-60, 0, 0))
    louder = house.player.gains[-1] + order.gain_db
    house.stage.set_volume(Volume(-60, 0, -40))
    quieter = house.player.gains[-1] + order.gain_db
    house.stage.set_volume(Volume(-60, -3, 0))
    house.pass_time(60)

    assert (at_start, louder, quieter) == (-20.0, -20.0, -40.0)
    assert house.stage.report().volume_db == -3


def test_a_part_that_cannot_be_played_is_suspected_and_the_end_says_partial(house: House) -> None:
    house.follow(slot("s1", 5, 20))
    house.pass_time(10)

    house.stage.hear(PartFailed(house.player.orders[0].id, 0, "damaged"))
    house.pass_time(20)

    assert house.shelf.suspects == [NAMES[0]]
    assert house.kinds()[-1] == ("finished", "partial")


def test_receipts_wait_in_memory_while_the_disk_is_full(house: House) -> None:
    """R26, in part: it plays on, and nothing is forgotten."""
    house.store.is_full = True
    house.follow(slot("s1", 5, 10))
    house.pass_time(20)
    waiting = house.book.waiting

    house.store.is_full = False
    house.book.save()

    assert waiting == 2
    assert len(house.player.orders) == 1
    assert house.kinds() == [("started", ""), ("finished", "")]


LENGTHS = st.lists(st.tuples(st.integers(0, 40), st.integers(2, 60)), min_size=1, max_size=8)
HAPPENS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["restart", "lose", "find", "again", "wait"])),
    max_size=10,
)


@settings(max_examples=150, deadline=None)
@given(LENGTHS, HAPPENS)
def test_every_slot_of_a_plan_ends_in_exactly_one_final_receipt(
    lengths: list[tuple[int, int]], happens: list[tuple[int, str]]
) -> None:
    house, slots, at = House(), [], 5
    for number, (gap, length) in enumerate(lengths):
        at += gap
        slots.append(slot(f"s{number}", at, length))
        at += length
    made = house.follow(*slots)

    for pause, what in happens:
        house.pass_time(pause, step=1.0)
        match what:
            case "restart":
                house.restart(made)
            case "lose":
                house.shelf.files.clear()
            case "find":
                house.shelf.files.update(NAMES)
            case "again":
                house.follow(*slots, rev=2)
    house.pass_time(at + 70, step=1.0)

    finals = [r.slot for r in house.store.receipts if r.kind in FINAL]
    assert sorted(finals) == sorted(one.id for one in slots)
    numbers = [r.number for r in house.store.receipts]
    assert numbers == list(range(1, len(numbers) + 1))
