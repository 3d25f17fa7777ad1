"""Judges everything that the controller sends, and holds the newest of each kind.

Nothing passes that is forged, expired, rolled back, out of scope or not understood. What cannot be
judged for lack of time is held back raw and judged again when the time is known.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from joserfc.jwk import OKPKey

from edge_agent.alert_shelf import AlertShelf
from edge_agent.alerts import STOPS
from edge_agent.errors import StorageFailed
from edge_agent.store import Held, Store
from wire import topics
from wire.alert import Alert
from wire.down import Command, Desired, Sync, Trust
from wire.errors import Expired, Malformed, WireError
from wire.message import Message
from wire.plan import Plan
from wire.signing import digest, take_apart
from wire.topics import Topic
from wire.trust import (
    Pinned,
    Place,
    judge,
    judge_revision,
    judge_trust,
    require_continues,
    require_topic,
)

log = logging.getLogger(__name__)

HELD_BACK: Final = 200
MODELS: Final[dict[str, type[Message]]] = {
    "plan": Plan,
    "desired": Desired,
    "command": Command,
    "sync": Sync,
}
KEPT: Final = ("trust", "desired", "plan")
AnyKept = TypeVar("AnyKept", bound=Message)


class Gate:
    """What this device believes: its pinned keys, its place, and the newest of each kind."""

    def __init__(self, device: str, roots: Mapping[str, OKPKey], store: Store) -> None:
        self._device, self._store = device, store
        self.pinned = Pinned(roots)
        self.place = Place(device, ())
        self.trust: Trust | None = None
        self.desired: Desired | None = None
        self.plan: Plan | None = None
        self.unsaved: set[str] = set()
        self.alerts = AlertShelf(store)
        self._held: dict[str, Held] = {}
        self._held_back: dict[str, bytes] = {}

    def load(self) -> None:
        """Take up what was accepted in earlier runs; a damaged message is as good as none."""
        for kind in KEPT:
            held = self._store.held(kind)
            if held is None:
                continue
            try:
                self._take(kind, held.token, held, None)
            except WireError as error:
                log.warning("stored %s is not believed; waiting for a new one: %s", kind, error)
        self.alerts.load(lambda text: self._judge_alert(text, None, None))

    def rev(self, kind: str) -> int:
        """Return the revision held of a kind, 0 for none."""
        return self._held[kind].rev if kind in self._held else 0

    def digest(self, kind: str) -> str | None:
        """Return the digest of the token held of a kind."""
        return self._held[kind].digest if kind in self._held else None

    def open(
        self, topic: str, payload: bytes, now: datetime | None, seen: datetime | None = None
    ) -> Message | None:
        """Return a message that is news and to be believed; None when it is no news or held back.

        `seen` is the newest signed instant: without the time it tells which alerts are over. An
        alert is never held back, and not stored here: it sounds first.
        Raises wire's WireError with the reason to refuse it.
        """
        place = topics.parse(topic)
        text = _text(payload)
        if place.kind == "alert":
            return self._open_alert(place, text, now, seen)
        if place.kind in self._held and digest(text) == self._held[place.kind].digest:
            return None
        if now is None and place.kind != "sync":
            require_topic(self._judge(place.kind, text, None), place)
            self._hold_back(topic, payload)
            return None
        message = self._judge(place.kind, text, now)
        require_topic(message, place)
        if place.kind not in KEPT:
            return message
        return message if self._accept(place.kind, text, message) else None

    def _open_alert(
        self, topic: Topic, text: str, now: datetime | None, seen: datetime | None
    ) -> Alert | None:
        held = self.alerts.held(topic.owner, topic.object_id)
        if held is not None and held.digest == digest(text):
            return None
        alert = self._judge_alert(text, now, seen)
        require_topic(alert, topic)
        if held is not None and self._is_signed_by_valid(held.token):
            require_continues(held.alert, alert)
            if not judge_revision((held.alert.rev, held.digest), alert.rev, text):
                return None
        self.alerts.take(alert, text)
        return alert

    def _judge_alert(self, text: str, now: datetime | None, seen: datetime | None) -> Alert:
        """Judge an alert; what ends one holds whatever the time is, the rest must not be over."""
        try:
            alert = judge(text, Alert, self.pinned, self.place, now)
        except Expired:
            alert = judge(text, Alert, self.pinned, self.place, None)
            if alert.action not in STOPS:
                raise
        if now is None and seen is not None and alert.exp <= seen and alert.action not in STOPS:
            raise Expired(f"exp {alert.exp.isoformat()}")
        return alert

    def _is_signed_by_valid(self, text: str) -> bool:
        try:
            self._judge_signer("alert", text)
        except WireError:
            return False
        return True

    def revoked_alerts(self) -> frozenset[tuple[str, str]]:
        """Return and forget the alerts whose signer has been revoked since."""
        gone = [key for key, held in self.alerts.all() if not self._is_signed_by_valid(held.token)]
        for key in gone:
            self.alerts.forget(*key)
        return frozenset(gone)

    def held_back(self) -> list[tuple[str, bytes]]:
        """Return and forget what waited for the time to be known."""
        waiting, self._held_back = list(self._held_back.items()), {}
        return waiting

    def save(self) -> None:
        """Try again to store what a full disk refused. Raises StorageFailed."""
        self.alerts.save()
        for kind in sorted(self.unsaved):
            held = self._held[kind]
            self._store.keep(kind, held.rev, held.token)
            self.unsaved.discard(kind)

    def settle_move(self) -> None:
        """Stop listening to the place before the last move; the controller has seen the new one."""
        if self.desired is not None:
            self.place = Place(self._device, chains_of(self.desired))

    def _judge(self, kind: str, text: str, now: datetime | None) -> Message:
        if kind == "trust":
            return judge_trust(text, self.pinned, now)
        if kind not in MODELS:
            raise Malformed(f"unexpected {kind!r}")
        return judge(text, MODELS[kind], self.pinned, self.place, now)

    def _accept(self, kind: str, text: str, message: Message) -> bool:
        if not judge_revision(self._bar(kind), message.rev, text):
            return False
        self._take(kind, text, Held(message.rev, text), message)
        try:
            self._store.keep(kind, message.rev, text)
            self.unsaved.discard(kind)
        except StorageFailed as error:
            log.warning("%s %d could not be stored: %s", kind, message.rev, error)
            self.unsaved.add(kind)
        return True

    def _bar(self, kind: str) -> tuple[int, str] | None:
        """Return revision and digest that news must exceed; none under a key revoked since."""
        held = self._held.get(kind)
        if held is None:
            return None
        try:
            self._judge_signer(kind, held.token)
        except WireError:
            return None
        return held.rev, held.digest

    def _judge_signer(self, kind: str, text: str) -> None:
        header = take_apart(text)
        if kind == "trust":
            self.pinned.root(header.kid)
        else:
            self.pinned.certificate(str(header.header.get("cert", "")))

    def _take(self, kind: str, text: str, held: Held, message: Message | None) -> None:
        message = message or self._judge(kind, text, None)
        self._held[kind] = held
        match message:
            case Trust():
                self.trust = message
                self.pinned = replace(self.pinned, revoked=frozenset(message.revoked))
            case Desired():
                before = self.place.chains if self.desired else ()
                self.desired = message
                chains = dict.fromkeys((*chains_of(message), *before))
                self.place = Place(self._device, tuple(chains))
            case Plan():
                self.plan = message

    def _hold_back(self, topic: str, payload: bytes) -> None:
        if len(self._held_back) < HELD_BACK or topic in self._held_back:
            self._held_back[topic] = payload


def chains_of(desired: Desired) -> tuple[tuple[str, ...], ...]:
    """Return the area chains of a device and all its clusters, each once."""
    clusters = (cluster.areas for output in desired.outputs for cluster in output.clusters)
    return tuple(dict.fromkeys((desired.areas, *clusters)))


def _text(payload: bytes) -> str:
    try:
        return payload.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("not ASCII") from error
