"""A small faithful controller for the agent's tests, and a real Mosquitto with mutual TLS.

The controller signs with wire/, serves HTTPS for bundle, enrolment, pull and audio, and answers
heartbeats with `sync`. What it hears from the device it keeps, signatures checked.
"""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID
from joserfc.jwk import OKPKey
from paho.mqtt.enums import CallbackAPIVersion

from wire import topics
from wire.alert import (
    Alert,
    AlertAction,
    AlertRevision,
    AlertStatus,
    Hazard,
    Issuer,
    Repeat,
    Target,
)
from wire.down import Cluster, Desired, Intervals, OutputState, Sync, Trust
from wire.enrolment import (
    AUDIO_PATH,
    BUNDLE_PATH,
    ENROL_PATH,
    PULL_PATH,
    RENEW_PATH,
    Bundle,
    ClaimCode,
    EnrolAnswer,
    EnrolRequest,
    Pull,
    Pulled,
    RenewAnswer,
    RenewRequest,
)
from wire.message import Message, Origin
from wire.plan import Asset, AssetItem, Plan, Programme, Slot
from wire.signing import Signer, new_key, open_signed, public_x, sign, signer
from wire.trust import IssuingCertificate
from wire.up import Health, Panic, Receipt, ReceiptKind, Receipts, Status

DEVICE = "d-anbinh01"
AN_BINH = ("vn", "lam-dong", "an-binh")
TAN_LAP = ("vn", "lam-dong", "tan-lap")
PROGRAM = str(Path(sys.executable).with_name("truyenthanh-agent"))


def now() -> datetime:
    return datetime.now(UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Return the first true value of `holds`, or fail after a generous while."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s")


# ---- certificates ----


@dataclass
class Authority:
    """A CA for TLS that signs requests."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        self.certificate = (
            self._blank(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.path = self.folder / "ca.pem"
        self.path.write_text(self.pem)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _blank(self, name: x509.Name, key: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=1))
            .not_valid_after(now() + timedelta(days=30))
        )

    def issue(self, common_name: str, key: Any) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        )
        blank = self._blank(name, key).add_extension(names, critical=False)
        signed = blank.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def files_for(self, common_name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate_path = self.folder / f"{common_name}.crt"
        key_path = self.folder / f"{common_name}.key"
        certificate_path.write_text(self.issue(common_name, key.public_key()))
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_path.write_bytes(pem)
        return certificate_path, key_path


# ---- broker ----


class Broker:
    """Mosquitto as the controller runs it: mutual TLS, three-line ACL, no persistence."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        certificate, key = (shutil.copy(file, folder) for file in authority.files_for("broker"))
        ca = shutil.copy(authority.path, folder / "ca.crt")
        acl = folder / "acl"
        acl.write_text(
            "user controller\ntopic readwrite tt/1/#\npattern read tt/1/down/%u/#\n"
            "pattern write tt/1/up/%u/#\npattern read tt/1/areas/#\npattern read tt/1/trust\n"
        )
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nrequire_certificate true\n"
            f"use_identity_as_username true\nuse_username_as_clientid true\ncafile {ca}\n"
            f"certfile {certificate}\nkeyfile {key}\nacl_file {acl}\npersistence false\n"
            "log_dest stdout\nlog_type error\nset_tcp_nodelay true\n"
        )
        if os.geteuid() == 0:
            user = pwd.getpwnam("mosquitto")
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)

    def start(self) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program
        self._process = subprocess.Popen(
            [program, "-c", str(self.folder / "mosquitto.conf")], stdout=subprocess.DEVNULL
        )
        wait_until(self._listens)

    def kill(self) -> None:
        """SIGKILL: everything it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


# ---- controller ----


@dataclass
class Audio:
    """How the audio server behaves, and what it was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    bytes_per_s: float | None = None
    break_after: int | None = None
    lie: Callable[[bytes], bytes] | None = None
    status: int | None = None


class Controller:
    """Keys, retained state, HTTPS and MQTT of one test."""

    def __init__(self, folder: Path, authority: Authority, broker: Broker) -> None:
        self.folder, self.authority, self.broker = folder, authority, broker
        self.roots = [new_key(), new_key()]
        self.issuer = self.issue("an-binh")
        self.alert_key = self.issue("lam-dong", may=("alert",))
        self.drill_key = self.issue("lam-dong", may=("drill",))
        self.alerts: dict[tuple[str, str], int] = {}
        self.panics: list[Panic] = []
        self.audio = Audio()
        self.retained: dict[str, str] = {}
        self.device_key: OKPKey | None = None
        self.statuses: list[Status] = []
        self.healths: list[Health] = []
        self.receipts: dict[int, Receipt] = {}
        self.batches: list[Receipts] = []
        self.receipts_upto: int | None = None
        self.answers_sync = True
        self.time_offset = timedelta(0)
        self.pulls = 0
        self.renewals = 0
        self.pulls_fail = False
        self.claim = ClaimCode(os.urandom(10), self.bundle.fingerprint())
        self.intervals = Intervals(health_s=2, sync_s=2)
        self.profile = "software-silent"
        self._last_rev = 0
        self._lock = threading.Lock()
        self.https_port = 0

    # keys and messages

    @property
    def bundle(self) -> Bundle:
        return Bundle(
            roots=tuple(public_x(root) for root in self.roots), authorities=(self.authority.pem,)
        )

    def issue(self, subtree: str, may: tuple[Any, ...] = ("programme",), **changes: Any) -> Signer:
        own = new_key()
        facts = {
            "iss": "root", "iat": now() - timedelta(days=1), "exp": now() + timedelta(days=90),
            "jti": uuid.uuid4().hex, "rev": 1, "name": subtree, "x": public_x(own),
            "subtree": subtree, "may": may,
        }  # fmt: skip
        root = changes.pop("root", None) or self.roots[0]
        certificate = IssuingCertificate(**(facts | changes))
        return signer(own, sign(certificate, signer(root)))

    def claims(self, **changes: Any) -> dict[str, Any]:
        at = now() + self.time_offset
        self._last_rev = max(self._last_rev + 1, int(at.timestamp() * 1000))
        return {
            "iss": "an-binh", "iat": at, "exp": at + timedelta(days=14),
            "jti": uuid.uuid4().hex, "rev": self._last_rev,
        } | changes  # fmt: skip

    def desired(self, **changes: Any) -> Desired:
        cluster = Cluster(id="cum-1", name="Cụm 1", areas=AN_BINH)
        facts = {
            "device": DEVICE, "station": "Đài An Bình", "areas": AN_BINH, "profile": self.profile,
            "outputs": (OutputState(id="main", clusters=(cluster,)),),
            "audio_url": f"https://localhost:{self.https_port}", "intervals": self.intervals,
        }  # fmt: skip
        return Desired(**(self.claims() | facts | changes))

    def trust(self, **changes: Any) -> str:
        return sign(Trust(**(self.claims() | changes)), signer(self.roots[0]))

    def plan(self, *slots: Slot, programmes: tuple[Programme, ...] = (), **changes: Any) -> Plan:
        names = [i.sha256 for p in programmes for i in p.items if isinstance(i, AssetItem)]
        assets = tuple(
            Asset(sha256=name, bytes=len(self.audio.files[name]), duration_ms=1000)
            for name in dict.fromkeys(names)
        )
        at = now() + self.time_offset
        facts = {
            "device": DEVICE, "from_at": at, "until_at": at + timedelta(days=7),
            "assets": assets, "programmes": programmes, "slots": slots,
        }  # fmt: skip
        return Plan(**(self.claims() | facts | changes))

    def alert(self, **changes: Any) -> Alert:
        """Return a real flood alert for An Bình, made now, that sounds for a minute."""
        at = now() + self.time_offset
        facts = {
            "exp": at + timedelta(minutes=5), "id": "lu-1", "area": "an-binh",
            "action": AlertAction.ALERT, "status": AlertStatus.REAL, "hazard": Hazard.FLOOD,
            "level": 3, "target": Target(areas=("an-binh",)), "siren_ms": 3000,
            "repeat": Repeat(count=1000, gap_s=1), "issued_at": at, "starts_at": at,
            "ends_at": at + timedelta(minutes=1),
            "issuer": Issuer(name="UBND xã An Bình", origin=Origin.COMMUNE),
        }  # fmt: skip
        return Alert(**(self.claims() | facts | changes))

    def publish_alert(self, alert: Alert, by: Signer | None = None, **how: bool) -> str:
        """Publish a revision; from now on `sync` names it. Return its token."""
        real = alert.status is AlertStatus.REAL
        token = sign(alert, by or (self.alert_key if real else self.drill_key))
        self.alerts[alert.area, alert.id] = alert.rev
        self.publish(topics.alert(alert.area, alert.id), token, **how)
        return token

    def slot(self, slot_id: str, in_s: float, for_s: float, **changes: Any) -> Slot:
        at = now() + self.time_offset + timedelta(seconds=in_s)
        facts = {
            "id": slot_id, "output": "main", "programme": "p1", "starts_at": at,
            "ends_at": at + timedelta(seconds=for_s), "origin": Origin.COMMUNE,
        }  # fmt: skip
        return Slot(**(facts | changes))

    def add_audio(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.audio.files[name] = data
        return name

    # life

    def start(self) -> None:
        self.start_https()
        self.retained[topics.TRUST] = self.trust()
        self.retained[topics.down(DEVICE, "desired")] = sign(self.desired(), self.issuer)
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="controller", protocol=mqtt.MQTTv5
        )
        certificate, key = self.authority.files_for("controller")
        self._client.tls_set(str(self.authority.path), str(certificate), str(key))
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", self.broker.port, 10)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self.stop_https()

    def start_https(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.https_port), _handler(self))
        self._server.daemon_threads = True
        certificate, key = self.authority.files_for("https")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.https_port = int(self._server.server_port)
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._serving.start()

    def stop_https(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https_port}"

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topics.all_up(kind), 1) for kind in topics.UP_KINDS])
        for topic, token in self.retained.items():
            client.publish(topic, token, qos=1, retain=True)

    def _on_message(self, _c: mqtt.Client, _u: Any, message: mqtt.MQTTMessage) -> None:
        kind = topics.parse(message.topic).kind
        if self.device_key is None or (message.retain and kind != "status"):
            return
        models: dict[str, type[Message]] = {
            "status": Status, "health": Health, "receipts": Receipts, "panic": Panic,
        }  # fmt: skip
        told = open_signed(bytes(message.payload), self.device_key, models[kind])
        with self._lock:
            self._take(told)

    def _take(self, told: Message) -> None:
        match told:
            case Status():
                self.statuses.append(told)
            case Health():
                self.healths.append(told)
                if told.nonce and self.answers_sync:
                    self.publish(topics.down(DEVICE, "sync"), self.sync(told.nonce), retain=False)
            case Panic():
                self.panics.append(told)
            case Receipts():
                self.batches.append(told)
                self.receipts |= {receipt.number: receipt for receipt in told.receipts}

    def sync(self, nonce: str, **changes: Any) -> str:
        at = now() + self.time_offset
        facts = {
            "device": DEVICE, "nonce": nonce, "now": at, "exp": at + timedelta(minutes=2),
            "plan_rev": self._rev("plan"), "desired_rev": self._rev("desired"),
            "alerts": tuple(
                AlertRevision(area=area, id=name, rev=rev)
                for (area, name), rev in self.alerts.items()
            ),
            "receipts_upto": self.upto() if self.receipts_upto is None else self.receipts_upto,
        }  # fmt: skip
        return sign(Sync(**(self.claims() | facts | changes)), self.issuer)

    def upto(self) -> int:
        """Return the highest number below which nothing is missing."""
        number = 0
        while number + 1 in self.receipts:
            number += 1
        return number

    def _rev(self, kind: str) -> int:
        token = self.retained.get(topics.down(DEVICE, kind))
        if token is None:
            return 0
        models: dict[str, type[Message]] = {"plan": Plan, "desired": Desired}
        return open_signed(token, self.issuer.key, models[kind]).rev

    def publish(self, topic: str, token: str | bytes, *, retain: bool = True) -> None:
        if retain:
            self.retained[topic] = token if isinstance(token, str) else token.decode()
        self._client.publish(topic, token, qos=1, retain=retain)

    def publish_plan(self, *slots: Slot, **changes: Any) -> Plan:
        plan = self.plan(*slots, **changes)
        self.publish(topics.down(DEVICE, "plan"), sign(plan, self.issuer))
        return plan

    def publish_desired(self, **changes: Any) -> Desired:
        desired = self.desired(**changes)
        self.publish(topics.down(DEVICE, "desired"), sign(desired, self.issuer))
        return desired

    def enrolled(self, request: EnrolRequest) -> EnrolAnswer:
        assert request.secret == self.claim.secret.hex()
        csr = x509.load_pem_x509_csr(request.csr.encode())
        key = csr.public_key()
        assert csr.is_signature_valid
        assert isinstance(key, Ed25519PublicKey)
        self.device_key = OKPKey.import_key(
            key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return EnrolAnswer(
            device=DEVICE,
            certificate=self.authority.issue(DEVICE, key),
            mqtt_host="localhost",
            mqtt_port=self.broker.port,
            desired=self.retained[topics.down(DEVICE, "desired")],
            trust=self.retained[topics.TRUST],
        )

    def renewed(self, body: bytes) -> RenewAnswer:
        assert self.device_key
        request = open_signed(body, self.device_key, RenewRequest)
        key = x509.load_pem_x509_csr(request.csr.encode()).public_key()
        self.renewals += 1
        return RenewAnswer(certificate=self.authority.issue(DEVICE, key))

    # what was heard

    def noted(self, kind: ReceiptKind, **facts: Any) -> list[Receipt]:
        return [
            receipt
            for _, receipt in sorted(self.receipts.items())
            if receipt.kind is kind
            and all(getattr(receipt, name) == value for name, value in facts.items())
        ]

    @property
    def status(self) -> Status | None:
        return self.statuses[-1] if self.statuses else None


def _handler(controller: Controller) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one class
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            if self.path == BUNDLE_PATH:
                self._answer(controller.bundle.model_dump_json().encode())
            elif self.path.startswith(AUDIO_PATH):
                with contextlib.suppress(OSError):
                    self._audio(self.path.removeprefix(AUDIO_PATH))
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == ENROL_PATH:
                enrolled = controller.enrolled(EnrolRequest.model_validate_json(body))
                self._answer(enrolled.model_dump_json().encode())
            elif self.path == PULL_PATH and not controller.pulls_fail:
                assert controller.device_key
                open_signed(body, controller.device_key, Pull)
                controller.pulls += 1
                self._answer(Pulled(retained=controller.retained).model_dump_json().encode())
            elif self.path == RENEW_PATH:
                renewed = controller.renewed(body)
                self._answer(renewed.model_dump_json().encode())
            else:
                self.send_error(503)

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _audio(self, name: str) -> None:
            audio = controller.audio
            data = audio.files.get(name)
            wanted = self.headers.get("Range")
            audio.requests.append((name, wanted))
            if data is None or audio.status:
                self.send_error(audio.status or 404)
                return
            begin = 0
            match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
            if match and self.headers.get("If-Range") == f'"{name}"':
                begin = int(match[1])
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
            self.send_header("ETag", f'"{name}"')
            self.send_header("Content-Length", str(len(data) - begin))
            self.end_headers()
            body = (audio.lie(data) if audio.lie else data)[begin:]
            self._pour(body, audio)

        def _pour(self, body: bytes, audio: Audio) -> None:
            sent = 0
            while sent < len(body):
                if audio.break_after is not None and sent >= audio.break_after:
                    self.close_connection = True
                    self.connection.close()
                    return
                piece = body[sent : sent + 4096]
                self.wfile.write(piece)
                sent += len(piece)
                if audio.bytes_per_s:
                    time.sleep(len(piece) / audio.bytes_per_s)

    return Handler


# ---- agent ----


class AgentProcess:
    """The real agent as its own process."""

    def __init__(self, folder: Path, controller: Controller) -> None:
        self.folder, self.log = folder, folder.with_suffix(".log")
        self.environment = {
            **os.environ,
            "TT_AGENT_DATA_DIR": str(folder),
            "TT_AGENT_CONTROLLER": controller.url,
            "TT_AGENT_LINK_RETRY_MAX_S": "1",
            "TT_AGENT_LOG_LEVEL": "DEBUG",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._claim = str(controller.claim)

    def enrol(self, claim: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.command("enrol", TT_AGENT_CLAIM=claim or self._claim)

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "run"], env=self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit status and how many seconds it took."""
        assert self.process
        began = time.monotonic()
        self.process.terminate()
        status = self.process.wait(30)
        return status, time.monotonic() - began


def programme(*names: str, duration_ms: int = 3000, programme_id: str = "p1") -> Programme:
    items = tuple(AssetItem(sha256=name, duration_ms=duration_ms) for name in names)
    return Programme(id=programme_id, title="Bản tin", items=items)
