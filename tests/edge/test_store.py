"""What survives: numbers without gaps, each order once, also when the process is killed."""

import random
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.receipts import ReceiptBook
from edge_agent.store import Store
from wire.up import Receipt, ReceiptKind

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

WRITER = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from edge_agent.store import Store
from wire.up import Receipt, ReceiptKind
store = Store(Path(sys.argv[1]))
store.start()
at = datetime.now(UTC)
while True:
    made = store.add_receipt(
        lambda n: Receipt(number=n, kind=ReceiptKind.FINISHED, at=at, slot=f"s{n}"),
        (f"s-{datetime.now(UTC).timestamp()}", at))
    print(made.number, flush=True)
    if made.number % 3 == 0:
        store.acknowledge(made.number - 2)
        store.execute_once(f"c{made.number}", at)
"""


def note(store: Store, slot: str = "s1", final: tuple[str, datetime] | None = None) -> Receipt:
    return store.add_receipt(
        lambda number: Receipt(number=number, kind=ReceiptKind.FINISHED, at=NOW, slot=slot), final
    )


def test_receipts_are_numbered_without_gaps_also_after_acknowledging_all(store: Store) -> None:
    first = [note(store).number for _ in range(3)]
    store.acknowledge(3)

    later = note(store).number

    assert first == [1, 2, 3]
    assert later == 4
    assert [receipt.number for receipt in store.receipts_after(0, 10)] == [4]


def test_a_receipt_that_cannot_be_made_takes_no_number(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store.add_receipt(lambda _: 1 / 0, None)  # type: ignore[arg-type,return-value]  # a bug

    assert note(store).number == 1


def test_a_final_receipt_closes_its_slot_in_the_same_step(store: Store, tmp_path: Path) -> None:
    note(store, final=("s1", NOW))
    store.stop()

    again = Store(tmp_path)
    again.start()
    closed = again.finals()
    again.stop()

    assert closed == {"s1"}


def test_a_command_and_a_refusal_are_remembered_once(store: Store) -> None:
    once = [store.execute_once("jti-1", NOW) for _ in range(2)]
    refused = [store.refuse_once("digest") for _ in range(2)]

    assert once == [True, False]
    assert refused == [True, False]


def test_only_what_can_no_longer_matter_is_pruned(store: Store) -> None:
    note(store, final=("old", NOW - timedelta(days=20)))
    note(store, final=("new", NOW - timedelta(days=1)))

    store.prune(NOW)

    assert store.finals() == {"new"}


def test_each_start_is_counted(store: Store, tmp_path: Path) -> None:
    first = store.next_run()
    store.stop()
    again = Store(tmp_path)
    again.start()

    assert again.next_run() == first + 1
    again.stop()


def test_killed_at_any_moment_it_opens_and_no_number_is_lost_or_used_twice(
    tmp_path: Path,
) -> None:
    """R25 in a short form: the process dies, what it had said is there."""
    chance, told = random.Random(25), 0
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        first = int(writer.stdout.readline())
        time.sleep(chance.uniform(0.0, 0.15))
        writer.kill()
        said = [first, *map(int, writer.stdout.read().split("\n")[:-1])]
        writer.wait()
        writer.stdout.close()
        assert said == list(range(first, first + len(said)))
        assert first in {told + 1, told + 2}, "at most one was stored and not told"
        told = said[-1]

    store = Store(tmp_path)
    store.start()
    kept = [receipt.number for receipt in store.receipts_after(0, 100_000)]
    store.stop()
    assert kept == list(range(kept[0], kept[-1] + 1))
    assert kept[-1] in {told, told + 1}
    with sqlite3.connect(tmp_path / "agent.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_file_that_cannot_be_opened_is_told_and_work_goes_on_in_memory(tmp_path: Path) -> None:
    """R26, in part; the disk comes back and gets everything."""
    (tmp_path / "agent.db").mkdir()
    store = Store(tmp_path)

    with pytest.raises(StorageFailed):
        store.start()
    numbers = [note(store).number for _ in range(2)]
    with pytest.raises(StorageFailed):
        store.reopen()
    (tmp_path / "agent.db").rmdir()
    store.reopen()
    store.stop()

    again = Store(tmp_path)
    again.start()
    assert [receipt.number for receipt in again.receipts_after(0, 9)] == numbers == [1, 2]
    again.stop()


def test_the_book_sends_in_order_and_again_until_acknowledged(store: Store) -> None:
    book = ReceiptBook(store, Clock(50), lambda: 1000.0)
    for _ in range(3):
        book.note(ReceiptKind.FAULT, code="x")

    first = [receipt.number for receipt in book.next_batch()]
    nothing = book.next_batch()
    book.acknowledge(2)
    book.send_again()
    again = [receipt.number for receipt in book.next_batch()]

    assert first == [1, 2, 3]
    assert nothing == ()
    assert again == [3]


def test_what_should_have_been_acknowledged_by_now_is_sent_again(store: Store) -> None:
    mono = [1000.0]
    book = ReceiptBook(store, Clock(50), lambda: mono[0])
    book.note(ReceiptKind.FAULT, code="x")
    book.next_batch()
    book.next_batch()

    book.acknowledge(0)
    too_early = book.has_news
    mono[0] += 31
    book.acknowledge(0)

    assert not too_early
    assert [receipt.number for receipt in book.next_batch()] == [1]
