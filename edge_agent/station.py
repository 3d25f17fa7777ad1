"""The state machine of one output: who may sound now, by the one order of precedence.

    absent --Claimed--> waiting --settle: it is the highest--> sounding --Ended--> absent + Finished
                           ^                                      |
                           +--- a higher claim: Hush, its clock place later ---+

Pure: `step(state, event) -> (state, effects)`. Instants are monotonic seconds. Whatever wants to
sound is a claim with a rank, so that an alert is one more rank and nothing else.
"""

from dataclasses import dataclass, replace
from typing import Final

from edge_agent.claims import SOON_S, Claim

SETTLED_S: Final = 0.3
"""So long before its instant an order may already be on its way to the device."""


@dataclass(frozen=True, slots=True)
class Station:
    """All claims on one output; those with a `turn` have an order at the player."""

    claims: tuple[Claim, ...] = ()
    turns: int = 0

    def claim(self, claim_id: str) -> Claim | None:
        """Return a claim by its id."""
        return next((claim for claim in self.claims if claim.id == claim_id), None)

    def turn(self, order_id: str) -> Claim | None:
        """Return the claim of an order, also of one that was hushed."""
        return self.claim(order_id.rpartition("~")[0])

    def sounding(self, at: float) -> Claim | None:
        """Return the claim whose turn it is."""
        turns = (claim for claim in self.claims if claim.turn and claim.starts_at <= at)
        return next(turns, None)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Somebody wants to sound. A claim with a known id is ignored."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A claim is taken back; `code` goes into its end."""

    claim_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Retimed:
    """The clock is known better: a claim lies elsewhere. Too late, and it stays where it is."""

    claim_id: str
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Recast:
    """A claim sounds otherwise from now on, until `ends_at`; its turn goes on with a new order."""

    claim_id: str
    ends_at: float


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of an order sounded."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """An order is over: `ended`, `stopped`, `replaced` or `failed`."""

    order_id: str
    played_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Give the player an order for this claim, from the clock's place on; again when retimed."""

    claim: Claim
    order_id: str


@dataclass(frozen=True, slots=True)
class Hush:
    """Take an order from the player."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Over:
    """A claim is over for good; `code` is empty when it ran to its end."""

    claim: Claim
    code: str


Event = Claimed | Withdrawn | Retimed | Recast | Started | Ended | Ticked
Effect = Sound | Hush | Over


def step(state: Station, event: Event, at: float) -> tuple[Station, tuple[Effect, ...]]:
    """Return the next state and what to do, in order."""
    effects: list[Effect] = []
    match event:
        case Claimed(claim) if state.claim(claim.id) is None:
            state = replace(state, claims=(*state.claims, claim))
        case Withdrawn(claim_id, code):
            state = _withdraw(state, claim_id, code, effects)
        case Retimed():
            state = _retime(state, event, at, effects)
        case Recast():
            state = _recast(state, event, effects)
        case Started(order_id):
            state = _change(state, order_id, has_started=True)
        case Ended():
            state = _end(state, event, at, effects)
        case _:
            pass
    state = _expire(state, at, effects)
    return _queue(_settle(state, at, effects), at), tuple(effects)


def _withdraw(state: Station, claim_id: str, code: str, effects: list[Effect]) -> Station:
    claim = state.claim(claim_id)
    if claim is None or claim.leaving is not None:
        return state
    if claim.turn is None:
        effects.append(Over(claim, code))
        return _without(state, claim)
    effects.append(Hush(claim.turn))
    return _put(state, replace(claim, leaving=code))


def _retime(state: Station, event: Retimed, at: float, effects: list[Effect]) -> Station:
    claim = state.claim(event.claim_id)
    if claim is None or claim.leaving is not None or at > claim.starts_at - SETTLED_S:
        return state
    claim = replace(claim, starts_at=event.starts_at, ends_at=event.ends_at)
    if claim.turn is not None:
        effects.append(Sound(claim, claim.turn))
    return _put(state, claim)


def _recast(state: Station, event: Recast, effects: list[Effect]) -> Station:
    claim = state.claim(event.claim_id)
    if claim is None or claim.leaving is not None:
        return state
    claim = replace(claim, ends_at=event.ends_at)
    if claim.turn is not None:
        claim = replace(claim, turn=f"{claim.id}~{state.turns + 1}")
        state = replace(state, turns=state.turns + 1)
        effects.append(Sound(claim, claim.turn or ""))
    return _put(state, claim)


def _end(state: Station, event: Ended, at: float, effects: list[Effect]) -> Station:
    claim = state.turn(event.order_id)
    if claim is None:
        return state
    claim = replace(claim, played_ms=claim.played_ms + event.played_ms)
    if claim.turn != event.order_id:
        return _put(state, claim)
    claim = replace(claim, turn=None)
    is_over = event.reason in {"ended", "failed"} or at >= claim.ends_at - SOON_S
    if claim.leaving is not None or is_over:
        code = claim.leaving or ("failed" if event.reason == "failed" else "")
        effects.append(Over(claim, code))
        return _without(state, claim)
    return _put(state, claim)


def _expire(state: Station, at: float, effects: list[Effect]) -> Station:
    """End claims whose time is past. One that sounds is given a second to say so itself."""
    for claim in state.claims:
        if at >= claim.ends_at + (1.0 if claim.turn else 0.0):
            if claim.turn:
                effects.append(Hush(claim.turn))
            effects.append(Over(claim, claim.leaving or ""))
            state = _without(state, claim)
    return state


def _settle(state: Station, at: float, effects: list[Effect]) -> Station:
    """Give each claim its turn that nobody beats at a time both want; take it from the others."""
    here = [claim for claim in state.claims if claim.leaving is None]
    for claim in here:
        beaten = any(
            other.beats(claim) and (claim.meets(other) and _now_or_first(claim, other, at))
            for other in here
            if other.id != claim.id
        )
        if beaten and claim.turn:
            effects.append(Hush(claim.turn))
            state = _put(state, replace(claim, turn=None))
        elif not beaten and not claim.turn:
            order_id = f"{claim.id}~{state.turns + 1}"
            claim = replace(claim, turn=order_id, had_turn=True)  # noqa: PLW2901 - with its turn
            state = replace(_put(state, claim), turns=state.turns + 1)
            effects.append(Sound(claim, order_id))
    return state


def _queue(state: Station, at: float) -> Station:
    """Let those that wait for their first turn move on with the clock."""
    return replace(state, claims=tuple(claim.moved_on(at) for claim in state.claims))


def _now_or_first(claim: Claim, other: Claim, at: float) -> bool:
    """Whether `other` wants the instant at which `claim` would sound next."""
    first = max(at, claim.starts_at)
    return other.starts_at <= first < other.ends_at


def _change(state: Station, order_id: str, *, has_started: bool) -> Station:
    claim = state.turn(order_id)
    return _put(state, replace(claim, has_started=has_started)) if claim else state


def _put(state: Station, claim: Claim) -> Station:
    claims = tuple(claim if claim.id == old.id else old for old in state.claims)
    return replace(state, claims=claims)


def _without(state: Station, claim: Claim) -> Station:
    return replace(state, claims=tuple(old for old in state.claims if old.id != claim.id))
