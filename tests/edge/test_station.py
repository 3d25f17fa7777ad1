"""The state machine of one output against a model: at every instant the highest sounds (R3)."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.claims import Claim, Rank, Rung
from edge_agent.station import (
    Claimed,
    Ended,
    Event,
    Hush,
    Over,
    Retimed,
    Sound,
    Started,
    Station,
    Ticked,
    Withdrawn,
    step,
)

TONE, SLOT, ALERT = Rank(Rung.TEST_TONE), Rank(Rung.PROGRAMME), Rank(Rung.ALERT)


@dataclass
class Room:
    """A station with a player that obeys at once."""

    state: Station = field(default_factory=Station)
    at: float = 0.0
    orders: dict[str, Claim] = field(default_factory=dict)
    over: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        self.state, effects = step(self.state, event, self.at)
        for effect in effects:
            match effect:
                case Sound(claim, order_id):
                    self.orders[order_id] = claim
                case Hush(order_id):
                    if self.orders.pop(order_id, None):
                        self.tell(Ended(order_id, 100, "stopped"))
                case Over(claim, code):
                    self.over.append((claim.id, code))

    def move_to(self, at: float) -> None:
        self.at = at
        for order_id, claim in list(self.orders.items()):
            if at >= claim.ends_at:
                del self.orders[order_id]
                self.tell(Started(order_id))
                self.tell(Ended(order_id, 100, "ended"))
        started = [(claim.starts_at, name) for name, claim in self.orders.items()]
        begun = sorted(pair for pair in started if pair[0] <= at)
        for _, name in begun[:-1]:
            del self.orders[name]
            self.tell(Ended(name, 100, "replaced"))
        self.tell(Ticked())

    def heard(self) -> str | None:
        names = [claim.id for claim in self.orders.values() if claim.starts_at <= self.at]
        assert len(names) <= 1, names
        return names[0] if names else None


def claim(name: str, rank: Rank, begin: float, end: float) -> Claim:
    return Claim(name, rank, begin, end)


def test_a_programme_takes_over_from_a_test_tone_which_goes_on_afterwards() -> None:
    room = Room()
    room.tell(Claimed(claim("tone", TONE, 0, 30)))
    room.tell(Claimed(claim("slot", SLOT, 10, 20)))

    heard = []
    for at in (5, 10, 15, 20, 25, 30):
        room.move_to(at)
        heard.append(room.heard())

    assert heard == ["tone", "slot", "slot", "tone", "tone", None]
    assert room.over == [("slot", ""), ("tone", "")]


def test_an_alert_interrupts_a_routine_programme_and_gives_it_back() -> None:
    room = Room()
    room.tell(Claimed(claim("slot", SLOT, 0, 60)))
    room.move_to(10)
    room.tell(Claimed(claim("alert", ALERT, 10, 30)))
    room.move_to(11)
    during = room.heard()
    room.move_to(31)

    assert during == "alert"
    assert room.heard() == "slot"


def test_adjoining_slots_hand_over_without_losing_either() -> None:
    room = Room()
    room.tell(Claimed(claim("one", SLOT, 0, 10)))
    room.tell(Claimed(claim("two", SLOT, 10, 20)))
    both = sorted(claim.id for claim in room.orders.values())
    room.move_to(10)
    room.move_to(20)

    assert both == ["one", "two"]
    assert room.over == [("one", ""), ("two", "")]


def test_a_withdrawn_claim_is_hushed_and_over_once() -> None:
    room = Room()
    room.tell(Claimed(claim("slot", SLOT, 0, 10)))
    room.move_to(2)

    room.tell(Withdrawn("slot", "stopped"))
    room.tell(Withdrawn("slot", "stopped"))
    room.move_to(10)

    assert room.over == [("slot", "stopped")]
    assert room.heard() is None


RANKS = st.builds(
    Rank,
    st.sampled_from(Rung),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
)
MOVES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.one_of(
            st.tuples(st.just("claim"), RANKS, st.integers(0, 12), st.integers(1, 15)),
            st.tuples(st.just("withdraw"), st.integers(0, 30)),
            st.tuples(st.just("retime"), st.integers(0, 30), st.integers(-3, 3)),
        ),
    ),
    max_size=30,
)


@settings(max_examples=400, deadline=None)
@given(MOVES)
def test_at_every_instant_the_highest_claim_sounds_and_each_ends_once(
    moves: list[tuple[int, tuple[object, ...]]],
) -> None:
    room, claims = Room(), dict[str, Claim]()
    for number, (pause, move) in enumerate(moves):
        for _ in range(pause):
            room.move_to(room.at + 1)
            _require_highest(room, claims)
        match move:
            case ("claim", Rank() as rank, int() as lead, int() as length):
                name = f"c{number}"
                begin = room.at + lead
                claims[name] = claim(name, rank, begin, begin + length)
                room.tell(Claimed(claims[name]))
            case ("withdraw", int() as which):
                claims.pop(f"c{which}", None)
                room.tell(Withdrawn(f"c{which}", "stopped"))
            case ("retime", int() as which, int() as later):
                old = claims.get(f"c{which}")
                if old is not None:
                    moved = claim(old.id, old.rank, old.starts_at + later, old.ends_at + later)
                    room.tell(Retimed(moved.id, moved.starts_at, moved.ends_at))
                    claims[old.id] = moved if old.starts_at > room.at else old
        room.move_to(room.at)
        _require_highest(room, claims)
    for _ in range(40):
        room.move_to(room.at + 1)

    names = [name for name, _ in room.over]
    assert len(names) == len(set(names)) == sum(move[1][0] == "claim" for move in moves)
    assert room.state.claims == ()


def _require_highest(room: Room, claims: dict[str, Claim]) -> None:
    active = [c for c in claims.values() if c.starts_at <= room.at < c.ends_at]
    highest = next((c for c in active if all(c is o or c.beats(o) for o in active)), None)
    assert room.heard() == (highest.id if highest else None)
