"""The few packets of MQTT 5 that a simulated device needs, written and read by hand.

Section numbers are those of the OASIS standard. Nothing here knows sockets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CONNACK: Final = 2
PUBLISH: Final = 3
SUBACK: Final = 9
PING: Final = b"\xc0\x00"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet that came: its kind and flags (2.1), and what follows the length."""

    kind: int
    flags: int
    body: bytes


def connect(client_id: str, keepalive_s: int) -> bytes:
    """Return a CONNECT with a clean start (3.1)."""
    variable = _text("MQTT") + bytes((5, 0x02)) + keepalive_s.to_bytes(2, "big") + b"\x00"
    return _packet(0x10, variable + _text(client_id))


def subscribe(mid: int, filters: Sequence[str]) -> bytes:
    """Return a SUBSCRIBE at QoS 1 (3.8)."""
    wanted = b"".join(_text(name) + b"\x01" for name in filters)
    return _packet(0x82, mid.to_bytes(2, "big") + b"\x00" + wanted)


def publish(mid: int, topic: str, payload: bytes) -> bytes:
    """Return a PUBLISH at QoS 1 (3.3)."""
    return _packet(0x32, _text(topic) + mid.to_bytes(2, "big") + b"\x00" + payload)


def acknowledgement(mid: bytes) -> bytes:
    """Return a PUBACK (3.4) for a message id as it came."""
    return b"\x40\x02" + mid


def packets(buffer: bytearray) -> Iterator[Packet]:
    """Take the whole packets off the front of what was read."""
    while len(buffer) >= 2:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return
            byte = buffer[at]
            length |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        if len(buffer) < at + length:
            return
        first = buffer[0]
        yield Packet(first >> 4, first & 0x0F, bytes(buffer[at : at + length]))
        del buffer[: at + length]


def published(packet: Packet) -> tuple[str, bytes, bytes]:
    """Return (topic, message id or nothing at QoS 0, payload) of a PUBLISH."""
    body = packet.body
    at = 2 + int.from_bytes(body[:2], "big")
    topic, mid = body[2:at].decode(), b""
    if packet.flags & 0x06:
        mid, at = body[at : at + 2], at + 2
    properties, shift = 0, 0
    while True:
        byte = body[at]
        properties |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return topic, mid, body[at + properties :]


def _packet(first: int, rest: bytes) -> bytes:
    length, left = bytearray(), len(rest)
    while True:
        left, byte = divmod(left, 128)
        length.append(byte | (0x80 if left else 0))
        if not left:
            return bytes((first,)) + bytes(length) + rest


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data
