"""The README is the protocol: it names what the code has, and nothing that the code has not."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import wire
from wire import enrolment, errors, topics, trust
from wire.encoding import MAX_PAYLOAD_BYTES
from wire.kinds import FROM_CONTROLLER, MESSAGES
from wire.message import Message, Value
from wire.signing import _HEADER, MAX_TOKEN_BYTES, _Registry

README = Path(str(wire.__file__)).with_name("README.md").read_text(encoding="utf-8")
MESSAGES_PART = README.partition("## Messages")[2].partition("## HTTPS")[0]
KINDS = sorted(set(MESSAGES))


def words_of(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def section(kind: str) -> str:
    """Return what the README says about one kind of message, up to the next kind."""
    parts = re.split(r"^\*\*`([a-z]+)`\*\*", MESSAGES_PART, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[kind]


def wire_names(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def all_names(model: type[BaseModel]) -> set[str]:
    inner = [part for field in model.model_fields.values() for part in models_in(field.annotation)]
    return set(wire_names(model)).union(*(all_names(part) for part in inner))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_message_is_named(kind: str) -> None:
    claims = set(Message.model_fields)

    assert all_names(MESSAGES[kind]) - claims - words_of(section(kind)) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_in_bold_are_those_without_a_default(kind: str) -> None:
    model = MESSAGES[kind]
    bold = set(re.findall(r"\*\*`([a-z_]+)`\*\*", section(kind)))
    required = {name for name, field in wire_names(model).items() if field.is_required()}
    nested = {"number", "kind", "at"} if kind == "receipts" else set()

    assert bold - nested == required - set(Message.model_fields)


def test_the_claims_are_all_named() -> None:
    part = README.partition("## Claims")[2].partition("**Unknown")[0]

    rows = re.findall(r"^\| `([a-z]+)` \|", part, re.MULTILINE)
    assert rows == list(Message.model_fields)


OTHERS = ("alert", "live", "trust", "epoch", "cap")


def test_the_table_of_topics_is_the_code() -> None:
    rows = re.findall(
        r"^\| `(tt/1[^`]*)` \| .* \| (.*) \| ([01]) \| (.*) \|$", README, re.MULTILINE
    )
    device, area = "d-abcd", "vn"
    named = {"{device}": device, "{area}": area, "{id}": "x", "{session}": "x", "{source}": "s"}
    found = {}

    for topic, _kind, _qos, retained in rows:
        for name, value in named.items():
            topic = topic.replace(name, value)  # noqa: PLW2901  # filled in, step by step
        found[topics.parse(topic).kind] = retained != "no"

    assert set(found) == {*topics.DOWN_KINDS, *topics.UP_KINDS, *OTHERS}
    assert {kind for kind in found if found[kind]} == topics.RETAINED_KINDS | {"epoch"}


def test_the_table_of_errors_is_the_code() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (.*) \| (.*) \|$", README, re.MULTILINE)
    every: list[type[errors.WireError]] = [errors.WireError, *errors.WireError.__subclasses__()]

    assert rows[-len(every) :] == [(error.code, error.vi, error.en) for error in every]


def test_the_table_of_the_header_is_the_code() -> None:
    part = README.partition("| header |")[2].partition("Any other")[0]

    assert re.findall(r"^\| `([a-z]+)` \|", part, re.MULTILINE) == list(_HEADER)


def test_limits_are_as_written() -> None:
    assert f"a token {MAX_TOKEN_BYTES // 1024} KiB" in README
    assert f"its header {_Registry.max_header_length:,} bytes" in README
    assert f"a payload {MAX_PAYLOAD_BYTES // 1024**2} MiB" in README
    assert f"at most {trust.LONGEST_CERTIFICATE.days} days" in README
    assert f"`iat` at most {trust.CLOCK_TOLERANCE.seconds} s ahead" in README
    assert f"at most {trust.LONGEST_COMMAND.seconds // 60} minutes" in README


def test_what_each_leave_lets_say_is_written() -> None:
    part = README.partition("| `may` |")[2].partition("**Scope.**")[0]

    assert re.findall(r"^\| `([a-z]+)` \|", part, re.MULTILINE) == ["programme", "drill", "alert"]
    assert {model.kind for model in FROM_CONTROLLER} <= words_of(part)


def test_every_https_path_and_body_is_written() -> None:
    part = README.partition("## HTTPS")[2].partition("## Error")[0]
    bodies = [
        body
        for body in Value.__subclasses__()
        if body.__module__ == enrolment.__name__ and body is not Message
    ]

    for path in (enrolment.BUNDLE_PATH, enrolment.ENROL_PATH, enrolment.RENEW_PATH):
        assert path in part
    assert enrolment.PULL_PATH in part
    assert f"{enrolment.AUDIO_PATH}{{sha256}}" in part
    for body in bodies:
        assert set(wire_names(body)) - words_of(part) == set(), body.__name__
