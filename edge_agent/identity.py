"""Who this device is: its key, its certificate, what it pins for life. Files in the data folder.

Everything is written to a temporary file, synced and renamed; the key is readable by us alone.
"""

import os
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict

from edge_agent.errors import NotEnrolled
from wire.enrolment import Bundle
from wire.message import Device
from wire.signing import Signer, signer
from wire.trust import pin

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL; Python has no name for it


class IdentityFile(BaseModel):
    """What `identity.json` holds."""

    model_config = ConfigDict(frozen=True)

    device: Device
    controller: str
    mqtt_host: str
    mqtt_port: int
    bundle: Bundle


@dataclass(frozen=True)
class Identity:
    """An enrolled device."""

    folder: Path
    file: IdentityFile

    @property
    def device(self) -> str:
        """The device id."""
        return self.file.device

    @cached_property
    def signer(self) -> Signer:
        """The device's own key, for receipts, status and health."""
        return signer(OKPKey.import_key(self.key_path.read_bytes()))

    @cached_property
    def roots(self) -> dict[str, OKPKey]:
        """The pinned root keys by thumbprint."""
        return dict(pin(self.file.bundle.roots).roots)

    @property
    def key_path(self) -> Path:
        """The private key (PEM, PKCS #8), used for TLS and for signing."""
        return self.folder / "key.pem"

    @property
    def certificate_path(self) -> Path:
        """The client certificate (PEM)."""
        return self.folder / "certificate.pem"

    def tls(self, *, check_time: bool, with_certificate: bool = True) -> ssl.SSLContext:
        """Return a context that believes the pinned CAs only; time is judged with a clock only."""
        context = pinned_tls(self.file.bundle, check_time=check_time)
        if with_certificate:
            context.load_cert_chain(self.certificate_path, self.key_path)
        return context


def pinned_tls(bundle: Bundle, *, check_time: bool) -> ssl.SSLContext:
    """Return a TLS client context for the bundle's CAs, host names checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata="\n".join(bundle.authorities))
    if not check_time:
        context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    return context


def load_identity(folder: Path) -> Identity:
    """Return the identity that `enrol` left in a data folder; NotEnrolled without one."""
    try:
        text = (folder / "identity.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotEnrolled(folder) from error
    return Identity(folder, IdentityFile.model_validate_json(text))


def write_safely(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file so that after a power cut it is the old one or the new one, whole."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
