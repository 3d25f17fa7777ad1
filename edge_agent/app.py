"""The composition root: everything is made here, started in one order and stopped in its mirror."""

import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.audio.outputs import DriverChoice, make_driver
from edge_agent.audio.player import OutputPlayer
from edge_agent.clock import Clock
from edge_agent.commands import Commands, LogTail
from edge_agent.conductor import Conductor, Crew, Outcome
from edge_agent.config import AgentConfig
from edge_agent.errors import StorageFailed
from edge_agent.events import Heard, StopAsked
from edge_agent.fetch import HttpFetch
from edge_agent.gate import Gate
from edge_agent.health import measure
from edge_agent.identity import Identity, load_identity
from edge_agent.inbox import Inbox
from edge_agent.library import Library, Limits
from edge_agent.link import Address, Link
from edge_agent.memory import ClockMemory
from edge_agent.power import Power
from edge_agent.prompter import Prompter
from edge_agent.pull import Puller
from edge_agent.receipts import ReceiptBook
from edge_agent.refusals import Refusals
from edge_agent.report import Reporter
from edge_agent.stage import Stage, Volume
from edge_agent.store import Store
from edge_agent.upkeep import Upkeep
from edge_agent.watchdog import Check, Watchdog, overdue
from firmware_profiles import OutputProfile, Profile, load_profile
from wire.down import Desired

log = logging.getLogger(__name__)

DEFAULT_PROFILE: Final = "software"
CONNECTING_S: Final = 45.0
FAULTY_OUTPUT_S: Final = 60.0


@dataclass
class Agent:
    """One run of the agent. `run` blocks; `ask_to_stop` may be called from a signal handler."""

    crew: Crew
    conductor: Conductor
    link: Link
    watchdog: Watchdog
    store: Store

    def run(self) -> Outcome:
        """Start everything, conduct until asked to stop, stop everything."""
        self._start()
        try:
            return self.conductor.run()
        finally:
            self._stop()

    def ask_to_stop(self, why: str = "signal") -> None:
        """Make `run` return soon."""
        self.crew.inbox.post(StopAsked(why))

    def _start(self) -> None:
        self.crew.power.start()
        for stage in self.crew.stages.values():
            stage.start()
        self.crew.library.start()
        self.link.start()
        self.watchdog.start()

    def _stop(self) -> None:
        self.watchdog.stop()
        offline = self.crew.reporter.will(self.conductor.said.session)
        self.link.stop(farewell=offline if self.conductor.said.session else None, timeout_s=0.6)
        self.crew.library.stop()
        for stage in self.crew.stages.values():
            stage.stop()
        self.crew.power.stop()
        self.crew.memory.save(time.monotonic())
        self.store.stop()


def build(config: AgentConfig, tail: LogTail | None = None) -> Agent:
    """Make an agent of what is in the data folder. Raises NotEnrolled or a ProfileError."""
    identity = load_identity(config.data_dir)
    inbox, monotonic = Inbox(), time.monotonic
    store, storage_fault = _open_store(config.data_dir)
    gate = Gate(identity.device, identity.roots, store)
    gate.load()
    profile = load_profile(_profile_name(config, gate.desired))
    clock = Clock(profile.clock.holdover_ppm)
    memory = ClockMemory(
        clock, store, has_battery=profile.clock.rtc, ppm=profile.clock.holdover_ppm
    )
    memory.load(monotonic())
    _see_what_is_held(clock, gate)
    run = _next_run(store)
    book = ReceiptBook(store, clock)
    book.start()
    stages = _stages(config, profile, gate.desired, inbox, book)
    tls = partial(_tls, identity, clock)
    limits = Limits(profile.cache.max_bytes, profile.cache.keep_free_percent)
    library = Library(
        config.data_dir / "audio", limits, HttpFetch(partial(tls, with_certificate=False)), inbox,
        threads=config.downloads,
    )  # fmt: skip
    reporter = Reporter(identity.device, identity.signer, clock, monotonic, run)
    address = Address(identity.file.mqtt_host, identity.file.mqtt_port, identity.device)
    link = Link(address, tls, reporter.will, inbox, run=run, retry_max_s=config.link_retry_max_s)
    crew = Crew(
        device=identity.device, profile=profile, inbox=inbox, link=link, clock=clock,
        memory=memory, gate=gate, book=book, refusals=Refusals(store, book), library=library,
        stages=stages, prompter=Prompter(stages, library, book, clock),
        commands=Commands(store, book, stages, tail or LogTail(), monotonic), reporter=reporter,
        power=Power(profile.amplifier, book),
        upkeep=Upkeep(store, gate, book, partial(_settings, config), storage_fault),
        pull=Puller(identity.file.controller, partial(tls, with_certificate=False), inbox).pull,
        measure=partial(measure, config.data_dir, profile.sensors),
    )  # fmt: skip
    conductor = Conductor(crew)
    watchdog = Watchdog(_checks(conductor, link, stages, profile.watchdog_seconds))
    return Agent(crew, conductor, link, watchdog, store)


def _open_store(folder: Path) -> tuple[Store, str]:
    store = Store(folder)
    try:
        store.start()
    except StorageFailed as error:
        log.warning("%s; going on with what can be read", error)
        return store, error.why
    return store, ""


def _next_run(store: Store) -> int:
    try:
        return store.next_run()
    except StorageFailed:
        return int(store.fact("run") or 0) + 1


def _profile_name(config: AgentConfig, desired: Desired | None) -> str:
    return config.profile or (desired.profile if desired else DEFAULT_PROFILE)


def _settings(config: AgentConfig, desired: Desired) -> object:
    """Return what of a desired state is read at the start only; a change of it means a restart."""
    return _profile_name(config, desired), tuple((o.id, o.delay_ms) for o in desired.outputs)


def _see_what_is_held(clock: Clock, gate: Gate) -> None:
    for message in (gate.trust, gate.desired, gate.plan):
        if message is not None:
            clock.see(message.iat)


def _tls(identity: Identity, clock: Clock, *, with_certificate: bool = True) -> ssl.SSLContext:
    is_known = clock.now(time.monotonic()) is not None
    return identity.tls(check_time=is_known, with_certificate=with_certificate)


def _stages(
    config: AgentConfig,
    profile: Profile,
    desired: Desired | None,
    inbox: Inbox,
    book: ReceiptBook,
) -> dict[str, Stage]:
    wanted = {output.id: output for output in desired.outputs} if desired else {}
    stages = {}
    for output in profile.outputs:
        state = wanted.get(output.id)
        player = _player(config, profile, output, inbox, state.delay_ms if state else 0)
        volume_db = state.volume_db if state else profile.volume.default_db
        volume = Volume(profile.volume.min_db, profile.volume.max_db, volume_db)
        stages[output.id] = Stage(output.id, output.driver, player, book, volume, time.monotonic)
    return stages


def _player(
    config: AgentConfig, profile: Profile, output: OutputProfile, inbox: Inbox, delay_ms: int
) -> OutputPlayer:
    heard_path = config.data_dir / f"heard-{output.id}.wav"
    driver = make_driver(DriverChoice(output.driver, output.device or "default", heard_path))
    return OutputPlayer(
        output.id,
        driver,
        lambda event: inbox.post(Heard(output.id, event)),
        rate=output.sample_rate_hz,
        channels=output.channels,
        channel=output.channel,
        ramp_ms=profile.volume.ramp_ms,
        buffer_ms=output.buffer_ms,
        delay_ms=delay_ms,
    )


def _checks(
    conductor: Conductor, link: Link, stages: dict[str, Stage], limit_s: float
) -> dict[str, Check]:
    """Return what the watchdog looks at. A lost sound device is a fault and not a hung thread."""
    checks = {
        "conductor": overdue(lambda: conductor.progress_at or time.monotonic(), limit_s),
        "link": overdue(link.progress, lambda: CONNECTING_S if link.is_connecting else limit_s),
    }
    for name, stage in stages.items():
        checks[f"output {name}"] = overdue(stage.player.progress, _patience(stage, limit_s))
    return checks


def _patience(stage: Stage, limit_s: float) -> Callable[[], float]:
    return lambda: limit_s if stage.report().is_alive else FAULTY_OUTPUT_S
