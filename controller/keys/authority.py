"""The controller's own certificate authority for TLS: servers, itself as client, and devices.

ECDSA P-256, because browsers refuse Ed25519 certificates; a device's own key is Ed25519, which
OpenSSL 3 and Mosquitto take as a client's. The functions are pure but for randomness.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from controller.errors import Invalid

AUTHORITY_FOR = timedelta(days=3652)
CLIENT_FOR = timedelta(days=3652)
SERVER_FOR = timedelta(days=397)
CLOCK_TOLERANCE = timedelta(hours=1)

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class Authority:
    """The CA's certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue_server(self, key: PublicKey, names: Iterable[str], now: datetime) -> x509.Certificate:
        """Certify a TLS server for host names and addresses, for 397 days."""
        alternatives = [_general_name(name) for name in names]
        extension = x509.SubjectAlternativeName(alternatives)
        builder = self._leaf("truyenthanh", key, now, now + SERVER_FOR)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(extension, critical=False)
        return self._signed(builder.add_extension(usage, critical=False))

    def issue_client(self, key: PublicKey, name: str, now: datetime) -> x509.Certificate:
        """Certify a TLS client whose common name is `name`, for ten years at most."""
        end = min(now + CLIENT_FOR, self.certificate.not_valid_after_utc)
        builder = self._leaf(name, key, now, end)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._signed(builder.add_extension(usage, critical=False))

    def _leaf(
        self, name: str, key: PublicKey, now: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            _certificate(name, key, now, end)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(is_authority=False), critical=True)
            .add_extension(above, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return builder.sign(self.key, hashes.SHA256())


def new_authority(name: str, now: datetime) -> Authority:
    """Make a CA that lives ten years and certifies no further CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _certificate(name, key.public_key(), now, now + AUTHORITY_FOR)
        .issuer_name(_name(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def requested_key(csr_pem: str) -> ed25519.Ed25519PublicKey:
    """Return the Ed25519 key of a PKCS #10 request whose sender has proved to hold it.

    Everything else in the request is ignored: name and rights are ours. Raises `Invalid`.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        key, is_proven = request.public_key(), request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _bad_request("không đọc được", "cannot be read") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _bad_request("khóa phải là Ed25519", "the key must be Ed25519")
    if not is_proven:
        raise _bad_request("chữ ký không đúng", "the signature does not hold")
    return key


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PEM (PKCS #8, not encrypted: the file's mode protects it)."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """Return the host names and addresses that a server certificate is good for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return frozenset(str(name.value) for name in found.value)


def _certificate(
    name: str, key: PublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _bad_request(why_vi: str, why_en: str) -> Invalid:
    return Invalid(field="csr", why_vi=why_vi, why_en=why_en)
