"""A client of the broker for tests that remembers what came: a device, the controller, a thief."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WITHIN_S = 20.0
NOT_AUTHORIZED = 0x87  # MQTT 5, section 2.4
NO_MATCHING_SUBSCRIBERS = 0x10  # taken, and nobody listens yet


class Refused(Exception):
    """The broker did not let us in."""


class Peer:
    """One MQTT 5 connection with a client certificate, or without one."""

    def __init__(
        self,
        port: int,
        authority: Path,
        files: tuple[Path, Path] | None,
        client_id: str = "",
    ) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.lost = threading.Event()
        self.before_message: Callable[[], object] = lambda: None
        self._port = port
        self._codes: dict[int, int] = {}
        self._up = threading.Event()
        self._subscribed = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        context = ssl.create_default_context(cafile=str(authority))
        if files is not None:
            context.load_cert_chain(*files)
        self.client.tls_set_context(context)
        self.client.on_connect = lambda *_: self._up.set()
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._arrived
        self.client.on_publish = self._published

    def __enter__(self) -> Self:
        try:
            self.client.connect("localhost", self._port, 30)
        except OSError as error:
            raise Refused(error) from error
        self.client.loop_start()
        if not self._is_in():
            self.__exit__(None, None, None)
            raise Refused
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, *filters: str) -> None:
        """Ask for filters and wait for the broker's answer, whatever it is."""
        self._subscribed.clear()
        self.client.subscribe([(name, 1) for name in filters])
        assert self._subscribed.wait(WITHIN_S)

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> int:
        """Publish at QoS 1; return the reason code of the broker's answer (0 is taken)."""
        mid = self.send(topic, payload, retain=retain)
        wait_until(lambda: mid in self._codes)
        return self._codes[mid]

    def send(self, topic: str, payload: str | bytes, *, retain: bool = False) -> int:
        """Publish at QoS 1 without waiting; return the message's number."""
        return self.client.publish(topic, payload, qos=1, retain=retain).mid

    def payloads(self) -> set[bytes]:
        """Return what has come so far, on any topic."""
        return {payload for _, payload in list(self.got)}

    def _arrived(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        self.before_message()
        self.got.append((message.topic, bytes(message.payload)))

    def _published(self, _c: Any, _u: Any, mid: int, code: Any, _p: Any) -> None:
        self._codes[mid] = code.value

    def _is_in(self) -> bool:
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline and not self.lost.is_set():
            if self._up.wait(0.05):
                return True
        return False


def wait_until(holds: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """Return the first true value of `holds`, or fail after a generous while."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {within_s} s")


def listening_ports(pid: int) -> set[int]:
    """Return the TCP and UDP ports on which a process and its children wait for strangers."""
    process = psutil.Process(pid)
    return {
        connection.laddr.port
        for one in (process, *process.children(recursive=True))
        for connection in _connections(one)
        if connection.status in {psutil.CONN_LISTEN, psutil.CONN_NONE}
    }


def _connections(process: psutil.Process) -> list[Any]:
    """Return the connections of a process; a child that spoke a phrase may be gone already."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return list(process.net_connections("inet"))
    return []


def accepts(port: int) -> bool:
    """Whether somebody takes connections on a port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
