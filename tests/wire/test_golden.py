"""Today's code reads what was ever sent, and writes the newest form to the byte.

Files are added, never edited. A private key of the cast is 32 times one byte: 1 and 2 are the
roots, 3 the controller, 6 the device.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from wire import enrolment
from wire.encoding import from_base64url, inflate, json_object
from wire.kinds import FROM_CONTROLLER, FROM_DEVICE, MESSAGES
from wire.message import Message, Value
from wire.signing import payload_of, read, sign, signer, take_apart

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(path for path in GOLDEN.glob("*.json") if not path.stem.startswith("https-"))
BODIES = sorted(GOLDEN.glob("https-*.json"))

Receive = Callable[[str | bytes, str], Message]


def compact(payload: object) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def opened(token: str) -> tuple[dict[str, Any], bytes]:
    header, payload, _ = (from_base64url(part.encode()) for part in token.split("."))
    fields = json_object(header)
    return fields, inflate(payload) if "zip" in fields else payload


def test_every_kind_of_message_has_a_golden_file() -> None:
    kinds = {path.stem.rsplit("-", 1)[0] for path in FILES}

    assert kinds == set(MESSAGES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_token_is_believed_and_says_what_its_file_says(
    path: Path, receive: Receive
) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))

    message = receive(golden["token"], golden["kind"])

    assert opened(golden["token"])[1] == compact(golden["payload"])
    assert message == read(compact(golden["payload"]), MESSAGES[golden["kind"]])


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_the_newest_golden_message_is_written_again_to_the_byte(
    kind: str, golden: Callable[[str], dict[str, Any]], key: Callable[[int], OKPKey]
) -> None:
    model, token = MESSAGES[kind], golden(kind)["token"]
    number = 3 if model in FROM_CONTROLLER else 6 if model in FROM_DEVICE else 1
    by = signer(key(number), take_apart(token).header.get("cert"))
    message = read(compact(golden(kind)["payload"]), model)

    again = sign(message, by)

    assert payload_of(message) == compact(golden(kind)["payload"])
    assert opened(again) == opened(token)
    assert "zip" in take_apart(token).header or again == token


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_golden_https_body_is_read_and_written_again(path: Path) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    model: type[Value] = getattr(enrolment, golden["model"])

    body = model.model_validate_json(compact(golden["payload"]))

    assert body.model_dump_json(exclude_none=True).encode() == compact(golden["payload"])
