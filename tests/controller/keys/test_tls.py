"""The certificates of our CA against the real parts: Python's ssl, openssl and Mosquitto."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.enums import CallbackAPIVersion

from controller.keys import Keyring

WAIT_S = 20.0


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Keys of the present day: OpenSSL and Mosquitto know no other."""
    return Keyring.create(tmp_path / "today", "vn", ("programme",), datetime.now(UTC))


@pytest.fixture
def device_files(keyring: Keyring, tmp_path: Path) -> tuple[Path, Path]:
    """The Ed25519 client certificate of a device, and its key."""
    key = Ed25519PrivateKey.generate()
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    request = csr.public_bytes(serialization.Encoding.PEM).decode()
    pem, _, _ = keyring.certify(request, "d-anbinh1", datetime.now(UTC))
    certificate_file, key_file = tmp_path / "device.pem", tmp_path / "device.key"
    certificate_file.write_text(pem, encoding="ascii")
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


@pytest.fixture
def broker(keyring: Keyring, tmp_path: Path) -> Iterator[int]:
    """A Mosquitto that asks for client certificates; the port it listens on."""
    certificate, key = keyring.server_files(["localhost", "127.0.0.1"], datetime.now(UTC))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(
        f"user root\nlistener {port} 127.0.0.1\ncafile {keyring.authority_file}\n"
        f"certfile {certificate}\nkeyfile {key}\nrequire_certificate true\n"
        "use_identity_as_username true\npersistence false\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(["mosquitto", "-c", str(settings)], stderr=subprocess.DEVNULL)
    _wait_for(port)
    yield port
    process.terminate()
    process.wait(timeout=WAIT_S)


def test_openssl_finds_nothing_to_complain_about(keyring: Keyring) -> None:
    server, _ = keyring.server_files(["localhost"], datetime.now(UTC))
    client, _ = keyring.client_files()

    for purpose, file in (("sslserver", server), ("sslclient", client)):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose]
        command += ["-CAfile", str(keyring.authority_file), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_python_accepts_our_server_by_name_and_by_address(keyring: Keyring, name: str) -> None:
    files = keyring.server_files(["localhost", "127.0.0.1"], datetime.now(UTC))
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(*files)
    theirs = ssl.create_default_context(cafile=str(keyring.authority_file))
    theirs.verify_flags |= ssl.VERIFY_X509_STRICT

    with (
        _serving(ours) as port,
        socket.create_connection(("127.0.0.1", port), WAIT_S) as raw,
        theirs.wrap_socket(raw, server_hostname=name) as secure,
    ):
        assert secure.version() == "TLSv1.3"


def test_a_device_and_the_controller_reach_mosquitto_with_their_certificates(
    keyring: Keyring, device_files: tuple[Path, Path], broker: int
) -> None:
    for files in (device_files, keyring.client_files()):
        assert _connects(broker, keyring.authority_file, files)


def test_a_certificate_of_another_controller_is_refused_by_mosquitto(
    keyring: Keyring, broker: int, tmp_path: Path
) -> None:
    """R22."""
    other = Keyring.create(tmp_path / "other", "vn", ("programme",), datetime.now(UTC))

    assert not _connects(broker, keyring.authority_file, other.client_files())


def _connects(port: int, authority: Path, files: tuple[Path, Path]) -> bool:
    answered, verdicts = threading.Event(), list[bool]()

    def on_connect(_c: object, _d: object, _f: object, reason: object, _p: object) -> None:
        verdicts.append(str(reason) == "Success")
        answered.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(str(authority), str(files[0]), str(files[1]))
    client.on_connect = on_connect
    client.on_disconnect = lambda *_: answered.set()
    try:
        client.connect("127.0.0.1", port)
    except ssl.SSLError:
        return False
    client.loop_start()
    answered.wait(WAIT_S)
    client.disconnect()
    client.loop_stop()
    return verdicts == [True]


@contextlib.contextmanager
def _serving(context: ssl.SSLContext) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve_one() -> None:
            raw, _ = listening.accept()
            with context.wrap_socket(raw, server_side=True) as secure:
                secure.recv(1)

        thread = threading.Thread(target=serve_one)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(WAIT_S)


def _wait_for(port: int) -> None:
    for _ in range(int(WAIT_S / 0.05)):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("mosquitto does not listen")
