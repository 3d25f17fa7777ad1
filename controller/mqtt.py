"""The controller's one connection to the broker.

Publishes with acknowledgement and hands what arrives to a queue. paho's callbacks only enqueue:
one exception in a callback would silently kill its thread.
"""

import logging
import queue
import random
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from wire import topics

log = logging.getLogger(__name__)

EPOCH_WAIT_S = 1.0
_QOS = {"receipts": 0}
"""Receipts are acknowledged in `sync` and sent again without it: see this package's README."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The files of a client certificate and of the CA that the broker must show."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came from the broker, and when; nothing in it is believed yet."""

    topic: str
    payload: bytes
    at: datetime


class MqttLink:
    """Connects for ever with jittered back-off.

    `on_lost_memory` runs when the broker is new, `on_up` whenever it takes publishes again.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | None,
        inbox: "queue.Queue[Arrived]",
        on_lost_memory: Callable[[], None],
        client_id: str = "controller",
        on_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._address = urlsplit(url)
        self._inbox = inbox
        self._on_lost_memory = on_lost_memory
        self._on_up = on_up
        self._epoch = uuid.uuid4().hex
        self._epoch_seen: str | None = None
        self._up = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._reborn = threading.Event()
        self._keeper: threading.Thread | None = None
        self._credentials = credentials
        self._client_id = client_id
        self._client = self._make_client()

    @property
    def is_up(self) -> bool:
        """Whether the broker answered and the subscriptions stand."""
        return self._up.is_set()

    def start(self) -> None:
        """Connect in the background; may be called twice."""
        if self._keeper is not None:
            return
        self._stopping.clear()
        self._reborn.clear()
        self._client = self._make_client()
        self._client.connect_async(self._address.hostname or "", self._address.port or 8883, 30)
        self._client.loop_start()
        self._keeper = threading.Thread(target=self._keep_epoch, name="broker-epoch")
        self._keeper.start()

    def stop(self) -> None:
        """Disconnect and stop the threads; may be called twice."""
        self._stopping.set()
        self._reborn.set()
        self._client.disconnect()
        self._client.loop_stop()
        if self._keeper is not None:
            self._keeper.join(timeout=5)
            self._keeper = None

    def wait_until_up(self, timeout_s: float) -> bool:
        """Wait for the broker; return whether it is there."""
        return self._up.wait(timeout_s)

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        """Send at QoS 1 and wait for the broker's word; False where it did not come in time."""
        if not self._up.is_set():
            return [False] * len(messages)
        sent = [self._send(topic, payload, retain) for topic, payload, retain in messages]
        until = time.monotonic() + timeout_s
        return [one is not None and _was_taken(one, until - time.monotonic()) for one in sent]

    def send(self, topic: str, payload: str) -> None:
        """Send once at QoS 1 without waiting: an answer that is asked for again when lost."""
        self._send(topic, payload, retain=False)

    def _make_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, self._client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        if self._credentials is not None:
            client.tls_set_context(_tls(self._credentials))
        client.suppress_exceptions = True  # else one in a callback ends paho's thread
        client.max_inflight_messages_set(2000)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 15)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        return client

    def _send(self, topic: str, payload: str, retain: bool) -> paho.MQTTMessageInfo | None:  # noqa: FBT001 - a private mirror of paho's signature
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return info if info.rc == paho.MQTT_ERR_SUCCESS else None

    def _connected(
        self,
        client: paho.Client,
        _userdata: Any,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.warning("broker refuses the controller: %s", reason)
            return
        self._epoch_seen = None
        client.subscribe(
            [(topics.BROKER_EPOCH, 1), (topics.ALL_WARNINGS, 1)]
            + [(topics.all_up(kind), _QOS.get(kind, 1)) for kind in topics.UP_KINDS]
        )
        self._reborn.set()

    def _disconnected(
        self,
        _client: paho.Client,
        _userdata: Any,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._up.is_set() and not self._stopping.is_set():
            log.warning("broker connection lost (%s); trying again", reason)
        self._up.clear()
        self._client.reconnect_delay_set(1, random.randint(4, 15))  # noqa: S311 - jitter, not a secret

    def _arrived(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if message.topic == topics.BROKER_EPOCH:
            self._epoch_seen = bytes(message.payload).decode("ascii", "replace")
            return
        try:
            self._inbox.put_nowait(
                Arrived(message.topic, bytes(message.payload), datetime.now(UTC))
            )
        except queue.Full:
            log.warning("too much arrives; a message on %s is dropped", message.topic)

    def _keep_epoch(self) -> None:
        """After each connect, find out whether the broker still has its memory."""
        while True:
            self._reborn.wait()
            self._reborn.clear()
            if self._stopping.wait(EPOCH_WAIT_S):
                return
            try:
                self._greet()
            except Exception:
                log.exception("the broker's memory could not be renewed; trying again")
                self._reborn.set()

    def _greet(self) -> None:
        """Renew the broker's memory when it lost it; the epoch last, so that a failure repeats."""
        if not self._client.is_connected():
            return
        lost = self._epoch_seen != self._epoch
        if lost:
            self._on_lost_memory()
            # At QoS 1 paho would send it again to a broker that knows nothing else of us.
            self._client.publish(topics.BROKER_EPOCH, self._epoch, qos=0, retain=True)
        self._up.set()
        self._on_up()
        log.info("broker connected%s", ", without its memory: all again" if lost else "")


def _was_taken(info: paho.MQTTMessageInfo, timeout_s: float) -> bool:
    try:
        info.wait_for_publish(max(timeout_s, 0.001))
    except (RuntimeError, ValueError):
        return False
    return info.is_published()


def _tls(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(credentials.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(credentials.certificate, credentials.key)
    return context
