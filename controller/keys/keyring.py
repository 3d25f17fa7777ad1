"""The folder of keys as one object: what signs, what devices pin, and the TLS files.

Two roots (Ed25519): the first stays here and signs issuing certificates and the trust list; the
second is a spare to be kept offline, of which only the public half stays. Nothing here talks to a
database or a network; the caller publishes what it gets. A change by another process (`truyenthanh
keys rotate` beside a running server) is seen at the next use.
"""

import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from joserfc.jwk import OKPKey

from controller.errors import Conflict, Missing
from controller.keys.certificates import (
    EVERYTHING,
    STATE_FILE,
    Issuing,
    State,
    forget_keys,
    jwk_of,
    new_issuing,
    newest_of,
    read_state,
    stamp_of,
    write_state,
)
from controller.keys.errors import KeysExposed, KeysMissing, LeaveMissing
from controller.keys.files import (
    exposed_files,
    make_private_folder,
    read_private,
    write_private,
)
from controller.keys.tls import IssuedClient, TlsFiles
from wire.down import Trust
from wire.enrolment import Bundle
from wire.signing import Signer, new_key, public_x, sign, signer
from wire.trust import LONGEST_CERTIFICATE, May, Pinned, pin

ROOT_FILE = "root-1.jwk"
ROTATE_BEFORE = timedelta(days=90)


class Keyring:
    """The keys in a folder (`data_dir/keys`). Use `open` or `create`."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.tls = TlsFiles(folder)
        self._stamp: tuple[int, int] | None = None
        self._signers: dict[May, Signer] = {}
        self._take(state)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the keys; `KeysMissing` or, where others could read them too, `KeysExposed`."""
        if not (folder / STATE_FILE).exists():
            raise KeysMissing(folder=folder)
        if exposed := exposed_files(folder):
            raise KeysExposed(folder=folder, names=", ".join(exposed))
        return cls(folder, read_state(folder))

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
        """Make all keys, one issuing key for each thing that it may say.

        `spare_root` is where the second root goes (default: beside the first).
        The state file is written last: a creation that was cut short is simply begun again.
        """
        if (folder / STATE_FILE).exists():
            raise Conflict(
                why_vi=f"Đã có khóa trong {folder}", why_en=f"There are keys in {folder} already"
            )
        make_private_folder(folder)
        roots = [new_key(), new_key()]
        write_private(folder / ROOT_FILE, jwk_of(roots[0]))
        write_private(spare_root or folder / "root-2.jwk", jwk_of(roots[1]))
        ring = cls(folder, State(tuple(public_x(root) for root in roots)))
        ring.tls.create(f"Truyen Thanh CA {subtree}", now)
        ring._issue(subtree, may, now)
        return ring

    def in_use(self, leave: May) -> Issuing:
        """Return the certificate under which this is said now; raises `LeaveMissing`."""
        self._refresh()
        if leave not in self._newest:
            raise LeaveMissing(leave=leave)
        return self._newest[leave]

    @property
    def issuing(self) -> Issuing:
        """Return the certificate of plans and desired states, the newest where there is none."""
        self._refresh()
        return self._newest.get("programme", self._certificates[-1])

    @property
    def leaves(self) -> tuple[May, ...]:
        """Return what this controller may say."""
        self._refresh()
        return tuple(leave for leave in EVERYTHING if leave in self._newest)

    @property
    def certificates(self) -> tuple[Issuing, ...]:
        """Return every issuing certificate so far, oldest first."""
        self._refresh()
        return self._certificates

    @property
    def revoked(self) -> tuple[str, ...]:
        """Return the thumbprints of revoked issuing keys."""
        return self._state.revoked

    @property
    def subtree(self) -> str:
        """Return the area that this controller speaks to: itself and all below."""
        return self.issuing.certificate.subtree

    def signer(self, leave: May = "programme") -> Signer:
        """Return what signs this, with the certificate that the messages carry.

        The key is read when first asked for: who never signs an alert needs no leave to read the
        alert key. Raises `LeaveMissing`, `KeyClosed`.
        """
        one = self.in_use(leave)
        if leave not in self._signers:
            self._signers[leave] = signer(self._private(one.file_name), one.text)
        return self._signers[leave]

    def may_open(self, name: str) -> bool:
        """Return whether this process may read a file of the folder."""
        return os.access(self.folder / name, os.R_OK, effective_ids=True)

    def pinned(self) -> Pinned:
        """Return what a receiver of ours trusts."""
        self._refresh()
        return self._pinned

    def bundle(self) -> Bundle:
        """Return what a new device pins for life; the same from `create` on."""
        authority = self.authority_file.read_text(encoding="ascii")
        return Bundle(roots=self._state.roots, authorities=(authority,))

    def trust(self, now: datetime, rev: int, revoked_devices: Iterable[str] = ()) -> Trust:
        """Return the list of certificates still valid, and of what is revoked, not yet signed."""
        return Trust(
            iss=self.subtree,
            iat=now,
            exp=now + LONGEST_CERTIFICATE,
            jti=uuid.uuid4().hex,
            rev=rev,
            certificates=tuple(one.text for one in self.certificates if self._is_good(one, now)),
            revoked=self.revoked,
            revoked_devices=tuple(sorted(revoked_devices)),
        )

    def sign_trust(self, trust: Trust) -> str:
        """Return the list signed by the root; `KeyClosed` where this process may not."""
        return sign(trust, self._root())

    def trust_token(self, now: datetime, rev: int, revoked_devices: Iterable[str] = ()) -> str:
        """Return the root-signed list of certificates still valid, and of what is revoked."""
        return self.sign_trust(self.trust(now, rev, revoked_devices))

    @property
    def holds_root(self) -> bool:
        """Whether this process may sign the trust list and issuing certificates."""
        return self.may_open(ROOT_FILE)

    def rotate(self, now: datetime, leaves: Iterable[May] | None = None) -> tuple[Issuing, ...]:
        """Replace issuing keys (default: all); old messages stay good until one is revoked."""
        chosen = self.leaves if leaves is None else tuple(leaves)
        for leave in chosen:
            self.in_use(leave)
        return self._issue(self.subtree, chosen, now)

    def rotate_when_due(self, now: datetime) -> bool:
        """Rotate what is in the last 90 days of its certificate; return whether anything was."""
        due = [
            leave
            for leave in self.leaves
            if self.in_use(leave).certificate.exp - now <= ROTATE_BEFORE
        ]
        if due:
            self.rotate(now, due)
        return bool(due)

    def revoke(self, kid: str) -> None:
        """Revoke an issuing key that is no longer in use; publish the trust list afterwards."""
        if kid not in {one.kid for one in self.certificates}:
            raise Missing(what="khóa | key", id=kid)
        if kid in {one.kid for one in self._newest.values()}:
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

    def issue_client(self, name: str, now: datetime) -> IssuedClient:
        """Make a key and a client certificate for somebody else; `name` is its common name."""
        return self.tls.issue_client(name, now)

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
        if self._stamp is not None and stamp_of(self.folder) != self._stamp:
            self._take(read_state(self.folder))

    def _take(self, state: State) -> None:
        self._held, self._signers = state, {}
        self._roots = pin(state.roots)
        self._pinned = pin(state.roots, state.revoked)
        self._certificates = tuple(self._read(text) for text in state.certificates)
        self._newest = newest_of(self._certificates, state.revoked)
        if state.certificates:
            self._stamp = stamp_of(self.folder)

    def _save(self, state: State) -> None:
        write_state(self.folder, state)
        self._take(state)

    def _issue(self, subtree: str, leaves: Iterable[May], now: datetime) -> tuple[Issuing, ...]:
        """Certify a new key for each leave; the state is written once, when all are there."""
        root = self._root()
        made = tuple(new_issuing(self.folder, subtree, leave, root, now) for leave in leaves)
        texts = (one.text for one in made)
        self._save(replace(self._state, certificates=(*self._state.certificates, *texts)))
        forget_keys(self.folder, self._newest.values())
        return made

    def _read(self, text: str) -> Issuing:
        certificate, key = self._roots.certificate(text)  # also of what was revoked since
        return Issuing(key.thumbprint(), text, certificate)

    def _root(self) -> Signer:
        return signer(self._private(ROOT_FILE))

    def _private(self, name: str) -> OKPKey:
        return OKPKey.import_key(json.loads(read_private(self.folder / name)))

    def _is_good(self, one: Issuing, now: datetime) -> bool:
        return one.kid not in self.revoked and now < one.certificate.exp
