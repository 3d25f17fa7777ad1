"""Everything that the conductor works with, made by `app.build`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edge_agent.alarm import Alarm
from edge_agent.clock import Clock
from edge_agent.commands import Commands
from edge_agent.gate import Gate
from edge_agent.inbox import Inbox
from edge_agent.library import Library
from edge_agent.memory import ClockMemory
from edge_agent.pack import PackHolder
from edge_agent.panic_desk import PanicDesk
from edge_agent.power import Power
from edge_agent.prompter import Prompter
from edge_agent.receipts import ReceiptBook
from edge_agent.refusals import Refusals
from edge_agent.speaker import Speaker
from edge_agent.stage import Stage
from edge_agent.upkeep import Upkeep
from edge_agent.wording import Wordings
from firmware_profiles import Profile


class Uplink(Protocol):
    """What the conductor asks of the link (see `edge_agent.link`)."""

    def listen(self, filters: list[str]) -> None:
        """Subscribe to exactly these."""

    def acknowledge(self, session: int, mid: int) -> None:
        """Acknowledge a message."""


@dataclass(frozen=True)
class Crew:
    """The parts of one device; the conductor's thread owns them all."""

    device: str
    profile: Profile
    inbox: Inbox
    link: Uplink
    clock: Clock
    memory: ClockMemory
    gate: Gate
    book: ReceiptBook
    refusals: Refusals
    library: Library
    stages: Mapping[str, Stage]
    prompter: Prompter
    commands: Commands
    speaker: Speaker
    upkeep: Upkeep
    power: Power
    alarm: Alarm
    wordings: Wordings
    pack: PackHolder
    panic: PanicDesk
