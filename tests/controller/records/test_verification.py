"""Batches are checked in a process of their own, a chunk ahead of filing; nothing is lost by it."""

import random
import signal
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from controller.db import Sessions
from controller.health.models import Presence
from controller.records import batches, verification
from controller.records.checking import Checker, Question, check, message_of
from controller.records.models import Batch, StoredReceipt
from controller.records.verification import LONGEST_IDLE_S, Verification
from controller.stations.models import Device
from tests.controller.cast import introduce
from tests.wire.test_forgery import MUTATIONS
from wire.encoding import from_base64url
from wire.errors import WireError
from wire.signing import Signer, new_key, open_signed, public_x, sign, signer
from wire.up import Receipt, ReceiptKind, Receipts

DEVICE = "d-anbinh1"
MANY = batches.AT_ONCE * 2 + 50


class RememberingChecker(Checker):
    """Checks in this process and remembers how many it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def ask(self, questions: Sequence[Question]) -> None:
        self.asked.append(len(questions))
        super().ask(questions)


@pytest.fixture
def key(sessions: Sessions, now: datetime) -> Signer:
    made = new_key()
    with sessions.begin() as session:
        introduce(session, now)
        known = update(Device).where(Device.id == DEVICE)
        session.execute(known.values(state="enrolled", public_x=public_x(made)))
    return signer(made)


@pytest.fixture
def checker() -> Iterator[Checker]:
    child = Checker()
    child.start()
    yield child
    child.stop()


def test_many_batches_are_filed_chunk_after_chunk(
    sessions: Sessions, key: Signer, now: datetime
) -> None:
    checker = RememberingChecker()
    _store(sessions, [_batch(key, now, number) for number in range(1, MANY + 1)], now)

    _verify(sessions, now, checker)

    assert checker.asked == [batches.AT_ONCE, batches.AT_ONCE, 50]
    assert _verdicts(sessions) == {"ok": MANY}
    with sessions() as session:
        assert session.get_one(Presence, DEVICE).receipts_upto == MANY


def test_the_child_judges_as_we_do(key: Signer, now: datetime, checker: Checker) -> None:
    good = Question(DEVICE, public_x(key.key), _batch(key, now, 1))
    questions = [
        good,
        Question(DEVICE, public_x(new_key()), good.token),
        Question("d-other1", good.key, good.token),
        Question(DEVICE, None, good.token),
        Question(DEVICE, good.key, "no.token.atall"),
        Question(DEVICE, good.key, "Đ" * 100),
    ]

    checker.ask(questions)
    answers = checker.answer()

    assert answers == [check(one) for one in questions]
    assert answers == ["ok", "forged", "forged", "forged"] + ["malformed"] * 2
    assert message_of(good.token) == _message(now, 1)


def test_a_gap_is_not_acknowledged(sessions: Sessions, key: Signer, now: datetime) -> None:
    _store(sessions, [_batch(key, now, number) for number in (1, 2, 4)], now)
    _verify(sessions, now, Checker())
    with sessions() as session:
        assert session.get_one(Presence, DEVICE).receipts_upto == 2

    _store(sessions, [_batch(key, now, 3)], now)
    _verify(sessions, now, Checker())

    with sessions() as session:
        assert session.get_one(Presence, DEVICE).receipts_upto == 4


@pytest.mark.parametrize("many", [1, MANY])
def test_a_child_that_dies_loses_no_batch(
    sessions: Sessions, key: Signer, now: datetime, checker: Checker, many: int
) -> None:
    _store(sessions, [_batch(key, now, number) for number in range(1, many + 1)], now)
    assert checker._child is not None
    checker._child.kill()
    checker._child.wait(10)

    _verify(sessions, now, checker)

    assert _verdicts(sessions) == {"ok": many}


@pytest.mark.parametrize("many", [1, MANY], ids=["never answers", "reads no further"])
def test_a_child_that_hangs_is_ended_and_its_work_is_done_here(
    sessions: Sessions, key: Signer, now: datetime, many: int
) -> None:
    checker = Checker(answer_within_s=0.5)
    checker.start()
    _store(sessions, [_batch(key, now, number) for number in range(1, many + 1)], now)
    child = checker._child
    assert child is not None
    child.send_signal(signal.SIGSTOP)

    _verify(sessions, now, checker)

    assert child.returncode == -signal.SIGKILL
    assert _verdicts(sessions) == {"ok": many}


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_libsodium_believes_no_more_than_openssl(
    key: Signer, now: datetime, mutate: Callable[[random.Random, str], str]
) -> None:
    good = _batch(key, now, 1)
    for seed in range(20):
        if (token := mutate(random.Random(seed), good)) == good:
            continue
        with pytest.raises(WireError) as refused:
            open_signed(token, key.key, Receipts)
        assert check(Question(DEVICE, public_x(key.key), token)) == refused.value.code


@pytest.mark.parametrize("bytes_of_it", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_none(
    key: Signer, now: datetime, bytes_of_it: int
) -> None:
    signed, _, signature = _batch(key, now, 1).rpartition(".")
    other = (from_base64url(signature.encode()) * 2)[:bytes_of_it]
    token = f"{signed}.{urlsafe_b64encode(other).rstrip(b'=').decode()}"

    assert check(Question(DEVICE, public_x(key.key), token)) == "forged"


def test_what_was_asked_while_the_database_went_away_is_looked_up_again(
    sessions: Sessions,
    key: Signer,
    now: datetime,
    checker: Checker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("the server closed the connection"))

    _store(sessions, [_batch(key, now, number) for number in range(1, MANY + 1)], now)
    working = Verification(sessions, sessions, lambda: now, checker)
    working.step()
    with monkeypatch.context() as patched:
        patched.setattr(verification, "file_opened", away)
        with pytest.raises(OperationalError):
            _work(working)

    _work(working)

    assert _verdicts(sessions) == {"ok": MANY}
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(StoredReceipt)) == MANY


def test_what_receipts_say_of_alerts_is_counted_before_any_is_filed(
    sessions: Sessions, key: Signer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noting(what: str, work: Callable[..., None]) -> Callable[..., None]:
        def noted(*given: object) -> None:
            done.append(what)
            work(*given)

        return noted

    for name in ("count_alerts", "file_opened"):
        monkeypatch.setattr(verification, name, noting(name, getattr(batches, name)))
    tokens = [sign(_message(now, number, area="vn"), key) for number in range(1, MANY + 1)]
    _store(sessions, tokens, now)

    _verify(sessions, now, Checker())

    assert done == ["count_alerts"] * 3 + ["file_opened"] * 3
    assert _verdicts(sessions) == {"ok": MANY}


def test_the_logbook_waits_until_nothing_came_for_a_while(
    sessions: Sessions, key: Signer, now: datetime
) -> None:
    at = [100.0]
    working = Verification(
        sessions, sessions, lambda: now, Checker(), file_after_s=0.5, monotonic=lambda: at[0]
    )
    _store(sessions, [_batch(key, now, 1)], now)
    _work(working)
    assert (_verdicts(sessions), working.idle_s()) == ({"": 1}, 0.5)

    at[0] += 0.5
    _work(working)

    assert _verdicts(sessions) == {"ok": 1}
    assert working.idle_s() == LONGEST_IDLE_S


def _verify(sessions: Sessions, now: datetime, checker: Checker) -> None:
    _work(Verification(sessions, sessions, lambda: now, checker))


def _work(working: Verification) -> None:
    while working.step():
        pass


def _verdicts(sessions: Sessions) -> dict[str, int]:
    with sessions() as session:
        rows = session.execute(select(Batch.verdict, func.count()).group_by(Batch.verdict))
        return {row[0]: row[1] for row in rows}


def _store(sessions: Sessions, tokens: Sequence[str], now: datetime) -> None:
    with sessions.begin() as session:
        batches.store_batches(session, [(DEVICE, token) for token in tokens], now)


def _batch(key: Signer, now: datetime, number: int) -> str:
    return sign(_message(now, number), key)


def _message(now: datetime, number: int, area: str | None = None) -> Receipts:
    return Receipts(
        iss=DEVICE,
        iat=now,
        exp=now + timedelta(days=60),
        jti=f"j-{number}",
        rev=number,
        device=DEVICE,
        receipts=(Receipt(number=number, kind=ReceiptKind.EXECUTED, at=now, area=area),),
    )
