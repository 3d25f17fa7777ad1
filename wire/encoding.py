"""The one spelling of everything: base64url, JSON and DEFLATE, read strictly and within limits."""

import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from wire.errors import Malformed

MAX_PAYLOAD_BYTES = 1024 * 1024
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def from_base64url(part: bytes) -> bytes:
    """Decode RFC 4648 section 5; `Malformed` for padding, spare bits and strange letters."""
    try:
        decoded = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError as error:
        raise Malformed("base64url") from error
    if urlsafe_b64encode(decoded).rstrip(b"=") != part:
        raise Malformed("base64url")
    return decoded


def json_object(text: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8, else `Malformed`.

    A name that occurs twice could mean two things to two readers, so it means none. The escape of
    NUL is refused: PostgreSQL stores none, and one such message would hold up the rest.
    """
    if b"\\u0000" in text and _NUL.search(text):
        raise Malformed("NUL")
    try:
        value = _JSON.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed("JSON") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def deflate(payload: bytes) -> bytes:
    """Return a raw DEFLATE stream (RFC 1951)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(payload) + packer.flush()


def inflate(packed: bytes) -> bytes:
    """Return what a raw DEFLATE stream holds; `Malformed` when broken or over 1 MiB."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = unpacker.decompress(packed, MAX_PAYLOAD_BYTES + 1)
    except zlib.error as error:
        raise Malformed("deflate") from error
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Malformed(f"more than {MAX_PAYLOAD_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("deflate")
    return payload


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise Malformed("a JSON name occurs twice")
    return names


_JSON = json.JSONDecoder(object_pairs_hook=_without_duplicates)
