"""The certificates that a source is pinned to, as people compare them: name, fingerprint, dates."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned certificate; `fingerprint` is its SHA-256 in pairs, as other programs print it."""

    subject: str
    issuer: str
    fingerprint: str
    starts_at: datetime
    ends_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Return whether nothing is believed under it any more."""
        return self.ends_at < now


def pins_of(pinned: str) -> tuple[Pin, ...]:
    """Return the certificates of a PEM text that was checked when it was written down."""
    found = x509.load_pem_x509_certificates(pinned.encode()) if pinned else []
    return tuple(
        Pin(
            subject=one.subject.rfc4514_string(),
            issuer=one.issuer.rfc4514_string(),
            fingerprint=one.fingerprint(hashes.SHA256()).hex(":").upper(),
            starts_at=one.not_valid_before_utc,
            ends_at=one.not_valid_after_utc,
        )
        for one in found
    )
