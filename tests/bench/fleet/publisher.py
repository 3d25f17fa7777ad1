"""The bare broker: one paho client that publishes what it is given, and says when it began."""

import queue
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WITHIN_S = 20.0


def main(port: int, keys: Path, pipe: Any) -> None:
    """Publish (topic, payload) retained at QoS 1 for each order; answer with the instant before.

    It comes in the controller's name, who must be away meanwhile, and leaves after each publish.
    """
    while (order := _next(pipe)) is not None:
        topic, payload = order
        pipe.send(_publish(port, keys, topic, payload))


def _next(pipe: Any) -> tuple[str, bytes] | None:
    try:
        order: tuple[str, bytes] | None = pipe.recv()
    except EOFError:
        return None
    return order


def _publish(port: int, keys: Path, topic: str, payload: bytes) -> float:
    context = ssl.create_default_context(cafile=str(keys / "ca.pem"))
    context.load_cert_chain(keys / "client-controller.pem", keys / "client-controller.key")
    client = paho.Client(
        CallbackAPIVersion.VERSION2, "controller", protocol=MQTTProtocolVersion.MQTTv5
    )
    client.tls_set_context(context)
    is_up = threading.Event()
    client.on_connect = lambda *_: is_up.set()
    client.connect("127.0.0.1", port, 60)
    client.loop_start()
    if not is_up.wait(WITHIN_S):
        raise queue.Empty
    began = time.monotonic()
    client.publish(topic, payload, qos=1, retain=True).wait_for_publish(WITHIN_S)
    client.disconnect()
    client.loop_stop()
    return began
