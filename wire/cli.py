"""The `wire` commands: a captured payload made readable, and whether its signature holds.

For the command lines of the two programs; the package itself never imports this module.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click
from joserfc.jwk import OKPKey

from wire.encoding import json_object
from wire.errors import Malformed, Revoked, UntrustedIssuer, WireError
from wire.kinds import FROM_CONTROLLER, FROM_ROOT, MESSAGES
from wire.signing import Token, inflated, open_payload, public_key, read, take_apart
from wire.topics import parse
from wire.trust import Pinned, pin, require_topic

HOLDS, DOES_NOT_HOLD, UNREADABLE = 0, 1, 2
CONTROLLER_KINDS = frozenset(model.kind for model in FROM_CONTROLLER)
ROOT_KINDS = frozenset(model.kind for model in FROM_ROOT)


@click.group(name="wire")
def wire() -> None:
    """Xem các thông điệp của giao thức / Look at messages of the protocol."""


@wire.command(name="decode")
@click.argument("captured", type=click.File("rb"), default="-")
@click.option(
    "--root", "roots", multiple=True, help="Khóa gốc: x hoặc tệp / A root: x value or file."
)
@click.option(
    "--key", "keys", multiple=True, help="Khóa thiết bị: x hoặc tệp / A device key: x or file."
)
@click.pass_context
def decode(
    context: click.Context, captured: BinaryIO, roots: tuple[str, ...], keys: tuple[str, ...]
) -> None:
    """Đọc thông điệp bắt được từ tệp hoặc stdin / Read captured messages of a file or stdin.

    Mỗi dòng là một thông điệp, có thể kèm chủ đề như `mosquitto_sub -v` in ra / Each line is one
    message, with its topic before it where `mosquitto_sub -v` printed one.

    Kết quả / Exit: 0 chữ ký đúng / holds, 1 không / does not, 2 không đọc được / unreadable.
    """
    try:
        pinned = pin(_public_xs(roots))
        devices = {key.thumbprint(): key for key in map(public_key, _public_xs(keys))}
    except (WireError, OSError) as error:
        raise click.UsageError(f"--root, --key: {error}") from None
    lines = [line for line in captured.read().splitlines() if line.strip()] or [b""]
    context.exit(max(_show(line, pinned, devices) for line in lines))


def _show(line: bytes, pinned: Pinned, devices: dict[str, OKPKey]) -> int:
    """Print one message and the verdict; return the exit code."""
    topic, _, text = line.strip().rpartition(b" ")
    try:
        token = take_apart(text)
        shown = _readable(topic, token)
    except WireError as error:
        click.echo(f"Không đọc được / Unreadable: {error}", err=True)
        return UNREADABLE
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2).encode("utf-8", "replace"))
    try:
        _require_genuine(topic, token, pinned, devices)
    except (UntrustedIssuer, Revoked):
        click.echo(
            "Chưa có khóa tin cậy để kiểm; thêm --root hoặc --key / "
            "No trusted key at hand to check it; add --root or --key",
            err=True,
        )
    except WireError as error:
        click.echo(f"Không tin được / Not to be believed: {error}", err=True)
    else:
        click.echo("Chữ ký đúng / The signature holds", err=True)
        return HOLDS
    return DOES_NOT_HOLD


def _readable(topic: bytes, token: Token) -> dict[str, Any]:
    certificate = str(token.header.get("cert", ""))
    header = {name: value for name, value in token.header.items() if name != "cert"}
    return {
        "chủ đề / topic": topic.decode("utf-8", "replace"),
        "loại / kind": token.kind,
        "kích thước, byte / size in bytes": len(token.text),
        "đầu thư / header": header,
        "chứng thư / certificate": _payload(take_apart(certificate)) if certificate else None,
        "nội dung / payload": _payload(token),
    }


def _payload(token: Token) -> dict[str, Any]:
    return json_object(inflated(token))


def _require_genuine(
    topic: bytes, token: Token, pinned: Pinned, devices: dict[str, OKPKey]
) -> None:
    """Check the signature, the form and the topic; not time, place or revocation."""
    if token.kind not in MESSAGES:
        raise Malformed(f"{token.kind!r}")
    message = read(open_payload(token, _key_of(token, pinned, devices)), MESSAGES[token.kind])
    if topic:
        require_topic(message, parse(topic.decode("utf-8", "replace")))


def _key_of(token: Token, pinned: Pinned, devices: dict[str, OKPKey]) -> OKPKey:
    if token.kind in CONTROLLER_KINDS:
        return pinned.certificate(str(token.header.get("cert", "")))[1]
    if token.kind in ROOT_KINDS:
        return pinned.root(token.kid)
    if token.kid not in devices:
        raise UntrustedIssuer(token.kid)
    return devices[token.kid]


def _public_xs(given: Iterable[str]) -> list[str]:
    """Return the `x` values given as such, or in files: a bundle, a JWK or just the value."""
    return [x for text in given for x in _xs_of(text)]


def _xs_of(text: str) -> list[str]:
    if not Path(text).is_file():
        return [text]
    content = Path(text).read_bytes().strip()
    if not content.startswith(b"{"):
        return [content.decode("utf-8", "replace")]
    fields = json_object(content)
    return [str(x) for x in fields.get("roots", [fields.get("x", "")])]
