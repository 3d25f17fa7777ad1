"""Who may say what to whom: R16 and the wire's half of R19."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire import topics
from wire.alert import Alert, AlertAction, AlertStatus
from wire.errors import OutOfScope, WireError, WrongTarget
from wire.kinds import FROM_CONTROLLER, FROM_DEVICE, FROM_ROOT, MESSAGES
from wire.signing import Signer, sign
from wire.trust import Place, judge, require_continues, require_topic

Issue = Callable[..., Signer]
Example = Callable[..., Any]
AN_BINH = ("vn", "lam-dong", "an-binh")
TAN_LAP = ("vn", "lam-dong", "tan-lap")


def chains() -> list[tuple[str, ...]]:
    """Return 3 provinces x 4 communes x 2 villages, each with its way from the top."""
    return [
        ("vn", f"p{province}", f"p{province}-c{commune}", f"p{province}-c{commune}-v{village}")
        for province in range(3)
        for commune in range(4)
        for village in range(2)
    ]


def test_a_key_is_believed_exactly_where_its_subtree_is_r16(
    cast: Any, issue: Issue, example: Example
) -> None:
    """1,000 seeded pairs of a certificate's subtree and a device's place."""
    seeded = random.Random("R16")
    subtrees = sorted({area for chain in chains() for area in chain})
    signers = {subtree: issue(subtree) for subtree in subtrees}
    tokens = {subtree: sign(example("plan"), by) for subtree, by in signers.items()}
    wrong = []

    for _ in range(1000):
        subtree, chain = seeded.choice(subtrees), seeded.choice(chains())
        place = Place("d-anbinh01", (chain,))
        try:
            judge(tokens[subtree], MESSAGES["plan"], cast.pinned, place, cast.now)
            believed = True
        except OutOfScope:
            believed = False
        if believed != (subtree in chain):
            wrong.append((subtree, chain))

    assert wrong == []


def test_an_alert_reaches_below_its_area_and_never_above_its_key_r16(
    cast: Any, issue: Issue, example: Example
) -> None:
    """1,000 seeded triples of subtree, the alert's area and the device's place."""
    seeded = random.Random("R16 alerts")
    areas = sorted({area for chain in chains() for area in chain})
    signers = {area: issue(area) for area in areas}
    wrong = []

    for _ in range(1000):
        chain = seeded.choice(chains())
        subtree, area = seeded.choice([*areas, *chain * 6]), seeded.choice([*areas, *chain * 6])
        token = sign(example("alert", area=area), signers[subtree])
        try:
            judge(token, Alert, cast.pinned, Place("d-anbinh01", (chain,)), cast.now)
            believed = True
        except OutOfScope:
            believed = False
        expected = subtree in chain[: chain.index(area) + 1] if area in chain else False
        if believed != expected:
            wrong.append((subtree, area, chain))

    assert wrong == []


@pytest.mark.parametrize("kind", ["plan", "desired", "command", "sync"])
def test_a_device_of_two_communes_obeys_only_who_holds_both(
    kind: str, cast: Any, issue: Issue, example: Example
) -> None:
    place = Place("d-anbinh01", (AN_BINH, TAN_LAP))
    message = example(kind)

    believed = judge(sign(message, issue("lam-dong")), MESSAGES[kind], cast.pinned, place, cast.now)

    assert believed == message
    with pytest.raises(OutOfScope):
        judge(sign(message, cast.an_binh), MESSAGES[kind], cast.pinned, place, cast.now)


@pytest.mark.parametrize("kind", ["plan", "command", "sync", "alert", "live"])
@pytest.mark.parametrize("nowhere", [(), ((),)], ids=["no chain", "an empty chain"])
def test_a_device_that_stands_nowhere_believes_nobody(
    kind: str, nowhere: tuple[tuple[str, ...], ...], cast: Any, issue: Issue, example: Example
) -> None:
    token = sign(example(kind), issue("vn"))

    with pytest.raises(OutOfScope):
        judge(token, MESSAGES[kind], cast.pinned, Place("d-anbinh01", nowhere), cast.now)


def test_a_desired_state_places_a_new_device_below_its_signer(cast: Any, example: Example) -> None:
    unplaced = Place("d-anbinh01", ())
    message = example("desired")

    placed = judge(
        sign(message, cast.an_binh), MESSAGES["desired"], cast.pinned, unplaced, cast.now
    )

    assert placed == message
    with pytest.raises(OutOfScope):
        judge(sign(message, cast.tan_lap), MESSAGES["desired"], cast.pinned, unplaced, cast.now)


@pytest.mark.parametrize(
    ("subtree", "areas"),
    [
        pytest.param("an-binh", [*AN_BINH, "thon-3"], id="within its commune"),
        pytest.param("lam-dong", TAN_LAP, id="by who holds both communes"),
        pytest.param("vn", ["vn", "dak-lak", "an-binh"], id="a merger, by who holds both"),
    ],
)
def test_a_key_moves_a_device_within_its_own_subtree(
    subtree: str, areas: list[str], cast: Any, issue: Issue, example: Example
) -> None:
    message = example("desired", areas=areas, outputs=[])
    token = sign(message, issue(subtree))

    assert judge(token, MESSAGES["desired"], cast.pinned, cast.place, cast.now) == message


@pytest.mark.parametrize(
    ("subtree", "areas"),
    [
        pytest.param("an-binh", TAN_LAP, id="out of its commune"),
        pytest.param("tan-lap", TAN_LAP, id="into its commune"),
        pytest.param("an-binh", ["vn", "dak-lak", "an-binh"], id="its trunk is changed"),
        pytest.param("an-binh", ["an-binh"], id="its trunk is cut off"),
    ],
)
def test_a_key_moves_no_device_across_the_edge_of_its_subtree(
    subtree: str, areas: list[str], cast: Any, issue: Issue, example: Example
) -> None:
    token = sign(example("desired", areas=areas, outputs=[]), issue(subtree))

    with pytest.raises(OutOfScope):
        judge(token, MESSAGES["desired"], cast.pinned, cast.place, cast.now)


def test_a_cluster_is_not_placed_out_of_the_signers_subtree(cast: Any, example: Example) -> None:
    cluster = {"id": "cum-9", "name": "Cụm lạ", "areas": list(TAN_LAP)}
    outputs = [{"id": "loa", "clusters": [cluster]}]
    token = sign(example("desired", outputs=outputs), cast.an_binh)

    with pytest.raises(OutOfScope):
        judge(token, MESSAGES["desired"], cast.pinned, cast.place, cast.now)


@pytest.mark.parametrize("kind", ["plan", "desired", "command", "sync"])
def test_a_message_for_another_device_is_not_for_this_one(
    kind: str, cast: Any, example: Example
) -> None:
    token = sign(example(kind), cast.an_binh)

    with pytest.raises(WrongTarget):
        judge(token, MESSAGES[kind], cast.pinned, Place("d-other0001", (AN_BINH,)), cast.now)


@pytest.mark.parametrize("status", list(AlertStatus))
@pytest.mark.parametrize("action", list(AlertAction))
def test_a_key_without_leave_to_alert_never_says_real_r19(
    status: AlertStatus, action: AlertAction, cast: Any, issue: Issue, example: Example
) -> None:
    token = sign(
        example("alert", status=status, action=action), issue("an-binh", ("programme", "drill"))
    )

    try:
        judge(token, Alert, cast.pinned, cast.place, cast.now)
        believed = True
    except OutOfScope:
        believed = False

    assert believed == (status is not AlertStatus.REAL)


@pytest.mark.parametrize(
    ("may", "kinds"),
    [
        (("programme",), {"plan", "desired", "command", "sync", "live"}),
        (("drill",), set()),
        (("alert",), {"alert"}),
        ((), set()),
    ],
    ids=["programme", "drill", "alert", "nothing"],
)
def test_a_certificate_gives_leave_for_what_it_names_and_no_more_r19(
    may: tuple[str, ...], kinds: set[str], cast: Any, issue: Issue, example: Example
) -> None:
    believed = set()

    for model in FROM_CONTROLLER:
        try:
            token = sign(example(model.kind), issue("an-binh", may))
            judge(token, model, cast.pinned, cast.place, cast.now)
            believed.add(model.kind)
        except OutOfScope:
            continue

    assert believed == kinds


@pytest.mark.parametrize("model", [*FROM_DEVICE, *FROM_ROOT], ids=lambda model: model.kind)
def test_a_controller_cannot_speak_as_a_device_or_a_root(
    model: Any, cast: Any, example: Example
) -> None:
    token = sign(example(model.kind), cast.an_binh)

    with pytest.raises(OutOfScope):
        judge(token, model, cast.pinned, cast.place, cast.now)


@pytest.mark.parametrize(
    "changes",
    [{"status": "drill"}, {"status": "exercise"}, {"area": "lam-dong"}, {"id": "lu-2"}],
    ids=str,
)
def test_no_revision_turns_an_alert_into_another_r19(
    changes: dict[str, str], example: Example
) -> None:
    """A drill key must not end a real alert by a drill revision with the same id."""
    real = example("alert")

    require_continues(real, example("alert", action="cancel"))
    with pytest.raises(OutOfScope):
        require_continues(real, example("alert", action="cancel", **changes))


@pytest.mark.parametrize(
    ("kind", "topic", "is_its_own"),
    [
        ("plan", topics.down("d-anbinh01", "plan"), True),
        ("plan", topics.down("d-anbinh01", "desired"), False),
        ("plan", topics.down("d-other0001", "plan"), False),
        ("receipts", topics.up("d-anbinh01", "receipts"), True),
        ("receipts", topics.up("d-other0001", "receipts"), False),
        ("alert", topics.alert("an-binh", "lu-2026-01"), True),
        ("alert", topics.alert("an-binh", "other"), False),
        ("alert", topics.alert("lam-dong", "lu-2026-01"), False),
        ("live", topics.live("an-binh", "truc-tiep-1"), True),
        ("live", topics.live("an-binh", "truc-tiep-2"), False),
        ("trust", topics.TRUST, True),
        ("trust", topics.BROKER_EPOCH, False),
    ],
)
def test_a_message_is_taken_only_on_its_own_topic(
    kind: str, topic: str, is_its_own: bool, example: Example
) -> None:
    try:
        require_topic(example(kind), topics.parse(topic))
        taken = True
    except WrongTarget:
        taken = False

    assert taken == is_its_own


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["vn", "a", "b", "c"]), max_size=4), max_size=4))
def test_any_place_is_judged_without_a_crash(
    cast: Any, issue: Issue, example: Example, places: list[list[str]]
) -> None:
    place = Place("d-anbinh01", tuple(tuple(chain) for chain in places))
    token = sign(example("plan"), issue("a"))

    try:
        judge(token, MESSAGES["plan"], cast.pinned, place, cast.now)
    except WireError:
        believed = False
    else:
        believed = True

    assert not believed or all("a" in chain for chain in places)
