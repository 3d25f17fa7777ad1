"""The certificate that signs our CAP documents: what is wrong with its files is said at once."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from controller.config import Config, ConfigInvalid, load_config
from controller.warnings.seal import read_seal
from tests.controller.cap.messages import Key, certificate

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = serialization.Encoding.PEM


def written(folder: Path, key: Key | ed25519.Ed25519PrivateKey, own: Key = EC) -> Config:
    """Return a configuration with a certificate of `own` and a key file."""
    cert, file = folder / "cap.pem", folder / "cap.key"
    cert.write_bytes(certificate("Đài An Bình", own).public_bytes(PEM))
    file.write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Config.model_validate({"cap_certificate": cert, "cap_key": file})


def test_a_site_without_files_does_not_sign() -> None:
    assert read_seal(Config()) is None


@pytest.mark.parametrize("key", [EC, RSA], ids=["elliptic", "rsa"])
def test_a_key_and_its_certificate_are_a_seal(tmp_path: Path, key: Key) -> None:
    seal = read_seal(written(tmp_path, key, key))

    assert seal is not None
    assert len(seal.chain) == 1


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="TT_CAP_KEY is not the key"):
        read_seal(written(tmp_path, RSA))


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="neither RSA nor an elliptic curve"):
        read_seal(written(tmp_path, ed25519.Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("name", ["cap.pem", "cap.key"])
@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    config = written(tmp_path, EC)
    file = tmp_path / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)

    setting = "TT_CAP_CERTIFICATE" if name == "cap.pem" else "TT_CAP_KEY"
    with pytest.raises(ConfigInvalid, match=setting):
        read_seal(config)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TT_CAP_KEY": "a.key"},
        {"TT_CAP_CERTIFICATE": "a.pem"},
        {"TT_PUBLIC_URL": "ftp://a.vn"},
        {"TT_PUBLIC_URL": "https://a.vn/path"},
    ],
)
def test_half_a_seal_and_an_odd_address_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigInvalid):
        load_config(wrong)


def test_the_sender_is_one_word_of_the_sites_name() -> None:
    named = load_config({"TT_PUBLIC_URL": "https://loa.example.vn:8443"})
    unnamed = load_config({"TT_DEVICE_NAMES": "devices.example.vn"})

    assert named.cap_sender == "truyenthanh@loa.example.vn"
    assert unnamed.cap_sender == "truyenthanh@devices.example.vn"
