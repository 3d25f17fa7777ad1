"""How loud an output is: its own volume, under the ceiling of a slot, or forced by an alert.

An order is made for the volume of its time, so what it was cut by is kept with it. Owned by the
conductor's thread.
"""

from edge_agent.performance import Act, Player, Volume


class Loudness:
    """The gain of one output's player, and how much each act was cut below it."""

    def __init__(self, player: Player, volume: Volume) -> None:
        self._player, self.volume = player, volume
        self._cut_db: dict[str, float] = {}

    def start(self) -> None:
        """Set the volume of an output that was just opened."""
        self._player.set_gain(self.volume.db)

    def cut_db(self, act: Act) -> float:
        """Return by how much (dB) an order of an act differs from the output now; it is kept."""
        cut_db = self._level_db(act) - self.volume.db
        self._cut_db[act.claim.id] = cut_db
        return cut_db

    def apply(self, act: Act | None) -> None:
        """Set the gain; an order that sounds was made for an older volume and keeps its ceiling."""
        gain_db = self.volume.db
        if act is not None and (act.ceiling_db is not None or act.forced_db is not None):
            gain_db = self._level_db(act) - self._cut_db.get(act.claim.id, 0.0)
        self._player.set_gain(gain_db)

    def forget(self, claim_id: str) -> bool:
        """Forget an act that is over; return whether it ever had its turn."""
        return self._cut_db.pop(claim_id, None) is not None

    def _level_db(self, act: Act) -> float:
        """Return how loud an act sounds: forced, or as the output under the act's ceiling."""
        if act.forced_db is not None:
            return act.forced_db
        db = self.volume.db
        return min(db, db if act.ceiling_db is None else act.ceiling_db)
