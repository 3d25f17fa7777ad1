"""The key and certificate under which our CAP documents are signed, from the two files of a site.

Somebody else's authority issues the certificate, or the site itself; who reads us pins it.
"""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from controller.cap.writing import Seal
from controller.config import Config, ConfigInvalid


def read_seal(config: Config) -> Seal | None:
    """Return the seal of a site, None where it has none; raises ConfigInvalid for files that err.

    The certificate file holds the signer first, then those that issued it; the key is RSA or on an
    elliptic curve, PEM, without a password.
    """
    if config.cap_certificate is None or config.cap_key is None:
        return None
    chain, key = _chain(config.cap_certificate), _key(config.cap_key)
    if _public(key.public_key()) != _public(chain[0].public_key()):
        raise ConfigInvalid(problems="TT_CAP_KEY is not the key of the first TT_CAP_CERTIFICATE")
    return Seal(key, chain)


def _chain(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigInvalid(problems=f"TT_CAP_CERTIFICATE: {error}") from error


def _key(file: Path) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigInvalid(problems=f"TT_CAP_KEY: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ConfigInvalid(problems="TT_CAP_KEY: neither RSA nor an elliptic curve")
    return key


def _public(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
