"""Which certificate, if any, a signature may be believed under: pinned ones and what they issued.

The certificates inside a message are only candidates. A pinned certificate counts as a signer
itself or, when it is an authority, as the issuer of one, over at most two more authorities.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree

from controller.cap.algorithms import is_weak_hash

MAX_CERTIFICATES = 5
MAX_AUTHORITIES = 3
X509 = "{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
One = TypeVar("One", bound=x509.ExtensionType)
UNDERSTOOD = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.SubjectAlternativeName.oid,
        x509.CertificatePolicies.oid,
    }
)


def certificates_in(signature: etree._Element) -> tuple[x509.Certificate, ...]:
    """Return the certificates that a message brings along; unreadable ones are left out."""
    found = []
    for element in list(signature.iter(X509))[:MAX_CERTIFICATES]:
        try:
            der = base64.b64decode("".join((element.text or "").split()), validate=True)
            found.append(x509.load_der_x509_certificate(der))
        except (binascii.Error, ValueError):
            continue
    return tuple(found)


def leads_to(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    """Whether a signer's certificate is pinned, or was issued under a pinned one, judged at `at`.

    Dates of validity are not judged here but by `in_time`, so that both can be told apart.
    """
    if signer in pinned:
        return True
    if not _may_sign(signer):
        return False
    return _issued(signer, others, pinned, at, MAX_AUTHORITIES)


def in_time(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    """Whether such a path exists with every certificate on it valid at `at`."""
    return leads_to(
        signer,
        [one for one in others if _is_valid(one, at)],
        [one for one in pinned if _is_valid(one, at)],
        at,
    ) and _is_valid(signer, at)


def _issued(
    subject: x509.Certificate,
    others: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
    at: datetime,
    deepest: int,
) -> bool:
    """Walk from a certificate towards a pinned authority; `deepest` authorities may follow."""
    if deepest == 0 or is_weak_hash(_hash_name(subject), at):
        return False
    below = MAX_AUTHORITIES - deepest
    if any(_is_issuer(one, subject, below) for one in pinned):
        return True
    between = [one for one in others if one != subject and _is_issuer(one, subject, below)]
    return any(_issued(one, others, pinned, at, deepest - 1) for one in between)


def _is_issuer(issuer: x509.Certificate, subject: x509.Certificate, below: int) -> bool:
    if not _is_authority(issuer, below):
        return False
    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate, below: int) -> bool:
    """Whether it may issue, with `below` authorities between it and the signer."""
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca or not _is_understood(certificate):
        return False
    if constraints.path_length is not None and constraints.path_length < below:
        return False
    usage = _extension(certificate, x509.KeyUsage)
    return usage is None or usage.key_cert_sign


def _may_sign(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.KeyUsage)
    return _is_understood(certificate) and (
        usage is None or usage.digital_signature or usage.content_commitment
    )


def _is_understood(certificate: x509.Certificate) -> bool:
    """Refuse what has critical demands that are not checked here (RFC 5280, 4.2)."""
    try:
        extensions = certificate.extensions
    except ValueError:
        return False
    return all(one.oid in UNDERSTOOD for one in extensions if one.critical)


def _extension(certificate: x509.Certificate, kind: type[One]) -> One | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _is_valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _hash_name(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "md5"  # unknown to the library: treated as the weakest
    return algorithm.name if algorithm else ""  # Ed25519 has none of its own
