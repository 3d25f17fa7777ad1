"""Our own Mosquitto: its configuration, its child process, and the list of who is muted.

Mutual TLS only, no persistence (a killed broker restored a cancelled alert), and limits raised
with a reason. See README.md for the facts behind each line.
"""

import ctypes
import logging
import os
import pwd
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from controller.errors import ControllerError

log = logging.getLogger(__name__)

MAX_CLIENTS = 20_000
MAX_MESSAGE_BYTES = 256 * 1024
QUEUE_PER_CLIENT = 10_000  # Mosquitto's 1,000 silently drops QoS 1 for a slow client
SETTLED_AFTER_S = 60.0  # a broker that ran for so long is started again at once
PR_SET_PDEATHSIG = 1  # prctl(2)
FOLDER = "tt-broker-"


class BrokerMissing(ControllerError):
    """Mosquitto is not installed."""

    code = "broker_missing"
    vi = "Chưa cài Mosquitto: apt-get install mosquitto"
    en = "Mosquitto is not installed: apt-get install mosquitto"


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """What the broker reads: its own certificate and key, and the CA of its clients."""

    certificate: Path
    key: Path
    authority: Path


class Mosquitto:
    """Starts the broker, starts it again when it dies, stops it with us.

    It ends even when we are killed: an orphan would keep the port and an old access list.
    """

    def __init__(self, log_file: Path, host: str, port: int, files: BrokerFiles) -> None:
        self._log_file = log_file
        self._folder: Path | None = None
        self._host = host
        self._port = port
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._spawned = threading.Event()
        self._supervisor: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, muted: Iterable[str] = ()) -> None:
        """Write the configuration and run the broker; `BrokerMissing` when there is none."""
        if self._supervisor is not None:
            return
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise BrokerMissing
        folder = self._folder = self._prepare(muted)
        command = [program, "-c", str(folder / "mosquitto.conf")]
        self._stopping.clear()
        self._spawned.clear()
        self._supervisor = threading.Thread(
            target=self._supervise, args=(command,), name="broker-supervisor"
        )
        self._supervisor.start()
        self._spawned.wait(10)

    def stop(self) -> None:
        """Stop supervising, then the broker; may be called twice."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        if self._supervisor is not None:
            self._supervisor.join(timeout=10)
            self._supervisor = None
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def mute(self, devices: Iterable[str]) -> None:
        """Deny the named devices everything, at once (a live session too)."""
        if self._folder is None:
            return
        _write(self._folder / "acl", acl(devices))
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)  # quiet when it has ended: it reads at start

    def _prepare(self, muted: Iterable[str]) -> Path:
        """Make a private folder with all that the broker reads; it goes when the broker stops.

        Started as root the broker drops to its own user, who cannot reach into our data folder.
        """
        _remove_left()
        folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
        files = BrokerFiles(
            Path(shutil.copy(self._files.certificate, folder / "broker.crt")),
            Path(shutil.copy(self._files.key, folder / "broker.key")),
            Path(shutil.copy(self._files.authority, folder / "ca.crt")),
        )
        _write(folder / "mosquitto.conf", configuration(self._host, self._port, folder, files))
        _write(folder / "acl", acl(muted))
        if os.geteuid() == 0:
            user = pwd.getpwnam("mosquitto")
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
        return folder

    def _spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        user = "mosquitto" if os.geteuid() == 0 else None
        with self._log_file.open("ab") as output:
            return subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                preexec_fn=_preparation(),  # noqa: PLW1509 - two system calls, safe after fork
                start_new_session=True,
            )

    def _supervise(self, command: list[str]) -> None:
        """Run in the thread that spawns: the broker ends when this thread does (prctl(2))."""
        delay_s = 0.2
        while not self._stopping.is_set():
            began = time.monotonic()
            self._process = self._spawn(command)
            self._spawned.set()
            if self._stopping.is_set():
                self._process.terminate()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            delay_s = 0.2 if time.monotonic() - began > SETTLED_AFTER_S else delay_s
            log.warning("the broker ended with %s; starting it again in %.1f s", code, delay_s)
            self._stopping.wait(delay_s)
            delay_s = min(delay_s * 2, 5.0)


def configuration(host: str, port: int, folder: Path, files: BrokerFiles) -> list[str]:
    """Return the lines of `mosquitto.conf`; `ValueError` for a value with a line break."""
    pairs = {
        "listener": f"{port} {host}",
        "allow_anonymous": "false",
        "require_certificate": "true",
        "use_identity_as_username": "true",
        "use_username_as_clientid": "true",
        "cafile": files.authority,
        "certfile": files.certificate,
        "keyfile": files.key,
        "tls_version": "tlsv1.3",
        "acl_file": folder / "acl",
        "persistence": "false",
        "max_connections": MAX_CLIENTS,
        "max_queued_messages": QUEUE_PER_CLIENT,
        "max_inflight_messages": 1000,
        "message_size_limit": MAX_MESSAGE_BYTES,
        "max_keepalive": 120,
        "set_tcp_nodelay": "true",
        "log_dest": "stdout",
        "log_type": "warning",
        "connection_messages": "false",
    }
    return [_line(name, str(value)) for name, value in pairs.items()]


def acl(muted: Iterable[str] = ()) -> list[str]:
    """Return the access list: the controller, who is muted, and the lines for every device."""
    denied = [line for device in sorted(muted) for line in (_line("user", device), "topic deny #")]
    return [
        "user controller",
        "topic readwrite tt/1/#",
        *denied,
        "pattern read tt/1/down/%u/#",
        "pattern write tt/1/up/%u/#",
        "pattern write tt/1/in/cap/%u",
        "pattern read tt/1/areas/#",
        "pattern read tt/1/trust",
    ]


def _line(name: str, value: str) -> str:
    if any(mark in value for mark in "\r\n\0"):
        raise ValueError(f"{name}: a value of one line is needed")
    return f"{name} {value}"


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _remove_left() -> None:
    """Remove the folders of controllers that were killed: they hold a key."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        pid = folder.name.removeprefix(FOLDER).split("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _preparation() -> Callable[[], None]:
    """Return what the child does before it becomes the broker: many files, and no life after us."""
    libc = ctypes.CDLL(None)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare
