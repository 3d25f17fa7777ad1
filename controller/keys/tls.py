"""The CA's folder: the TLS files of our servers and of ourselves, and the devices' certificates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from controller.keys.authority import (
    Authority,
    certificate_pem,
    key_pem,
    names_of,
    new_authority,
    requested_key,
)
from controller.keys.files import read_private, write_private

RENEW_SERVER_BEFORE = timedelta(days=60)
OWN_NAME = "controller"


@dataclass(frozen=True, slots=True)
class IssuedClient:
    """A client certificate with its private key, both PEM; the key is handed out and not kept."""

    certificate: bytes
    key: bytes
    serial: str
    until: datetime


class TlsFiles:
    """What is PEM in the folder of keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority_file = folder / "ca.pem"

    def create(self, name: str, now: datetime) -> None:
        """Make the CA, and the client certificate of the controller itself."""
        authority = new_authority(name, now)
        write_private(self.folder / "ca.key", key_pem(authority.key))
        write_private(self.authority_file, certificate_pem(authority.certificate))
        key = ec.generate_private_key(ec.SECP256R1())
        issued = authority.issue_client(key.public_key(), OWN_NAME, now)
        self._write(*self.client_files(OWN_NAME), issued, key)

    def client_files(self, name: str = OWN_NAME) -> tuple[Path, Path]:
        """Return (certificate, key) with which the controller itself goes to the broker."""
        return self.folder / f"client-{name}.pem", self.folder / f"client-{name}.key"

    def server_files(self, names: Iterable[str], now: datetime) -> tuple[Path, Path]:
        """Return (certificate, key) of our TLS servers; new when names or time ask for it."""
        wanted = frozenset(names)
        files = self.folder / "server.pem", self.folder / "server.key"
        if not all(file.exists() for file in files) or _is_stale(files[0], wanted, now):
            key = ec.generate_private_key(ec.SECP256R1())
            issued = self._authority().issue_server(key.public_key(), sorted(wanted), now)
            self._write(*files, issued, key)
        return files

    def certify(self, csr_pem: str, device_id: str, now: datetime) -> tuple[str, str, datetime]:
        """Return (PEM, serial in hex, not after) of a device's client certificate."""
        certificate = self._authority().issue_client(requested_key(csr_pem), device_id, now)
        pem = certificate_pem(certificate).decode("ascii")
        return pem, f"{certificate.serial_number:x}", certificate.not_valid_after_utc

    def issue_client(self, name: str, now: datetime) -> IssuedClient:
        """Make a key and a certificate for a client that is no device of ours."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._authority().issue_client(key.public_key(), name, now)
        serial, until = f"{issued.serial_number:x}", issued.not_valid_after_utc
        return IssuedClient(certificate_pem(issued), key_pem(key), serial, until)

    def _authority(self) -> Authority:
        key = serialization.load_pem_private_key(read_private(self.folder / "ca.key"), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote this file
        return Authority(x509.load_pem_x509_certificate(self.authority_file.read_bytes()), key)

    @staticmethod
    def _write(
        certificate_file: Path,
        key_file: Path,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
    ) -> None:
        write_private(key_file, key_pem(key))
        write_private(certificate_file, certificate_pem(certificate))


def _is_stale(file: Path, names: frozenset[str], now: datetime) -> bool:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    is_ending = certificate.not_valid_after_utc - now < RENEW_SERVER_BEFORE
    return is_ending or names_of(certificate) != names
