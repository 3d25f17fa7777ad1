"""The public half of the folder of keys: every issuing certificate, what is revoked, and the files.

One certificate a leave (programme, drill, alert), so that their keys can belong to different users
of the system. Folders of before have one certificate for everything; it is replaced by rotation.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from joserfc.jwk import OKPKey

from controller.keys.files import write_private
from wire.signing import Signer, new_key, public_x, sign
from wire.trust import LONGEST_CERTIFICATE, IssuingCertificate, May

EVERYTHING: tuple[May, ...] = ("programme", "drill", "alert")
STATE_FILE = "trust.json"
UNDIVIDED = "issuing"


@dataclass(frozen=True)
class Issuing:
    """One issuing key: its thumbprint, and its certificate as text and as read."""

    kid: str
    text: str
    certificate: IssuingCertificate

    @property
    def file_name(self) -> str:
        """Return the name of its key's file, which tells what the key may say."""
        may = self.certificate.may
        return f"{may[0] if len(may) == 1 else UNDIVIDED}-{self.kid}.jwk"


@dataclass(frozen=True)
class State:
    """What is public of the roots (`x`), every issuing certificate (newest last), and revoked."""

    roots: tuple[str, ...]
    certificates: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


def read_state(folder: Path) -> State:
    """Return what the folder says."""
    read = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    return State(**{name: tuple(values) for name, values in read.items()})


def write_state(folder: Path, state: State) -> None:
    """Replace it."""
    write_private(folder / STATE_FILE, json.dumps(vars(state), indent=1).encode())


def stamp_of(folder: Path) -> tuple[int, int]:
    """Return what changes whenever the state is replaced."""
    found = (folder / STATE_FILE).stat()
    return found.st_ino, found.st_mtime_ns


def newest_of(certificates: Iterable[Issuing], revoked: Iterable[str]) -> dict[May, Issuing]:
    """Return the newest certificate that may say each thing; what nobody may say is not there."""
    bad = frozenset(revoked)
    return {
        leave: one for one in certificates if one.kid not in bad for leave in one.certificate.may
    }


def new_issuing(folder: Path, subtree: str, leave: May, root: Signer, now: datetime) -> Issuing:
    """Make a key for one leave, in its own file, and certify it for 400 days."""
    key = new_key()
    certificate = IssuingCertificate(
        iss="root",
        iat=now,
        exp=now + LONGEST_CERTIFICATE,
        jti=uuid.uuid4().hex,
        rev=int(now.timestamp() * 1000),
        name=f"{subtree} {leave} {now:%Y-%m-%d}",
        x=public_x(key),
        subtree=subtree,
        may=(leave,),
    )
    one = Issuing(key.thumbprint(), sign(certificate, root), certificate)
    write_private(folder / one.file_name, jwk_of(key))
    return one


def forget_keys(folder: Path, kept: Iterable[Issuing]) -> None:
    """Remove the private half of every issuing key that is in use no more."""
    names = {one.file_name for one in kept}
    for prefix in (UNDIVIDED, *EVERYTHING):
        for file in folder.glob(f"{prefix}-*.jwk"):
            if file.name not in names:
                file.unlink()


def jwk_of(key: OKPKey) -> bytes:
    """Return a private key as it is kept."""
    return json.dumps(key.as_dict(private=True)).encode()
