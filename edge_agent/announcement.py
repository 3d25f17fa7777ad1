"""One revision of an alert on one output: its rounds, what they sound like, and its receipts.

    waits --round is due--> on stage --round over--> waits ... --last over, or stopped--> over

Each round is one claim; between rounds the programme sounds. Owned by the conductor's thread.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from edge_agent import script
from edge_agent.alerts import Revision
from edge_agent.audio.sources import Part, length_ms
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.performance import Act
from edge_agent.receipts import ReceiptBook
from edge_agent.script import Form, Script
from edge_agent.stage import JOINED_AFTER_MS, Stage
from edge_agent.wording import Wordings
from wire.alert import AlertStatus
from wire.message import Origin
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

AHEAD_S: Final = 5.0
PARTS_AHEAD: Final = 40
REWRITE_MS: Final = 20_000
"""So long before the parts that the player has run out, it gets more."""
TOO_LATE_MS: Final = 500
ORIGINS: Final = tuple(reversed(Origin))


@dataclass(frozen=True, slots=True)
class Crier:
    """What every announcement works with."""

    stage: Stage
    wordings: Wordings
    book: ReceiptBook
    forced_db: float
    monotonic: Callable[[], float]


@dataclass
class Announcement:
    """A revision on an output. `clusters` are those of the output that it means."""

    crier: Crier
    revision: Revision
    clusters: tuple[str, ...]
    is_confirmed: bool = True
    is_all_clear: bool = False
    is_local: bool = False
    is_over: bool = False
    code: str = ""
    has_started: bool = False
    played_ms: int = 0
    spoken: str = ""
    over_ceiling: bool = False
    _round: int = 0
    _claim: str = ""
    _form: Form | None = None
    _script: Script = ()
    _given_ms: int = 0

    def start(self) -> None:
        """Find the round of this instant and let it sound; one that is over is not begun anew."""
        now, every_s = self.crier.monotonic(), self.every_s
        gone_s = max(0.0, now - self.revision.begins_at)
        self._round = int(gone_s // every_s) if every_s else 0
        self._begin(now)

    def tick(self) -> None:
        """Do what the time asks for: the next round, and more of the one that sounds."""
        now = self.crier.monotonic()
        if self.is_over:
            return
        if not self._claim:
            if self._begins_at() <= now + AHEAD_S:
                self._begin(now)
        elif (
            self._given_ms < self._whole_ms() and self._place_ms(now) > self._given_ms - REWRITE_MS
        ):
            self._rewrite(now, whole=True)

    def refresh(self) -> None:
        """Look again at what the words can be said with."""
        if self._claim and not self.is_over:
            self._rewrite(self.crier.monotonic())

    def stop(self, code: str) -> None:
        """Sound no more; the receipt says `code`."""
        if self.is_over:
            return
        self.code = code
        if self._claim:
            self.crier.stage.withdraw(self._claim, code)
        else:
            self._close()

    def retime(self, until: float) -> None:
        """Sound until another instant: the time became known."""
        self.revision = replace(self.revision, until=until)
        if self._claim:
            self._rewrite(self.crier.monotonic(), whole=True)

    def next_at(self) -> float | None:
        """Return when `tick` is due (monotonic)."""
        return None if self.is_over or self._claim else self._begins_at() - AHEAD_S

    @property
    def every_s(self) -> float:
        """The seconds from round to round, 0 for a single one."""
        return 0.0 if self.is_all_clear else float(self.revision.alert.repeat.every_s)

    # What the stage tells.

    def started(self, late_ms: int) -> None:
        """Write down the first sound, once for this revision and output."""
        late_ms -= self._form.call_ms if self._form is not None else 0
        is_first, self.has_started = not self.has_started, True
        if not is_first or self.is_all_clear:
            return
        code = "joined" if late_ms > JOINED_AFTER_MS else ""
        words = self.crier.wordings.words(self.revision.alert)
        detail = words[0].source + (" over_ceiling" if self.over_ceiling else "")
        self.note(
            ReceiptKind.STARTED,
            code=code if self.is_confirmed else "unconfirmed",
            late_ms=late_ms,
            detail=detail,
        )

    def part_started(self, part: Part) -> None:
        """Remember what was really spoken."""
        for passage in self._script:
            if passage.source not in {"", script.SIREN} and part in passage.parts[:1]:
                self.spoken = passage.source

    def part_failed(self, part: Part) -> None:
        """Say the words with the next best."""
        if self.crier.wordings.reject(part):
            self.refresh()

    def over(self, claim: Claim, code: str, *, had_turn: bool, has_fault: bool) -> None:
        """Take note that a round is over: another one follows, or nothing does."""
        self._claim, self._script = "", ()
        self.played_ms += claim.played_ms
        self.has_started |= claim.has_started
        self._round += 1
        is_last = not self.every_s or self._begins_at() >= self.revision.until
        if not self.code and not code and not is_last:
            return
        if not self.has_started and not self.code:
            fault = "no_sound" if had_turn else "outranked"
            code = code or ("no_output" if has_fault else fault)
        self.code = self.code or code
        self._close()

    # Receipts.

    def note(self, kind: ReceiptKind, **facts: Any) -> None:
        """Write a receipt about this revision here, each kind once."""
        alert, output = self.revision.alert, self.crier.stage.output
        key = receipt_key(self.revision, kind, output)
        self.crier.book.note(
            kind,
            final=(key, alert.exp),
            output=output,
            object_id=alert.id,
            rev=alert.rev,
            clusters=self.clusters,
            **(facts | ({"code": "panic"} if self.is_local else {"area": alert.area})),
        )

    def has_had(self, kind: ReceiptKind) -> bool:
        """Return whether there is a receipt of a kind, also of an earlier run."""
        key = receipt_key(self.revision, kind, self.crier.stage.output)
        return self.crier.book.is_closed(key)

    def _close(self) -> None:
        self.is_over = True
        if self.is_all_clear:
            if self.has_started:
                self.note(ReceiptKind.EXECUTED, code="all_clear", played_ms=self.played_ms)
            return
        if self.has_started or self.has_had(ReceiptKind.STARTED):
            detail = self.spoken or script.SIREN
            played_ms, code = self.played_ms, self.code
            self.note(ReceiptKind.FINISHED, code=code, played_ms=played_ms, detail=detail)
        else:
            self.note(ReceiptKind.MISSED, code=self.code or "expired")

    # Rounds.

    def _begins_at(self) -> float:
        return self.revision.begins_at + self._round * self.every_s

    def _begin(self, now: float) -> None:
        """Bring the round to the stage, or pass over it when it is over already."""
        begins_at, limit_s = self._begins_at(), self.revision.until
        if self.every_s:
            limit_s = min(limit_s, begins_at + self.every_s)
        self._form = self._make_form(max(0.0, begins_at - now))
        limit_ms = round((limit_s - begins_at) * 1000)
        words = self._words()
        self._script = script.write(self._form, words, (), limit_ms)
        ends_at = min(limit_s, begins_at + self._whole_ms() / 1000)
        place_ms = max(0, round((now - begins_at) * 1000))
        if place_ms > self._whole_ms() - TOO_LATE_MS or limit_s <= now:
            self._pass_over()
            return
        ahead = script.from_place(self._script, place_ms)
        alert, stage = self.revision.alert, self.crier.stage
        self._claim = self._claim_name()
        ceiling_db = stage.ceiling_db()
        is_forced = alert.status is AlertStatus.REAL
        self.over_ceiling = is_forced and ceiling_db is not None
        claim = Claim(
            self._claim, self._rank(), begins_at, ends_at,
            since=self.revision.begins_at,
            queues_until=self.revision.until,
        )  # fmt: skip
        act = Act(
            claim, self._give(ahead),
            ceiling_db=None if is_forced else ceiling_db,
            after_ms=ahead[0].begin_ms,
            clusters=self.clusters,
            forced_db=self.crier.forced_db if is_forced else None,
            title=alert.id,
            listener=self,
        )  # fmt: skip
        stage.perform(act)
        waiting = stage.claim(self._claim)
        if waiting is not None and not waiting.had_turn:
            self._rewrite(now, whole=True)  # from its beginning, once it is its turn

    def _pass_over(self) -> None:
        self._script = ()
        self._round += 1
        if not self.every_s or self._begins_at() >= self.revision.until:
            self._close()

    def _rewrite(self, now: float, *, whole: bool = False) -> None:
        """Give the player what comes from now on, when that changed or `whole` asks for more."""
        stage, form = self.crier.stage, self._form
        claim = stage.claim(self._claim)
        if claim is None or form is None or claim.leaving is not None:
            return
        place_ms, words = round((now - claim.starts_at) * 1000), self._words()
        is_bad = self.crier.wordings.is_bad
        bad = {p.source for p in self._script if any(is_bad(part) for part in p.parts)}
        kept = script.keep(form, self._script, words, place_ms, bad) if claim.had_turn else ()
        limit_s = self.revision.until - claim.starts_at
        limit_s = min(limit_s, self.every_s) if self.every_s else limit_s
        new = script.write(form, words, kept, round(limit_s * 1000))
        if new == self._script and not whole:
            return
        self._script = new
        ahead = script.remaining(new, kept)
        if ahead:
            ends_at = min(self.revision.until, claim.starts_at + self._whole_ms() / 1000)
            whole_now = (*kept[-1:], *ahead)
            parts, after_ms = self._give(whole_now), whole_now[0].begin_ms
            stage.recast(self._claim, parts, after_ms, ahead[0].begin_ms, ends_at)

    def _give(self, ahead: Script) -> tuple[Part, ...]:
        parts = script.first_parts(ahead, PARTS_AHEAD)
        self._given_ms = ahead[0].begin_ms + sum(map(length_ms, parts))
        return parts

    def _lacks_parts(self) -> bool:
        return self._given_ms < self._whole_ms()

    def _place_ms(self, now: float) -> int:
        claim = self.crier.stage.claim(self._claim)
        return round((now - claim.starts_at) * 1000) if claim else 0

    def _whole_ms(self) -> int:
        return self._script[-1].end_ms if self._script else 0

    def _words(self) -> tuple[script.Words, ...]:
        return self.crier.wordings.words(self.revision.alert, all_clear=self.is_all_clear)

    def _make_form(self, in_s: float) -> Form:
        alert, stage = self.revision.alert, self.crier.stage
        call_ms = round(stage.receivers.call_s(self.clusters) * 1000)
        warm_ms = 0 if call_ms else round(max(0.0, stage.warm_in_s() - in_s) * 1000)
        repeat = alert.repeat
        attention = self.crier.wordings.attention
        return Form(
            call_ms=call_ms,
            attention_ms=max(alert.siren_ms, warm_ms),
            count=1 if self.is_all_clear else repeat.count,
            gap_ms=repeat.gap_s * 1000,
            attention=lambda for_ms: attention(alert, for_ms),
        )

    def _claim_name(self) -> str:
        alert = self.revision.alert
        tag = hashlib.sha256(f"{alert.area}/{alert.id}".encode()).hexdigest()[:12]
        return f"alert-{tag}-{alert.rev}-{self._round}"

    def _rank(self) -> Rank:
        alert = self.revision.alert
        rung = Rung.ALL_CLEAR if self.is_all_clear else Rung.ALERT
        if alert.status is not AlertStatus.REAL:
            rung = Rung.DRILL
        return Rank(rung, alert.level, origin=ORIGINS.index(alert.issuer.origin))


def receipt_key(revision: Revision, kind: ReceiptKind, output: str) -> str:
    """Return what makes a receipt about an alert the only one of its kind."""
    alert = revision.alert
    return f"{alert.area}/{alert.id}/{alert.rev}/{kind}/{output}"
