"""What can be wrong with a source of warnings as somebody writes it down, one sentence each."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from controller.cap.algorithms import is_weak_key
from controller.cap.models import SourceKind
from controller.errors import Invalid
from wire.topics import AREA_PATTERN

if TYPE_CHECKING:
    from controller.cap.registering import SourceDraft

SHORTEST_POLL_S, LONGEST_POLL_S = 1, 86_400
SHORTEST_ASKING_S = 10
"""Nobody else's server is asked more often than this."""
LONGEST_NAME, LONGEST_PLACE, LONGEST_PINS = 200, 1000, 65_536
MOST_HOSTS, MOST_PINS = 20, 20
OURS = frozenset({"controller"})
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::[0-9]{1,5})?")


def check_id(source_id: str) -> None:
    """Raise Invalid for a name that no topic can have, or that a certificate of ours has.

    A source's client certificate has its name: nobody may come to our broker as the controller or
    as a device.
    """
    if not re.fullmatch(AREA_PATTERN, source_id):
        raise _wrong("id", "gồm chữ thường, số, gạch nối", "is a-z, 0-9 and dashes")
    if source_id in OURS or source_id.startswith("d-"):
        raise _wrong(
            "id",
            "tên này dành cho bộ điều khiển và thiết bị",
            "this name is kept for the controller and the devices",
        )


def checked(draft: "SourceDraft", source_id: str, now: datetime) -> "SourceDraft":
    """Return a draft as it is kept, or raise Invalid with the first wrong field."""
    name = " ".join(draft.name.split()) or source_id
    if len(name) > LONGEST_NAME:
        raise _wrong("name", "quá 200 chữ", "has over 200 letters")
    is_http = draft.kind is SourceKind.HTTP
    shortest = SHORTEST_ASKING_S if is_http else SHORTEST_POLL_S
    if not shortest <= draft.poll_s <= LONGEST_POLL_S:
        raise _wrong("poll_s", f"từ {shortest} đến 86400 giây", f"is {shortest} to 86400 seconds")
    place = _place(draft.kind, draft.place.strip())
    hosts = _hosts(draft.hosts) if is_http else ()
    pinned = _pinned(draft.pinned, now)
    _check_trust(draft, pinned)
    return replace(draft, name=name, place=place, hosts=hosts, pinned=pinned)


def fingerprints(pinned: str) -> list[str]:
    """Return the SHA-256 of each pinned certificate, for people and the audit chain."""
    found = x509.load_pem_x509_certificates(pinned.encode()) if pinned else []
    return [one.fingerprint(hashes.SHA256()).hex() for one in found]


def _place(kind: SourceKind, place: str) -> str:
    if kind is SourceKind.MQTT:
        return ""
    if len(place) > LONGEST_PLACE or any(ord(letter) < 0x20 for letter in place):
        raise _wrong("place", "quá dài hoặc có ký tự lạ", "is too long or has control characters")
    if kind is SourceKind.HTTP:
        return _address(place)
    if not place or not Path(place).is_absolute():
        raise _wrong(
            "place",
            "cần đường dẫn đầy đủ trên máy chủ, bắt đầu bằng /",
            "needs a full path on the server, from / on",
        )
    return place


def _address(place: str) -> str:
    try:
        parts = urlsplit(place)
        is_good = parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:
        is_good = False
    if not is_good:
        raise _wrong(
            "place",
            "cần địa chỉ https://, không kèm tên và mật khẩu",
            "needs an https:// address without a user or a password",
        )
    return place


def _hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(one.strip().lower() for one in hosts if one.strip()))
    wrong = next((one for one in kept if not _HOST.fullmatch(one)), "")
    if wrong:
        raise _wrong(
            "hosts",
            f"{wrong[:100]} không phải tên máy (ví dụ: cap.example.vn)",
            f"{wrong[:100]} is no host name (for example: cap.example.vn)",
        )
    if len(kept) > MOST_HOSTS:
        raise _wrong("hosts", f"nhiều hơn {MOST_HOSTS} máy", f"has over {MOST_HOSTS} hosts")
    return kept


def _pinned(text: str, now: datetime) -> str:
    """Return certificates as they are kept: nothing but the certificates."""
    if not text.strip():
        return ""
    if "PRIVATE KEY" in text:
        raise _wrong(
            "pinned",
            "đây là khóa bí mật; chỉ dán chứng thư, và hãy coi khóa này đã lộ",
            "this is a private key; give the certificate only, and take the key for stolen",
        )
    try:
        found = x509.load_pem_x509_certificates(text[:LONGEST_PINS].encode())
    except ValueError:
        raise _wrong(
            "pinned",
            "không phải chứng thư PEM (-----BEGIN CERTIFICATE-----)",
            "is no PEM certificate (-----BEGIN CERTIFICATE-----)",
        ) from None
    if len(text) > LONGEST_PINS or len(found) > MOST_PINS:
        raise _wrong("pinned", f"nhiều hơn {MOST_PINS} chứng thư", f"has over {MOST_PINS}")
    for one in found:
        _check_certificate(one, now)
    return "".join(certificate_text(one) for one in dict.fromkeys(found))


def certificate_text(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _check_certificate(certificate: x509.Certificate, now: datetime) -> None:
    ends_at = certificate.not_valid_after_utc
    if ends_at < now:
        raise _wrong(
            "pinned",
            f"chứng thư đã hết hạn ngày {ends_at:%d/%m/%Y}",
            f"the certificate ended on {ends_at:%d/%m/%Y}",
        )
    if is_weak_key(certificate):
        raise _wrong("pinned", "khóa của chứng thư quá yếu", "the certificate's key is too weak")


def _check_trust(draft: "SourceDraft", pinned: str) -> None:
    if not draft.is_open and not pinned:
        raise _wrong(
            "pinned",
            "nguồn phải ký thì cần ít nhất một chứng thư",
            "a source that must sign needs a certificate",
        )
    if draft.stops_at_once and not pinned:
        raise _wrong(
            "stops_at_once",
            "chỉ dành cho nguồn có chứng thư",
            "is only for a source with a certificate",
        )
    if not 0 <= draft.releases_upto <= 5:
        raise _wrong("releases_upto", "từ 0 đến 5", "is 0 to 5")
    if draft.releases_upto and draft.is_open:
        raise _wrong(
            "releases_upto",
            "nguồn mở không bao giờ được tự phát; nguồn phải ký",
            "an open source never releases by itself; it must sign",
        )


def _wrong(field: str, why_vi: str, why_en: str) -> Invalid:
    return Invalid(field=field, why_vi=why_vi, why_en=why_en)
