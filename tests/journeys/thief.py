"""Somebody with a stolen certificate of the controller: what they have or make, and publish."""

import base64
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from joserfc.jwk import OKPKey

from controller.app import App
from controller.demo import scene
from controller.keys import Keyring
from controller.keys.keyring import ROOT_FILE
from tests.controller.plumbing.peer import Peer, Refused, wait_until
from tests.journeys.horns import now
from wire import topics
from wire.alert import Alert, Target
from wire.signing import Signer, new_key, public_x, sign, signer
from wire.trust import IssuingCertificate


def steal_the_broker(app: App, messages: Sequence[tuple[str, str]]) -> None:
    """Have the broker retain messages, however often the real controller throws us out."""
    keys, port = app.keyring, app.config.mqtt_port
    left = list(messages)
    for _ in range(50):
        if not left:
            break
        try:
            with Peer(port, keys.authority_file, keys.client_files(), "controller") as thief:
                while left and not thief.lost.is_set():
                    left = left[1:] if _is_taken(thief, *left[0]) else left
        except Refused:
            continue
    assert not left


def _is_taken(thief: Peer, topic: str, token: str) -> bool:
    mid = thief.send(topic, token, retain=True)
    wait_until(lambda: mid in thief._codes or thief.lost.is_set())
    return mid in thief._codes


def evil_alerts(keys: Keyring, token: str) -> list[tuple[str, str]]:
    """Return (topic, token) of what a thief has or makes, `token` being of a cancelled alert."""
    real = Alert.model_validate_json(_payload_of(token))
    root = keys._private(ROOT_FILE)
    yesterday = now() - timedelta(days=1)
    old = {"iat": yesterday, "starts_at": yesterday, "exp": yesterday + timedelta(hours=1)}
    whole = {"area": scene.PROVINCE, "target": Target(areas=(scene.PROVINCE,))}
    made: dict[str, tuple[dict[str, Any], Signer]] = {
        "a-yesterday": (old, keys.signer("alert")),
        "a-commune": (whole, _issuer(root, scene.COMMUNE)),
        "a-drill": ({}, keys.signer("drill")),
        "a-programme": ({}, keys.signer("programme")),
        "a-stranger": ({}, _issuer(new_key(), "vn")),
    }
    evil = [(topics.alert(real.area, real.id), token)]
    for name, (changes, key) in made.items():
        alert = real.model_copy(update={"id": name, "jti": name, **changes})
        evil.append((topics.alert(alert.area, name), sign(alert, key)))
    louder = real.model_copy(update={"id": "a-forged", "level": 5})
    head, _, signature = token.split(".")
    body = sign(louder, keys.signer("drill")).split(".")[1]
    return [*evil, (topics.alert(real.area, "a-forged"), f"{head}.{body}.{signature}")]


def _payload_of(token: str) -> bytes:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


def _issuer(root: OKPKey, subtree: str) -> Signer:
    """Return a key that may say alerts in a subtree, certified by a root."""
    own = new_key()
    certificate = IssuingCertificate(
        iss="root", iat=now(), exp=now() + timedelta(days=30), jti=uuid.uuid4().hex, rev=1,
        name=subtree, x=public_x(own), subtree=subtree, may=("alert",),
    )  # fmt: skip
    return signer(own, sign(certificate, signer(root)))
