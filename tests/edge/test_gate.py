"""What a device believes: tokens made by the real wire, judged with the device's own memory."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from edge_agent.gate import Gate
from edge_agent.store import Store
from tests.edge.world import AN_BINH, DEVICE, TAN_LAP, Controller, now
from wire import topics
from wire.down import Action, Cluster, Command, OutputState
from wire.errors import (
    Expired,
    Malformed,
    NotUnderstood,
    OutOfScope,
    Revoked,
    RolledBack,
    UntrustedIssuer,
    WireError,
    WrongTarget,
)
from wire.signing import new_key, sign, signer
from wire.trust import pin

PLAN, DESIRED = topics.down(DEVICE, "plan"), topics.down(DEVICE, "desired")


@pytest.fixture
def gate(pen: Controller, store: Store) -> Gate:
    gate = Gate(DEVICE, pin(pen.bundle.roots).roots, store)
    assert gate.open(topics.TRUST, pen.trust().encode(), now())
    assert gate.open(DESIRED, sign(pen.desired(), pen.issuer).encode(), now())
    return gate


def reopened(pen: Controller, store: Store) -> Gate:
    again = Gate(DEVICE, pin(pen.bundle.roots).roots, store)
    again.load()
    return again


def test_a_signed_plan_is_news_once(gate: Gate, pen: Controller) -> None:
    token = sign(pen.plan(), pen.issuer).encode()

    assert gate.open(PLAN, token, now()) is not None
    assert gate.open(PLAN, token, now()) is None
    assert gate.rev("plan") > 0


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("strange root", UntrustedIssuer),
        ("other area", OutOfScope),
        ("expired", Expired),
        ("other device", WrongTarget),
        ("not understood", NotUnderstood),
        ("garbage", Malformed),
        ("a sync on the plan's topic", Malformed),
        ("key without leave", OutOfScope),
    ],
)
def test_what_must_not_be_believed_is_refused(
    gate: Gate, pen: Controller, name: str, error: type[WireError]
) -> None:
    """R13, R15, R16 by example; wire's own tests mutate bytes."""
    plan = pen.plan()
    tokens: dict[str, Callable[[], str]] = {
        "strange root": lambda: sign(plan, pen.issue("an-binh", root=new_key())),
        "other area": lambda: sign(plan, pen.issue("tan-lap")),
        "expired": lambda: sign(pen.plan(exp=now() - timedelta(seconds=1)), pen.issuer),
        "other device": lambda: sign(pen.plan(device="d-tanlap01"), pen.issuer),
        "not understood": lambda: sign(pen.plan(crit=("unknown_part",)), pen.issuer),
        "garbage": lambda: "a.b.c",
        "a sync on the plan's topic": lambda: pen.sync("n"),
        "key without leave": lambda: sign(plan, pen.issue("an-binh", may=("drill",))),
    }

    with pytest.raises(error):
        gate.open(PLAN, tokens[name]().encode(), now())
    assert gate.plan is None


def test_an_older_plan_is_rolled_back_also_after_a_restart(
    gate: Gate, pen: Controller, store: Store
) -> None:
    old = sign(pen.plan(), pen.issuer).encode()
    new = sign(pen.plan(), pen.issuer).encode()
    gate.open(PLAN, new, now())

    with pytest.raises(RolledBack):
        gate.open(PLAN, old, now())
    with pytest.raises(RolledBack):
        reopened(pen, store).open(PLAN, old, now())


def test_the_same_revision_with_other_bytes_is_refused(gate: Gate, pen: Controller) -> None:
    gate.open(PLAN, sign(pen.plan(rev=5), pen.issuer).encode(), now())

    with pytest.raises(RolledBack):
        gate.open(PLAN, sign(pen.plan(rev=5), pen.issuer).encode(), now())


def test_without_time_a_message_is_held_back_raw_and_judged_with_it(
    gate: Gate, pen: Controller
) -> None:
    good = sign(pen.plan(), pen.issuer).encode()

    held = gate.open(PLAN, good, None)
    waiting = gate.held_back()

    assert held is None
    assert gate.plan is None
    assert waiting == [(PLAN, good)]
    assert gate.open(*waiting[0], now()) is not None
    assert gate.held_back() == []


def test_without_time_a_forged_message_is_refused_at_once(gate: Gate, pen: Controller) -> None:
    with pytest.raises(UntrustedIssuer):
        gate.open(PLAN, sign(pen.plan(), pen.issue("an-binh", root=new_key())).encode(), None)


def test_what_was_accepted_is_there_after_a_restart(
    gate: Gate, pen: Controller, store: Store
) -> None:
    plan = pen.plan()
    gate.open(PLAN, sign(plan, pen.issuer).encode(), now())

    again = reopened(pen, store)

    assert again.plan == plan
    assert again.place.chains == (AN_BINH,)
    assert again.digest("plan") == gate.digest("plan")


@pytest.mark.usefixtures("gate")
def test_a_damaged_stored_plan_is_as_good_as_none(pen: Controller, store: Store) -> None:
    store.keep("plan", 7, "not.a.plan")

    again = reopened(pen, store)

    assert again.plan is None
    assert again.open(PLAN, sign(pen.plan(), pen.issuer).encode(), now()) is not None


def test_a_revoked_key_is_refused_and_holds_nothing_back(gate: Gate, pen: Controller) -> None:
    """R17, in part."""
    far = pen.plan(rev=2**52)
    gate.open(PLAN, sign(far, pen.issuer).encode(), now())
    gate.open(topics.TRUST, pen.trust(revoked=(pen.issuer.kid,)).encode(), now())
    thief, pen.issuer = pen.issuer, pen.issue("an-binh")

    with pytest.raises(Revoked):
        gate.open(PLAN, sign(pen.plan(rev=2**52 + 1), thief).encode(), now())
    assert gate.open(PLAN, sign(pen.plan(), pen.issuer).encode(), now()) is not None


def test_a_move_needs_a_key_that_holds_both_places_and_both_are_heard_meanwhile(
    gate: Gate, pen: Controller
) -> None:
    there = OutputState(id="main", clusters=(Cluster(id="c", name="C", areas=TAN_LAP),))
    move = pen.desired(areas=TAN_LAP, outputs=(there,))

    with pytest.raises(OutOfScope):
        gate.open(DESIRED, sign(move, pen.issuer).encode(), now())
    with pytest.raises(OutOfScope):
        gate.open(DESIRED, sign(move, pen.issue("tan-lap")).encode(), now())
    gate.open(DESIRED, sign(move, pen.issue("lam-dong")).encode(), now())
    both = gate.place.chains
    gate.settle_move()

    assert set(both) == {AN_BINH, TAN_LAP}
    assert gate.place.chains == (TAN_LAP,)


def test_a_command_lives_five_minutes_at_most(gate: Gate, pen: Controller) -> None:
    topic = topics.down(DEVICE, "command")

    def command(minutes: int) -> bytes:
        claims = pen.claims() | {"exp": now() + timedelta(minutes=minutes)}
        return sign(Command(**claims, device=DEVICE, action=Action.STOP), pen.issuer).encode()

    assert gate.open(topic, command(4), now()) is not None
    with pytest.raises(Malformed):
        gate.open(topic, command(6), now())


def test_a_device_key_cannot_play_the_controller(gate: Gate, pen: Controller) -> None:
    with pytest.raises(WireError):
        gate.open(PLAN, sign(pen.plan(), signer(new_key())).encode(), now())
