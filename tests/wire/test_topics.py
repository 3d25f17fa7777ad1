"""Topics are made and taken apart in one place, and nothing slips into them."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire import topics
from wire.errors import Malformed
from wire.topics import Topic

devices = st.from_regex(topics.DEVICE_PATTERN, fullmatch=True)
areas = st.from_regex(topics.AREA_PATTERN, fullmatch=True)
objects = st.from_regex(topics.OBJECT_PATTERN, fullmatch=True)

INJECTIONS = [
    "",
    "+",
    "#",
    "a/b",
    "../trust",
    "d-abcd/plan",
    "d-abcd\n",
    "d-abcd\0",
    "d-ábcd",
    "$SYS",
    " ",
    "-",
    "x" * 70_000,
    "\ud800",
]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(devices, areas, objects)
def test_every_topic_is_taken_apart_as_it_was_made(device: str, area: str, name: str) -> None:
    for kind in topics.DOWN_KINDS:
        assert topics.parse(topics.down(device, kind)) == Topic(kind, device)
    for kind in topics.UP_KINDS:
        assert topics.parse(topics.up(device, kind)) == Topic(kind, device)
        assert topics.parse(topics.up(device, kind)).is_up
    assert topics.parse(topics.alert(area, name)) == Topic("alert", area, name)
    assert topics.parse(topics.live(area, name)) == Topic("live", area, name)
    assert topics.parse(topics.TRUST) == Topic("trust")
    assert topics.parse(topics.BROKER_EPOCH) == Topic("epoch")


@pytest.mark.parametrize("text", INJECTIONS, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize(
    "make",
    [
        lambda text: topics.down(text, "plan"),
        lambda text: topics.down("d-abcd", text),
        lambda text: topics.up(text, "status"),
        lambda text: topics.up("d-abcd", text),
        topics.down_all,
        lambda text: topics.alert(text, "a"),
        lambda text: topics.alert("vn", text),
        lambda text: topics.live(text, "a"),
        lambda text: topics.live("vn", text),
        topics.alerts_of,
        topics.live_of,
    ],
    ids=range(11),
)
def test_nothing_slips_into_a_topic(make: Callable[[str], str], text: str) -> None:
    with pytest.raises(Malformed):
        make(text)


@pytest.mark.parametrize("device", ["abcd", "d-abc", "d-Abcd", "d-" + "a" * 33, "d-ab-cd"])
def test_a_device_id_is_d_and_4_to_32_letters_or_digits(device: str) -> None:
    with pytest.raises(Malformed):
        topics.down_all(device)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "tt/1",
        "tt/1/",
        "trust",
        "tt/1/trust/",
        "/tt/1/trust",
        "tt/2/trust",
        "TT/1/trust",
        "x/tt/1/trust",
        "broker/epoch",
        "down/d-abcd/plan",
        "tt/1/down/d-abcd/status",
        "tt/1/up/d-abcd/plan",
        "tt/1/down/+/plan",
        "tt/1/down/d-abcd/#",
        "tt/1/down/d-abcd/plan/more",
        "tt/1/areas/vn/alert",
        "tt/1/areas/vn/alert/",
        "tt/1/areas/vn/alert/+",
        "tt/1/areas/vn/other/x",
        "tt/1/areas//alert/x",
        "$SYS/broker/uptime",
    ],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(Malformed):
        topics.parse(topic)
