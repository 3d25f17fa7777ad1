"""The composition root: `build(config)` makes every part; nothing happens at import.

Start order is written once, stop is its mirror.
"""

import gc
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from sqlalchemy import Engine

from controller.broker import BrokerFiles, Mosquitto
from controller.cap.finding import retired_sources
from controller.cap.vocabulary import read_vocabulary
from controller.config import Config
from controller.db import Clock, Sessions, make_engine, make_sessions
from controller.emergencies.pack import PackMaker
from controller.keys import Keyring
from controller.keys.certificates import EVERYTHING
from controller.library.audio_api import make_audio_api
from controller.library.speech import Reader, in_words
from controller.library.store import AssetStore
from controller.library.voices import default_voice
from controller.migrate import upgrade
from controller.servers import HttpServer
from controller.site import WebParts, make_web_app
from controller.stations.device_api import make_device_api
from controller.stations.trust_list import revoked_devices
from controller.stopping import StopSignal
from controller.worker import Worker, WorkerParts

log = logging.getLogger(__name__)

DEVICE_THREADS = 32
GARBAGE_AFTER = 50_000
SWITCH_EVERY_S = 0.0005


class Part(Protocol):
    """Something that starts and stops, both callable twice."""

    def start(self) -> None:
        """Acquire."""

    def stop(self) -> None:
        """Release."""


@dataclass(frozen=True, slots=True)
class App:
    """The controller, built and not yet started; `reader` and `store` are its voices and sounds."""

    config: Config
    engine: Engine
    sessions: Sessions
    keyring: Keyring
    store: AssetStore
    reader: Reader
    web: Flask | None
    parts: tuple[Part, ...]
    worker: Worker | None

    def start(self) -> None:
        """Start every part in order; when one fails, those before it are stopped."""
        for part in self.parts:
            try:
                part.start()
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop in the mirrored order."""
        for part in reversed(self.parts):
            try:
                part.stop()
            except Exception:
                log.exception("%s did not stop properly", type(part).__name__)
        self.engine.dispose()

    def run(self, until: StopSignal) -> None:
        """Start, wait until asked to stop, stop."""
        hurry_threads()
        self.start()
        try:
            until.wait()
        finally:
            self.stop()


def hurry_threads() -> None:
    """Let a thread that has an alert in hand wait 0.5 ms for one that only computes, not 5 ms.

    Each read and write of a socket or database gives the turn away once. And what was built lives
    as long as we do: looking through all of it for garbage takes a tenth of a second each time. Nor
    is garbage looked for among the first thousands of rows that a statement makes.
    """
    sys.setswitchinterval(SWITCH_EVERY_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def utc_now() -> datetime:
    """Return the instant that is passed on as `now`."""
    return datetime.now(UTC)


def build(config: Config, *, with_web: bool = True, with_worker: bool = True) -> App:
    """Make the controller's parts: everything in one process, or the web or worker half."""
    words = read_vocabulary(config.cap_tables)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(config.database)
    upgrade(engine)
    sessions, read_sessions = make_sessions(engine), make_sessions(engine, read_only=True)
    patient_sessions = make_sessions(engine, is_patient=True)
    keyring = open_or_create_keys(config, utc_now)
    store = AssetStore(config.data_dir / "assets")
    store.start()
    reader = Reader(default_voice(config.data_dir), config.data_dir / "speech", in_words)
    web_parts = WebParts(
        config=config,
        sessions=sessions,
        read_sessions=read_sessions,
        keyring=keyring,
        store=store,
        reader=reader,
        clock=utc_now,
    )
    web = make_web_app(web_parts) if with_web else None
    parts: list[Part] = []
    worker: Worker | None = None
    if with_worker:
        keyring.server_files(config.device_names, utc_now())  # the web half may not write them
        broker = _broker(config, keyring, sessions) if config.mqtt_url is None else None
        mute_revoked = broker.mute_revoked if broker else _nothing
        packs = PackMaker(config, sessions, read_sessions, store, reader, utc_now, keyring.subtree)
        worker = Worker(
            WorkerParts(
                config,
                sessions,
                read_sessions,
                patient_sessions,
                keyring,
                utc_now,
                mute_revoked,
                packs.step,
                words,
            )
        )
        parts += [part for part in (broker, worker) if part]
    if web is not None:
        devices = make_device_app(config, sessions, keyring, store, utc_now)
        tls = keyring.server_files(config.device_names, utc_now())
        parts += [
            HttpServer(
                devices, config.device_host, config.device_port, threads=DEVICE_THREADS, tls=tls
            ),
            HttpServer(web, config.http_host, config.http_port, threads=config.http_threads),
        ]
    return App(config, engine, sessions, keyring, store, reader, web, tuple(parts), worker)


def make_device_app(
    config: Config, sessions: Sessions, keyring: Keyring, store: AssetStore, clock: Clock
) -> Flask:
    """Return what devices see over TLS: enrolment, their retained messages, audio by hash."""
    app = Flask("controller.devices", static_folder=None)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    app.register_blueprint(make_device_api(sessions, keyring, config, clock, limiter))
    app.register_blueprint(make_audio_api(store))
    return app


def open_or_create_keys(config: Config, clock: Callable[[], datetime]) -> Keyring:
    """Return the keys of the data folder, made at the first start."""
    folder = config.data_dir / "keys"
    if (folder / "trust.json").exists():
        return Keyring.open(folder)
    log.warning("made new keys in %s: take root-2.jwk offline", folder)
    return Keyring.create(folder, config.area, EVERYTHING, clock())


class _Broker:
    """Our Mosquitto, shut to revoked devices and to retired sources of warnings."""

    def __init__(self, mosquitto: Mosquitto, sessions: Sessions) -> None:
        self._mosquitto = mosquitto
        self._sessions = sessions
        self._muted: frozenset[str] = frozenset()

    def start(self) -> None:
        self._muted = self._revoked()
        self._mosquitto.start(self._muted)

    def stop(self) -> None:
        self._mosquitto.stop()

    def mute_revoked(self) -> None:
        """Deny what was revoked since, live sessions too."""
        revoked = self._revoked()
        if revoked != self._muted:
            self._mosquitto.mute(revoked)
            self._muted = revoked

    def _revoked(self) -> frozenset[str]:
        with self._sessions() as session:
            return frozenset((*revoked_devices(session), *retired_sources(session)))


def _nothing() -> None:
    """Do nothing: an external broker has its own way to shut out a device."""


def _broker(config: Config, keyring: Keyring, sessions: Sessions) -> _Broker:
    certificate, key = keyring.server_files(config.device_names, utc_now())
    files = BrokerFiles(certificate, key, keyring.authority_file)
    log_file = config.data_dir / "broker.log"
    return _Broker(Mosquitto(log_file, config.mqtt_host, config.mqtt_port, files), sessions)
