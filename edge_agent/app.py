"""The composition root: everything is made here, started in one order and stopped in its mirror."""

import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.alarm import Alarm, Site
from edge_agent.clock import Clock
from edge_agent.commands import Commands, LogTail
from edge_agent.conductor import Conductor, Outcome
from edge_agent.config import AgentConfig
from edge_agent.crew import Crew
from edge_agent.device_voice import DeviceVoice
from edge_agent.errors import StorageFailed
from edge_agent.events import StopAsked
from edge_agent.fetch import HttpFetch
from edge_agent.gate import Gate
from edge_agent.health import measure
from edge_agent.identity import Identity, load_identity
from edge_agent.inbox import Inbox
from edge_agent.library import Library, Limits
from edge_agent.link import Address, Link
from edge_agent.memory import ClockMemory
from edge_agent.pack import PackHolder
from edge_agent.panic import PanicWatch
from edge_agent.panic_desk import PanicDesk
from edge_agent.power import Power
from edge_agent.prompter import Prompter
from edge_agent.pull import Puller
from edge_agent.receipts import ReceiptBook
from edge_agent.refusals import Refusals
from edge_agent.report import Reporter
from edge_agent.speaker import Speaker, Subject
from edge_agent.stage import Stage
from edge_agent.stages import make_stages
from edge_agent.store import Store
from edge_agent.upkeep import Upkeep
from edge_agent.watchdog import Check, Watchdog, overdue
from edge_agent.wording import Wordings
from firmware_profiles import load_profile
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
    reporter: Reporter
    voice: DeviceVoice
    panic_watch: PanicWatch | None

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
        if self.panic_watch is not None:
            self.panic_watch.start()
        self.voice.start()
        self.crew.library.start()
        self.link.start()
        self.watchdog.start()

    def _stop(self) -> None:
        self.watchdog.stop()
        session = self.crew.speaker.session
        self.link.stop(self.reporter.will(session) if session else None, timeout_s=0.6)
        self.crew.library.stop()
        self.voice.stop()
        if self.panic_watch is not None:
            self.panic_watch.stop()
        self.crew.alarm.stop()
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
    ppm = profile.clock.holdover_ppm
    clock = Clock(ppm)
    memory = ClockMemory(clock, store, has_battery=profile.clock.rtc, ppm=ppm)
    memory.load(monotonic())
    _see_what_is_held(clock, gate)
    memory.refresh(monotonic())
    run = next_run(store, clock, monotonic())
    book = ReceiptBook(store, clock)
    book.start()
    tls = partial(_tls, identity, clock)
    https = partial(_tls, identity, clock, with_certificate=False)
    library = Library(
        config.data_dir / "audio",
        Limits(profile.cache.max_bytes, profile.cache.keep_free_percent),
        HttpFetch(https),
        inbox,
        threads=config.downloads,
    )
    power = Power(profile.amplifier, book)
    pack = PackHolder(library, store)
    voice = DeviceVoice(config.data_dir, inbox.post)
    wordings = Wordings(library, pack, voice)
    stages = make_stages(
        config.data_dir, profile, gate.desired, inbox, book, library.suspect, power.ready_at
    )
    reporter = Reporter(identity.device, identity.signer, clock, monotonic, run)
    address = Address(identity.file.mqtt_host, identity.file.mqtt_port, identity.device)
    link = Link(address, tls, reporter.will, inbox, run=run, retry_max_s=config.link_retry_max_s)
    site = Site(gate, clock, book, stages, wordings, profile.volume.forced_db, monotonic)
    alarm = Alarm(site, lambda: speaker.ask())  # noqa: PLW0108 - the speaker is made of the alarm
    subject = Subject(
        device=identity.device,
        profile=profile.id,
        gate=gate,
        clock=clock,
        book=book,
        library=library,
        stages=stages,
        measure=partial(measure, config.data_dir, profile.sensors),
        in_force=alarm.in_force,
        emergency_pack=lambda: pack.digest,
    )
    puller = Puller(identity.file.controller, https, inbox)
    speaker = Speaker(subject, reporter, link, puller.pull)
    panic = PanicDesk(site, alarm, reporter, identity.device, link.publish)
    crew = Crew(
        device=identity.device,
        profile=profile,
        inbox=inbox,
        link=link,
        clock=clock,
        memory=memory,
        gate=gate,
        book=book,
        refusals=Refusals(store, book),
        library=library,
        stages=stages,
        prompter=Prompter(stages, library, book, clock, power.warm_up_s),
        commands=Commands(store, book, stages, tail or LogTail(), monotonic),
        speaker=speaker,
        power=power,
        alarm=alarm,
        wordings=wordings,
        pack=pack,
        panic=panic,
        upkeep=Upkeep(store, gate, book, partial(_settings, config), storage_fault),
    )
    conductor = Conductor(crew)
    watchdog = Watchdog(_checks(conductor, link, stages, profile.watchdog_seconds))
    panic_input = profile.panic_input
    watch = PanicWatch(panic_input, config.data_dir, inbox.post) if panic_input else None
    return Agent(crew, conductor, link, watchdog, store, reporter, voice, watch)


def _open_store(folder: Path) -> tuple[Store, str]:
    store = Store(folder)
    try:
        store.start()
    except StorageFailed as error:
        log.warning("%s; going on with what can be read", error)
        return store, error.why
    return store, ""


def next_run(store: Store, clock: Clock, mono: float) -> int:
    """Return the number of this start: it rises also while the disk cannot count.

    It is the time in seconds (of the newest signed message if that is all we have). On a disk
    that takes no writes and without the time, the seconds since boot tell one start from the next.
    """
    least = int(clock.best_guess(mono).timestamp())
    since_boot = int(mono) if clock.now(mono) is None else 0
    forgetful = max(store.last_run() + 1, least) + since_boot
    try:
        return store.next_run(forgetful if store.is_copy else least)
    except StorageFailed:
        return forgetful


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
