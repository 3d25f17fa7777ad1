"""The MQTT connection: TLS both ways, one clean session after another, signed will.

Its thread decodes and enqueues, nothing more. It runs paho by paho's external-loop interface, so
that the watchdog sees real progress and one bad callback can never end it silently.
"""

import contextlib
import logging
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_agent.events import Arrived, LinkDown, LinkUp
from edge_agent.inbox import Inbox
from wire.signing import MAX_TOKEN_BYTES

log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 20
CONNECT_TIMEOUT_S: Final = 10.0
WAIT_S: Final = 0.5
EPOCHS_A_RUN: Final = 100_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is, and as whom we come."""

    host: str
    port: int
    device: str


class Link:
    """Keeps one connection. `tls` makes a context, `will` the topic and payload for an epoch."""

    def __init__(
        self,
        address: Address,
        tls: Callable[[], ssl.SSLContext],
        will: Callable[[int], tuple[str, str]],
        inbox: Inbox,
        *,
        run: int,
        retry_max_s: float = 30.0,
        keepalive_s: int = KEEPALIVE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._tls, self._will, self._inbox = address, tls, will, inbox
        self._epoch = run * EPOCHS_A_RUN
        self._retry_max_s, self._keepalive_s = retry_max_s, keepalive_s
        self._monotonic = monotonic
        self._client: mqtt.Client | None = None
        self._is_up = False
        self._filters: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake_r: socket.socket | None = None
        self._wake_w: socket.socket | None = None
        self._progress = monotonic()
        self.is_connecting = False

    def start(self) -> None:
        """Connect and stay connected, in the background. May be called twice."""
        if self._thread is None:
            self._stopping.clear()
            self._wake_r, self._wake_w = socket.socketpair()
            self._thread = threading.Thread(target=self._work, name="link", daemon=True)
            self._thread.start()

    def stop(self, farewell: tuple[str, str] | None = None, timeout_s: float = 1.0) -> None:
        """Say `farewell` (topic, payload), disconnect; at most `timeout_s`. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        client = self._client
        if farewell and self._is_up and client is not None:
            info = client.publish(*farewell, qos=1, retain=True)
            with contextlib.suppress(ValueError, RuntimeError):
                info.wait_for_publish(timeout_s / 2)
        self._stopping.set()
        self._wake()
        thread.join(timeout_s)
        if thread.is_alive():
            log.warning("the link is still connecting; left behind")

    def publish(self, topic: str, payload: str, *, qos: int = 1, retain: bool = False) -> bool:
        """Send in the background; False when there is no connection. Nothing is kept for later."""
        client = self._client
        if client is None or not self._is_up:
            return False
        return client.publish(topic, payload, qos=qos, retain=retain).rc == mqtt.MQTT_ERR_SUCCESS

    def listen(self, filters: Iterable[str]) -> None:
        """Subscribe to exactly these topic filters, now and after every reconnection."""
        before, self._filters = self._filters, frozenset(filters)
        client = self._client
        if client is None or not self._is_up:
            return
        if news := self._filters - before:
            client.subscribe([(name, SubscribeOptions(qos=1)) for name in sorted(news)])
        if gone := before - self._filters:
            client.unsubscribe(sorted(gone))

    def acknowledge(self, session: int, mid: int) -> None:
        """Tell the broker that a message of this session is dealt with."""
        client = self._client
        if client is not None and session == self._epoch and mid:
            client.ack(mid, 1)

    def progress(self) -> float:
        """Return when the thread last went round (monotonic)."""
        return self._progress

    # The link's own thread.

    def _work(self) -> None:
        ends = self._wake_r, self._wake_w
        try:
            self._keep_connected()
        finally:
            for end in ends:
                if end is not None:
                    end.close()

    def _keep_connected(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            reason = "stopped"
            began = self._monotonic()
            try:
                self._session()
            except OSError as error:
                reason = str(error) or type(error).__name__
            except Exception as error:
                log.exception("the link failed; it begins anew")
                reason = type(error).__name__
            was_up, self._is_up = self._is_up, False
            self._client = None
            self._inbox.post(LinkDown(reason))
            attempt = 0 if was_up and self._monotonic() - began > 10 else attempt + 1
            self._pause(random.uniform(0.1, min(self._retry_max_s, 2.0**attempt)))  # noqa: S311 - jitter

    def _pause(self, for_s: float) -> None:
        until = self._monotonic() + for_s
        while not self._stopping.is_set() and (left := until - self._monotonic()) > 0:
            self._progress = self._monotonic()
            self._stopping.wait(min(WAIT_S, left))

    def _session(self) -> None:
        """Connect and go round until the connection ends."""
        self._epoch += 1
        client = self._new_client()
        try:
            self.is_connecting = True
            self._progress = self._monotonic()
            client.connect(
                self._address.host, self._address.port, self._keepalive_s, clean_start=True
            )
            self.is_connecting = False
            self._client = client
            while not self._stopping.is_set():
                self._progress = self._monotonic()
                self._go_round(client)
            client.disconnect()
            client.loop_write()
        finally:
            self.is_connecting = False
            _close(client)

    def _go_round(self, client: mqtt.Client) -> None:
        sock = client.socket()
        if sock is None:
            raise ConnectionError("connection lost")
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        writers = [sock] if client.want_write() else []
        wake = self._wake_r
        assert wake is not None  # noqa: S101 - made by start(); tells mypy
        wait_s = 0.0 if pending else WAIT_S
        readable, writable, _ = select.select([sock, wake], writers, [], wait_s)
        if wake in readable:
            wake.recv(4096)
        if sock in readable or pending:
            _check(client.loop_read())
        if (sock in writable or client.want_write()) and client.socket() is not None:
            _check(client.loop_write())
        _check(client.loop_misc())

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._address.device,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.suppress_exceptions = True
        client.tls_set_context(self._tls())
        topic, payload = self._will(self._epoch)
        client.will_set(topic, payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_register_write = self._on_register_write
        return client

    def _wake(self) -> None:
        if self._wake_w is not None:
            with contextlib.suppress(OSError):
                self._wake_w.send(b"w")

    def _on_register_write(self, *_: Any) -> None:
        self._wake()

    def _on_connect(
        self, client: mqtt.Client, _u: Any, _f: Any, code: ReasonCode, _p: Properties | None
    ) -> None:
        if code.is_failure:
            log.warning("the broker refuses us: %s", code)
            return
        names = sorted(self._filters)
        if names:
            client.subscribe([(name, SubscribeOptions(qos=1)) for name in names])
        self._is_up = True
        self._inbox.post(LinkUp(self._epoch))

    def _on_message(self, client: mqtt.Client, _u: Any, message: mqtt.MQTTMessage) -> None:
        mid = message.mid if message.qos else 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        if len(message.payload) > MAX_TOKEN_BYTES or not topic:
            log.warning("%d bytes on %r dropped", len(message.payload), topic[:80])
            client.ack(mid, message.qos)
            return
        at = self._monotonic()
        if not self._inbox.offer(Arrived(topic, bytes(message.payload), self._epoch, mid, at)):
            log.warning("too much arrives; a message on %s is dropped", topic)

    def _on_subscribe(
        self, _c: mqtt.Client, _u: Any, _mid: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        if refused := [str(code) for code in codes if code.is_failure]:
            log.warning("the broker refuses a subscription: %s", refused)

    def _on_disconnect(
        self, _c: mqtt.Client, _u: Any, _f: Any, code: ReasonCode, _p: Properties | None
    ) -> None:
        self._is_up = False
        log.info("disconnected from the broker: %s", code)


def _check(code: MQTTErrorCode) -> None:
    if code != mqtt.MQTT_ERR_SUCCESS:
        raise ConnectionError(mqtt.error_string(code))


def _close(client: mqtt.Client) -> None:
    sock = client.socket()
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.close()
