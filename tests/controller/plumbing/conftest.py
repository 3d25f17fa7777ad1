"""A real Mosquitto with keys of our own and two devices, shared by the tests of this folder."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.broker import BrokerFiles, Mosquitto
from controller.demo.stage import free_ports
from controller.keys import Keyring
from tests.controller.plumbing.peer import Peer, accepts, wait_until

DEVICES = ("d-anbinh1", "d-tanlap1")

Join = Callable[..., Peer]


@pytest.fixture(scope="session")
def live_keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Keys that are valid today, because Mosquitto looks at the real clock."""
    folder = tmp_path_factory.mktemp("live") / "keys"
    return Keyring.create(folder, "vn", ("programme",), datetime.now(UTC))


@pytest.fixture(scope="session")
def device_files(
    live_keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Path]]:
    """Certificate and key of each device, by its id."""
    folder = tmp_path_factory.mktemp("devices")
    return {device: certified(live_keys, device, folder) for device in DEVICES}


@pytest.fixture
def broker(live_keys: Keyring, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker as `truyenthanh serve` runs it."""
    port = free_ports(1)[0]
    broker = Mosquitto(tmp_path / "broker.log", "127.0.0.1", port, broker_files(live_keys))
    broker.start()
    wait_until(lambda: accepts(port))
    yield broker
    broker.stop()


@pytest.fixture
def join(broker: Mosquitto, live_keys: Keyring, device_files: dict[str, tuple[Path, Path]]) -> Join:
    """Return what makes a peer by name (`controller` or a device id)."""

    def join(name: str, client_id: str = "") -> Peer:
        files = live_keys.client_files() if name == "controller" else device_files[name]
        return Peer(port_of(broker), live_keys.authority_file, files, client_id or name)

    return join


def port_of(broker: Mosquitto) -> int:
    port: int = broker._port
    return port


def broker_files(keyring: Keyring) -> BrokerFiles:
    certificate, key = keyring.server_files(("localhost", "127.0.0.1"), datetime.now(UTC))
    return BrokerFiles(certificate, key, keyring.authority_file)


def certified(keyring: Keyring, name: str, folder: Path) -> tuple[Path, Path]:
    """Make a key and let the keyring's CA certify it for a device of this name."""
    key = Ed25519PrivateKey.generate()
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    request = csr.public_bytes(serialization.Encoding.PEM).decode()
    pem, _, _ = keyring.certify(request, name, datetime.now(UTC))
    certificate_file, key_file = folder / f"{name}.crt", folder / f"{name}.key"
    certificate_file.write_text(pem)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
