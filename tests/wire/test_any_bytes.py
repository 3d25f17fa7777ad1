"""Whatever arrives, the wire answers with a value or a `WireError`, never with a crash (R29)."""

import contextlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wire.enrolment import parse_claim_code
from wire.errors import WireError
from wire.kinds import MESSAGES
from wire.signing import read, sign_payload, take_apart
from wire.topics import parse

Receive = Callable[[str | bytes, str], Any]

bounded = settings(derandomize=True, deadline=None, max_examples=300)
kinds = st.sampled_from(sorted(MESSAGES))
words = st.sampled_from(["alg", "typ", "kid", "cert", "zip", "crit", "b64", "Ed25519", "tt-plan"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=12,
)


def b64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


@bounded
@given(st.binary(max_size=300), kinds)
def test_any_bytes_are_no_message(receive: Receive, raw: bytes, kind: str) -> None:
    with contextlib.suppress(WireError):
        receive(raw, kind)
        raise AssertionError("believed")


@bounded
@given(st.text(st.characters(), max_size=100), kinds)
def test_any_text_is_no_message(receive: Receive, text: str, kind: str) -> None:
    with contextlib.suppress(WireError):
        receive(text, kind)
        raise AssertionError("believed")


@bounded
@given(anything, st.binary(max_size=20), kinds)
def test_any_header_is_read_or_refused(
    receive: Receive, header: object, rest: bytes, kind: str
) -> None:
    if isinstance(header, dict):
        header = {"alg": "Ed25519", "typ": f"tt-{kind}", "kid": "x"} | header
    token = b".".join([b64(json.dumps(header).encode()), b64(rest), b64(rest)])

    with contextlib.suppress(WireError):
        take_apart(token)
    with contextlib.suppress(WireError):
        receive(token, kind)
        raise AssertionError("believed")


@bounded
@given(st.binary(max_size=200), kinds)
def test_any_signed_bytes_are_read_or_refused(
    cast: Any, receive: Receive, raw: bytes, kind: str
) -> None:
    by = cast.an_binh if kind in {"plan", "desired", "alert"} else cast.device

    with contextlib.suppress(WireError):
        receive(sign_payload(kind, raw, by), kind)


@bounded
@given(st.data(), kinds)
def test_any_value_in_any_field_is_read_or_refused(
    golden: Callable[[str], dict[str, Any]], data: st.DataObject, kind: str
) -> None:
    payload = golden(kind)["payload"]
    name = data.draw(st.sampled_from(sorted(payload)))
    instants = st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "NaN"])
    payload = payload | {name: data.draw(anything | instants)}

    with contextlib.suppress(WireError):
        read(json.dumps(payload).encode(), MESSAGES[kind])


@bounded
@given(st.text(st.characters(), max_size=60) | st.binary(max_size=60).map(bytes.hex))
def test_any_text_is_a_topic_or_a_claim_code_or_refused(text: str) -> None:
    for reading in (parse, parse_claim_code):
        with contextlib.suppress(WireError):
            reading(text)
            raise AssertionError("believed")
