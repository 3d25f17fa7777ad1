"""One device with alerts: the real alarm, stage and station, a player that remembers, no keys.

The gate of this house believes every revision that is newer; keys have their own tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge_agent.alarm import Alarm, Site
from edge_agent.alert_shelf import AlertShelf
from edge_agent.audio.events import AudioEvent
from edge_agent.audio.sources import FilePart, Part, PlayOrder, TonePart
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.performance import Act, Volume
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from edge_agent.store import Held
from edge_agent.wording import Wordings
from tests.edge.fakes import FakePlayer, Ticker
from wire.alert import (
    Alert,
    AlertAction,
    AlertRevision,
    AlertStatus,
    Hazard,
    Issuer,
    Repeat,
    Target,
)
from wire.down import Cluster, OutputState, Sync
from wire.errors import RolledBack
from wire.message import Origin
from wire.pack import Wording
from wire.trust import judge_revision, require_continues
from wire.up import Receipt

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
AN_BINH = ("vn", "lam-dong", "an-binh")
TAN_LAP = ("vn", "lam-dong", "tan-lap")
FLOOD_AUDIO = "f" * 64


class MemoryStore:
    """The part of the store that alerts and receipts need; `is_full` refuses everything."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.closed: set[str] = set()
        self.kept: dict[tuple[str, str], Held] = {}
        self.is_full = False

    def finals(self) -> set[str]:
        return set(self.closed)

    def add_receipt(self, fill: Any, final: tuple[str, datetime] | None) -> Receipt:
        self._require_room()
        receipt: Receipt = fill(len(self.receipts) + 1)
        self.receipts.append(receipt)
        self.closed |= {final[0]} if final else set()
        return receipt

    def alerts(self) -> tuple[Held, ...]:
        return tuple(self.kept.values())

    def keep_alert(self, area: str, alert_id: str, rev: int, token: str) -> None:
        self._require_room()
        self.kept[area, alert_id] = Held(rev, token)

    def forget_alert(self, area: str, alert_id: str) -> None:
        self._require_room()
        self.kept.pop((area, alert_id), None)

    def _require_room(self) -> None:
        if self.is_full:
            raise StorageFailed("full")


@dataclass
class Shelf:
    """A library whose files come as the test says."""

    files: set[str] = field(default_factory=set)

    def has(self, sha256: str) -> bool:
        return sha256 in self.files

    def path(self, sha256: str) -> Path:
        return Path("/audio") / sha256


@dataclass
class FakePhrases:
    """A pack with the phrases that the test gives it, by what they are about and language."""

    phrases: dict[tuple[str, Wording, str], FilePart] = field(default_factory=dict)

    def phrase(self, about: str, wording: Wording, language: str) -> FilePart | None:
        return self.phrases.get((about, wording, language))

    def attention(self, status: AlertStatus, name: str | None, for_ms: int) -> Part:  # noqa: ARG002 - the contract
        return TonePart("siren" if status is AlertStatus.REAL else "chime", for_ms)


@dataclass
class FakeVoice:
    """Remembers what it was asked to speak."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def speak(self, text: str, language: str) -> bool:
        self.asked.append((text, language))
        return True


class FakeGate:
    """Believes whatever is newer."""

    def __init__(self, store: Any, outputs: tuple[OutputState, ...]) -> None:
        self.alerts = AlertShelf(store)
        self.alerts.load(Alert.model_validate_json)
        self.desired = _Desired(outputs)

    def open(self, alert: Alert) -> bool:
        held, text = self.alerts.held(alert.area, alert.id), alert.model_dump_json(by_alias=True)
        if held is not None:
            require_continues(held.alert, alert)
            if not judge_revision((held.alert.rev, held.digest), alert.rev, text):
                return False
        self.alerts.take(alert, text)
        return True


@dataclass
class _Desired:
    outputs: tuple[OutputState, ...]
    languages: tuple[str, ...] = ()


def cluster(name: str, areas: tuple[str, ...] = AN_BINH, address: str = "") -> Cluster:
    return Cluster(id=name, name=name, areas=areas, address=address)


class AlarmHouse:
    """A device whose outputs each feed clusters. `restart` is a new run on the same disk."""

    def __init__(self, outputs: tuple[OutputState, ...] | None = None) -> None:
        self.outputs = outputs or (OutputState(id="main", clusters=(cluster("cum-1"),)),)
        self.ticker, self.store, self.shelf = Ticker(), MemoryStore(), Shelf()
        self.phrases, self.voice = FakePhrases(), FakeVoice()
        self.questions: list[float] = []
        self.has_time = True
        self.last_rev = 0
        self.warm_s = 0.0
        self.restart()

    def restart(self) -> None:
        store: Any = self.store
        self.clock = Clock(50)
        self.clock.see(NOW)
        if self.has_time:
            # As a device does within one boot: the time of the monotonic clock is kept.
            self.clock.learn_sync(self.now, self.ticker.at - 0.002, self.ticker.at)
        self.book = ReceiptBook(store, self.clock, self.ticker)
        self.book.start()
        self.players: dict[str, FakePlayer] = {}
        self.stages = {output.id: self.make_stage(output) for output in self.outputs}
        self.gate: Any = FakeGate(store, self.outputs)
        self.wordings = Wordings(self.shelf, self.phrases, self.voice)
        gate: Any = self.gate
        site = Site(gate, self.clock, self.book, self.stages, self.wordings, 0.0, self.ticker)
        self.alarm = Alarm(site, lambda: self.questions.append(self.ticker.at))
        self.alarm.load()

    def make_stage(self, output: OutputState) -> Stage:
        def hear(event: AudioEvent) -> None:
            self.stages[output.id].hear(event)

        player = self.players[output.id] = FakePlayer(hear, self.ticker)
        return Stage(
            output.id, "fake", player, self.book, Volume(-60, 0, -12), self.ticker,
            lambda _name: None, ready_at=lambda now: now + self.warm_s,
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.ticker.at - 1000.0)

    def play_programme(self, output: str = "main", for_s: float = 100_000.0) -> None:
        at = self.ticker.at
        claim = Claim("slot", Rank(Rung.PROGRAMME), at, at + for_s)
        tone = TonePart("test", round(for_s * 1000))
        self.stages[output].perform(Act(claim, (tone,)))
        self.turn()

    def alert(self, **changes: Any) -> Alert:
        """Return a flood alert of level 3 for An Bình that was made now, for five minutes."""
        at = changes.pop("at", self.now)
        self.last_rev += 1
        facts: dict[str, Any] = {
            "iss": "an-binh", "iat": at, "exp": at + timedelta(minutes=5), "jti": "j",
            "rev": self.last_rev, "id": "lu-1", "area": "an-binh", "action": AlertAction.ALERT,
            "status": AlertStatus.REAL, "hazard": Hazard.FLOOD, "level": 3,
            "target": Target(areas=("an-binh",)), "texts": {"vi": "Lũ lên nhanh. " * 4},
            "siren_ms": 6000, "repeat": Repeat(count=2, gap_s=5), "issued_at": at,
            "starts_at": at, "ends_at": at + timedelta(minutes=5),
            "issuer": Issuer(name="UBND xã", origin=Origin.COMMUNE),
        }  # fmt: skip
        return Alert(**(facts | changes))

    def send(self, alert: Alert) -> bool:
        """Let a revision arrive; return whether it was news."""
        try:
            is_news: bool = self.gate.open(alert)
        except RolledBack:
            return False
        if is_news:
            self.alarm.arrive(alert)
            self.turn()
        return is_news

    def cancel(self, **changes: Any) -> Alert:
        return self.alert(action=AlertAction.CANCEL, **changes)

    def answer(self, current: Iterable[Alert], asked_at: float | None = None) -> None:
        """Let the controller say what is current."""
        named = tuple(AlertRevision(area=a.area, id=a.id, rev=a.rev) for a in current)
        sync = Sync(
            iss="c", iat=self.now, exp=self.now, jti="j", rev=1, device="d-anbinh01",
            nonce="n", now=self.now, alerts=named,
        )  # fmt: skip
        self.alarm.answered(sync, self.ticker.at if asked_at is None else asked_at)
        self.turn()

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        until = self.ticker.at + seconds
        while self.ticker.at < until - 1e-9:
            self.ticker.at = min(until, self.ticker.at + step)
            self.turn()

    def turn(self) -> None:
        for _ in range(2):
            for player in self.players.values():
                player.advance()
            for stage in self.stages.values():
                stage.tick()
            self.alarm.tick(self.clock.now(self.ticker.at))

    # What is heard.

    def order(self, output: str = "main") -> PlayOrder | None:
        return self.players[output].sounding

    def heard(self, output: str = "main") -> str | None:
        """Return the title of what sounds, or the id of the claim."""
        return self.stages[output].report().playing if self.order(output) else None

    def part(self, output: str = "main") -> Part | None:
        """Return the part that sounds at this instant."""
        order = self.order(output)
        if order is None:
            return None
        place = order.into_ms + round((self.ticker.at - order.start_at) * 1000)
        for part in order.parts:
            length = part.duration_ms if isinstance(part, FilePart) else part.for_ms
            if place < length:
                return part
            place -= length
        return None

    def kinds(self, output: str | None = "main") -> list[tuple[str, str]]:
        """Return kind and code of the receipts about alerts on an output, in order."""
        return [(str(r.kind), r.code) for r in self.store.receipts if r.output == output]
