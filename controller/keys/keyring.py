"""The folder of keys as one object: what signs plans, what devices pin, and the TLS files.

Two roots (Ed25519): the first stays here and signs issuing certificates and the trust list; the
second is a spare to be kept offline, of which only the public half stays. Nothing here talks to a
database or a network; the caller publishes what it gets.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import OKPKey

from controller.errors import Conflict, ControllerError, Missing
from controller.keys.authority import (
    Authority,
    certificate_pem,
    key_pem,
    names_of,
    new_authority,
    requested_key,
)
from controller.keys.files import exposed_files, make_private_folder, write_private
from wire.down import Trust
from wire.enrolment import Bundle
from wire.signing import Signer, new_key, public_key, public_x, sign, signer
from wire.trust import LONGEST_CERTIFICATE, IssuingCertificate, May, Pinned

RENEW_SERVER_BEFORE = timedelta(days=60)
EVERYTHING: tuple[May, ...] = ("programme", "drill", "alert")


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
    """One issuing key and what its certificate says."""

    kid: str
    text: str
    certificate: IssuingCertificate


class Keyring:
    """The keys in a folder (`data_dir/keys`). Use `open` or `create`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._trust: dict[str, Any] = {}
        self._pinned = Pinned({})
        self._signer: Signer | None = None

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the keys; `KeysMissing` or, where others could read them too, `KeysExposed`."""
        if not (folder / "trust.json").exists():
            raise KeysMissing(folder=folder)
        if exposed := exposed_files(folder):
            raise KeysExposed(folder=folder, names=", ".join(exposed))
        ring = cls(folder)
        ring._take(json.loads((folder / "trust.json").read_text(encoding="utf-8")))
        return ring

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

        `trust.json` is written last: a creation that was cut short is simply begun again.
        """
        if (folder / "trust.json").exists():
            raise Conflict(
                why_vi=f"Đã có khóa trong {folder}", why_en=f"There are keys in {folder} already"
            )
        make_private_folder(folder)
        roots = [new_key(), new_key()]
        authority = new_authority(f"Truyen Thanh CA {subtree}", now)
        write_private(folder / "root-1.jwk", _jwk(roots[0]))
        write_private(spare_root or folder / "root-2.jwk", _jwk(roots[1]))
        write_private(folder / "ca.key", key_pem(authority.key))
        write_private(folder / "ca.pem", certificate_pem(authority.certificate))
        ring = cls(folder)
        ring._make_client("controller", authority, now)
        ring._take({"roots": [public_x(root) for root in roots], "certificates": [], "revoked": []})
        ring._issue(subtree, tuple(may), now)
        return ring

    @property
    def issuing(self) -> Issuing:
        """Return the certificate in use."""
        return self._read(self._trust["certificates"][-1])

    @property
    def certificates(self) -> tuple[Issuing, ...]:
        """Return every issuing certificate so far, oldest first, the one in use last."""
        return tuple(self._read(text) for text in self._trust["certificates"])

    @property
    def revoked(self) -> tuple[str, ...]:
        """Return the thumbprints of revoked issuing keys."""
        return tuple(self._trust["revoked"])

    @property
    def subtree(self) -> str:
        """Return the area that this controller speaks to: itself and all below."""
        return self.issuing.certificate.subtree

    def signer(self) -> Signer:
        """Return what signs plans and desired states, with the certificate that they carry."""
        if self._signer is None:
            issuing = self.issuing
            self._signer = signer(self._private(f"issuing-{issuing.kid}.jwk"), issuing.text)
        return self._signer

    def pinned(self) -> Pinned:
        """Return what a receiver of ours trusts."""
        return self._pinned

    def bundle(self) -> Bundle:
        """Return what a new device pins for life; the same from `create` on."""
        return Bundle(
            roots=tuple(self._trust["roots"]),
            authorities=((self.folder / "ca.pem").read_text(encoding="ascii"),),
        )

    def trust_token(self, now: datetime, rev: int, revoked_devices: Iterable[str] = ()) -> str:
        """Return the root-signed list of certificates still valid, and of what is revoked."""
        valid = [one.text for one in self.certificates if self._is_valid(one, now)]
        message = Trust(
            iss=self.subtree,
            iat=now,
            exp=now + LONGEST_CERTIFICATE,
            jti=uuid.uuid4().hex,
            rev=rev,
            certificates=tuple(valid),
            revoked=self.revoked,
            revoked_devices=tuple(sorted(revoked_devices)),
        )
        return sign(message, self._root())

    def rotate(self, now: datetime) -> Issuing:
        """Replace the issuing key; messages of the old one stay good until it is revoked."""
        old = self.issuing.certificate
        return self._issue(old.subtree, old.may, now)

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
            self._save({**self._trust, "revoked": [*self.revoked, kid]})

    def certify(self, csr_pem: str, device_id: str, now: datetime) -> tuple[str, str, datetime]:
        """Return (PEM, serial in hex, not after) of a client certificate for a device.

        The common name is `device_id` whatever the request says; the request must be signed by
        the Ed25519 key that it carries, else `Invalid`.
        """
        certificate = self._authority().issue_client(requested_key(csr_pem), device_id, now)
        pem = certificate_pem(certificate).decode("ascii")
        return pem, f"{certificate.serial_number:x}", certificate.not_valid_after_utc

    def server_files(self, names: Iterable[str], now: datetime) -> tuple[Path, Path]:
        """Return (certificate, key) of our TLS servers; new when names or time ask for it."""
        wanted = frozenset(names)
        files = self.folder / "server.pem", self.folder / "server.key"
        if not all(file.exists() for file in files) or self._is_stale(files[0], wanted, now):
            key = ec.generate_private_key(ec.SECP256R1())
            issued = self._authority().issue_server(key.public_key(), sorted(wanted), now)
            write_private(files[1], key_pem(key))
            write_private(files[0], certificate_pem(issued))
        return files

    def client_files(self, name: str = "controller") -> tuple[Path, Path]:
        """Return (certificate, key) with which the controller itself goes to the broker."""
        return self.folder / f"client-{name}.pem", self.folder / f"client-{name}.key"

    @property
    def authority_file(self) -> Path:
        """Return the CA's certificate, for servers that check their clients."""
        return self.folder / "ca.pem"

    def _take(self, trust: dict[str, Any]) -> None:
        roots = [public_key(x) for x in trust["roots"]]
        revoked = frozenset(trust["revoked"])
        self._trust, self._signer = trust, None
        self._pinned = Pinned({root.thumbprint(): root for root in roots}, revoked)

    def _save(self, trust: dict[str, Any]) -> None:
        write_private(self.folder / "trust.json", json.dumps(trust, indent=1).encode())
        self._take(trust)

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
        self._save({**self._trust, "certificates": [*self._trust["certificates"], text]})
        for file in set(self.folder.glob("issuing-*.jwk")) - {mine}:
            file.unlink()
        return self.issuing

    def _read(self, text: str) -> Issuing:
        certificate, key = self._pinned.certificate(text)
        return Issuing(key.thumbprint(), text, certificate)

    def _root(self) -> Signer:
        return signer(self._private("root-1.jwk"))

    def _private(self, name: str) -> OKPKey:
        return OKPKey.import_key(json.loads((self.folder / name).read_bytes()))

    def _authority(self) -> Authority:
        key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote this file
        return Authority(x509.load_pem_x509_certificate(self.authority_file.read_bytes()), key)

    def _make_client(self, name: str, authority: Authority, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate_file, key_file = self.client_files(name)
        issued = authority.issue_client(key.public_key(), name, now)
        write_private(key_file, key_pem(key))
        write_private(certificate_file, certificate_pem(issued))

    def _is_valid(self, one: Issuing, now: datetime) -> bool:
        return one.kid not in self.revoked and now < one.certificate.exp

    @staticmethod
    def _is_stale(file: Path, names: frozenset[str], now: datetime) -> bool:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        is_ending = certificate.not_valid_after_utc - now < RENEW_SERVER_BEFORE
        return is_ending or names_of(certificate) != names


def _jwk(key: OKPKey) -> bytes:
    return json.dumps(key.as_dict(private=True)).encode()
