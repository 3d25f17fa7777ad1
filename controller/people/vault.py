"""Secrets that must be read again (of a TOTP), sealed with a key made of the app's secret key.

The key (HKDF-SHA256, RFC 5869) stays in memory, with the factory of sessions; a copy of the
database alone opens nothing. Sealed is AES-256-GCM, bound to whom it is about.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.errors import ControllerError

NONCE_BYTES = 12
_NAME = "people.vault"
_PURPOSE = b"truyenthanh second factor 1"


class VaultShut(ControllerError):
    """What was sealed cannot be opened: the app's secret key is another one, or was not given."""

    code = "vault_shut"
    status = 409
    vi = "Khóa bí mật của máy chủ đã đổi: hãy dùng mã dự phòng để gỡ, rồi thiết lập lại"
    en = "The server's secret key has changed: remove it with a recovery code, then set up again"


class Vault:
    """Seals and opens; the same secret opens what it sealed."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._cipher = AESGCM(derived)

    def seal(self, plain: str, about: str) -> str:
        """Return what may be stored; `about` (whose it is) is needed to open it."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, plain.encode(), about.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, about: str) -> str:
        """Return what was sealed about the same; raises `VaultShut`."""
        raw = urlsafe_b64decode(sealed)
        try:
            plain = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode())
        except InvalidTag as error:
            raise VaultShut from error
        return plain.decode()


def give_vault(sessions: Sessions, secret: str) -> None:
    """Let the sessions of a factory seal and open, from now on."""
    sessions.configure(info={_NAME: Vault(secret)})


def vault_of(session: Session) -> Vault:
    """Return the vault of a session; `VaultShut` when its factory was given none."""
    found = session.info.get(_NAME)
    if not isinstance(found, Vault):
        raise VaultShut
    return found
