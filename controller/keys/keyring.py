"""The folder of keys as one object: what signs, what devices pin, and the TLS files.

Two roots (Ed25519): the first stays here and signs issuing certificates and the trust list; the
second is a spare to be kept offline, of which only the public half stays. Nothing here talks to a
database or a network; the caller publishes what it gets. A change by another process (`truyenthanh
keys rotate` beside a running server) is seen at the next use.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from joserfc.jwk import OKPKey

from controller.errors import Conflict, ControllerError, Missing
from controller.keys.files import exposed_files, make_private_folder, write_private
from controller.keys.tls import TlsFiles
from wire.down import Trust
from wire.enrolment import Bundle
from wire.signing import Signer, new_key, public_x, sign, signer
from wire.trust import LONGEST_CERTIFICATE, IssuingCertificate, May, Pinned, pin

EVERYTHING: tuple[May, ...] = ("programme", "drill", "alert")
STATE_FILE = "trust.json"
ROTATE_BEFORE = timedelta(days=90)


class KeysMissing(ControllerError):
    """There are no keys in the folder; fact `folder`."""

    code = "keys_missing"
    status = 503
    vi = "Chưa có khóa trong {folder}: hãy chạy `truyenthanh keys init`"
    en = "There are no keys in {folder}: run `truyenthanh keys init`"


class KeysExposed(ControllerError):
    """Others than the owner can read the keys; facts `folder`, `names`."""

    code = "keys_exposed"
    status = 503
    vi = "Người khác đọc được khóa trong {folder}: {names}. Hãy chạy `chmod -R go= {folder}`"
    en = "Others can read the keys in {folder}: {names}. Run `chmod -R go= {folder}`"


@dataclass(frozen=True)
class Issuing:
    """One issuing key: its thumbprint, and its certificate as text and as read."""

    kid: str
    text: str
    certificate: IssuingCertificate


@dataclass(frozen=True)
class State:
    """What is public of the roots (`x`), every issuing certificate (newest last), and revoked."""

    roots: tuple[str, ...]
    certificates: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


class Keyring:
    """The keys in a folder (`data_dir/keys`). Use `open` or `create`."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.tls = TlsFiles(folder)
        self._stamp: tuple[int, int] | None = None
        self._signer: Signer | None = None
        self._take(state)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the keys; `KeysMissing` or, where others could read them too, `KeysExposed`."""
        if not (folder / STATE_FILE).exists():
            raise KeysMissing(folder=folder)
        if exposed := exposed_files(folder):
            raise KeysExposed(folder=folder, names=", ".join(exposed))
        return cls(folder, _read_state(folder))

    @classmethod
    def create(
        cls,
        folder: Path,
        subtree: str,
        may: Iterable[May],
        now: datetime,
        *,
        spare_root: Path | None = None,
    ) -> Self:
        """Make all keys; `spare_root` is where the second root goes (default: beside the first).

        The state file is written last: a creation that was cut short is simply begun again.
        """
        if (folder / STATE_FILE).exists():
            raise Conflict(
                why_vi=f"Đã có khóa trong {folder}", why_en=f"There are keys in {folder} already"
            )
        make_private_folder(folder)
        roots = [new_key(), new_key()]
        write_private(folder / "root-1.jwk", _jwk(roots[0]))
        write_private(spare_root or folder / "root-2.jwk", _jwk(roots[1]))
        ring = cls(folder, State(tuple(public_x(root) for root in roots)))
        ring.tls.create(f"Truyen Thanh CA {subtree}", now)
        ring._issue(subtree, tuple(may), now)
        return ring

    @property
    def issuing(self) -> Issuing:
        """Return the certificate in use."""
        return self._read(self._state.certificates[-1])

    @property
    def certificates(self) -> tuple[Issuing, ...]:
        """Return every issuing certificate so far, oldest first, the one in use last."""
        return tuple(self._read(text) for text in self._state.certificates)

    @property
    def revoked(self) -> tuple[str, ...]:
        """Return the thumbprints of revoked issuing keys."""
        return self._state.revoked

    @property
    def subtree(self) -> str:
        """Return the area that this controller speaks to: itself and all below."""
        return self.issuing.certificate.subtree

    def signer(self) -> Signer:
        """Return what signs plans and desired states, with the certificate that they carry."""
        text = self._state.certificates[-1]
        if self._signer is None:
            kid = self._read(text).kid
            self._signer = signer(self._private(f"issuing-{kid}.jwk"), text)
        return self._signer

    def pinned(self) -> Pinned:
        """Return what a receiver of ours trusts."""
        self._refresh()
        return self._pinned

    def bundle(self) -> Bundle:
        """Return what a new device pins for life; the same from `create` on."""
        authority = self.authority_file.read_text(encoding="ascii")
        return Bundle(roots=self._state.roots, authorities=(authority,))

    def trust_token(self, now: datetime, rev: int, revoked_devices: Iterable[str] = ()) -> str:
        """Return the root-signed list of certificates still valid, and of what is revoked."""
        message = Trust(
            iss=self.subtree,
            iat=now,
            exp=now + LONGEST_CERTIFICATE,
            jti=uuid.uuid4().hex,
            rev=rev,
            certificates=tuple(one.text for one in self.certificates if self._is_good(one, now)),
            revoked=self.revoked,
            revoked_devices=tuple(sorted(revoked_devices)),
        )
        return sign(message, self._root())

    def rotate(self, now: datetime) -> Issuing:
        """Replace the issuing key; messages of the old one stay good until it is revoked."""
        old = self.issuing.certificate
        return self._issue(old.subtree, old.may, now)

    def rotate_when_due(self, now: datetime) -> bool:
        """Rotate in the last 90 days of the certificate; return whether it was time."""
        is_due = self.issuing.certificate.exp - now <= ROTATE_BEFORE
        if is_due:
            self.rotate(now)
        return is_due

    def revoke(self, kid: str) -> None:
        """Revoke an issuing key that is no longer in use; publish the trust list afterwards."""
        if kid not in {one.kid for one in self.certificates}:
            raise Missing(what="khóa | key", id=kid)
        if kid == self.issuing.kid:
            raise Conflict(
                why_vi="Khóa đang dùng: hãy chạy `truyenthanh keys rotate` trước",
                why_en="This key is in use: run `truyenthanh keys rotate` first",
            )
        if kid not in self.revoked:
            self._save(replace(self._state, revoked=(*self.revoked, kid)))

    def certify(self, csr_pem: str, device_id: str, now: datetime) -> tuple[str, str, datetime]:
        """Return (PEM, serial in hex, not after) of a client certificate for a device.

        The common name is `device_id` whatever the request says; the request must be signed by
        the Ed25519 key that it carries, else `Invalid`.
        """
        return self.tls.certify(csr_pem, device_id, now)

    def server_files(self, names: Iterable[str], now: datetime) -> tuple[Path, Path]:
        """Return (certificate, key) of our TLS servers; new when names or time ask for it."""
        return self.tls.server_files(names, now)

    def client_files(self, name: str = "controller") -> tuple[Path, Path]:
        """Return (certificate, key) with which the controller itself goes to the broker."""
        return self.tls.client_files(name)

    @property
    def authority_file(self) -> Path:
        """Return the CA's certificate, for servers that check their clients."""
        return self.tls.authority_file

    @property
    def _state(self) -> State:
        self._refresh()
        return self._held

    def _refresh(self) -> None:
        """Read the state again if it was replaced in the folder."""
        if self._stamp is not None and _stamp(self.folder) != self._stamp:
            self._take(_read_state(self.folder))

    def _take(self, state: State) -> None:
        self._held, self._signer = state, None
        self._roots = pin(state.roots)
        self._pinned = pin(state.roots, state.revoked)
        if state.certificates:
            self._stamp = _stamp(self.folder)

    def _save(self, state: State) -> None:
        write_private(self.folder / STATE_FILE, json.dumps(vars(state), indent=1).encode())
        self._take(state)

    def _issue(self, subtree: str, may: tuple[May, ...], now: datetime) -> Issuing:
        key = new_key()
        certificate = IssuingCertificate(
            iss="root",
            iat=now,
            exp=now + LONGEST_CERTIFICATE,
            jti=uuid.uuid4().hex,
            rev=int(now.timestamp() * 1000),
            name=f"{subtree} {now:%Y-%m-%d}",
            x=public_x(key),
            subtree=subtree,
            may=may,
        )
        text = sign(certificate, self._root())
        mine = self.folder / f"issuing-{key.thumbprint()}.jwk"
        write_private(mine, _jwk(key))
        self._save(replace(self._state, certificates=(*self._state.certificates, text)))
        for file in set(self.folder.glob("issuing-*.jwk")) - {mine}:
            file.unlink()
        return self.issuing

    def _read(self, text: str) -> Issuing:
        certificate, key = self._roots.certificate(text)  # also of what was revoked since
        return Issuing(key.thumbprint(), text, certificate)

    def _root(self) -> Signer:
        return signer(self._private("root-1.jwk"))

    def _private(self, name: str) -> OKPKey:
        return OKPKey.import_key(json.loads((self.folder / name).read_bytes()))

    def _is_good(self, one: Issuing, now: datetime) -> bool:
        return one.kid not in self.revoked and now < one.certificate.exp


def _read_state(folder: Path) -> State:
    read = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    return State(**{name: tuple(values) for name, values in read.items()})


def _stamp(folder: Path) -> tuple[int, int]:
    found = (folder / STATE_FILE).stat()
    return found.st_ino, found.st_mtime_ns


def _jwk(key: OKPKey) -> bytes:
    return json.dumps(key.as_dict(private=True)).encode()
