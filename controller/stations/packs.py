"""Which emergency pack a device shall hold: by the languages of the area where its station stands.

The packs are made by `controller.emergencies.pack`, which stands above. Nothing here commits.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import Policy
from controller.stations.models import EmergencyPack

DEFAULT = Policy().languages


@dataclass(frozen=True, slots=True)
class Wanted:
    """The languages that alerts are spoken in, and their pack; None while it is being made."""

    languages: tuple[str, ...] = DEFAULT
    pack: EmergencyPack | None = None

    @property
    def sha256(self) -> str | None:
        """The hash of the pack's list."""
        return self.pack.sha256 if self.pack else None

    @property
    def bytes(self) -> int:
        """The size of the pack's list."""
        return self.pack.bytes if self.pack else 0


def pack_key(languages: Iterable[str]) -> str:
    """Return the key of the pack for these languages, in whatever order they are spoken."""
    return " ".join(sorted(set(languages)))


def languages_in_use(session: Session) -> set[str]:
    """Return the key of each pack that some area needs, the default one included."""
    said = session.scalars(select(Area.languages).where(Area.languages.is_not(None)).distinct())
    return {pack_key(DEFAULT), *(pack_key(text.split()) for text in said if text)}


def wanted_packs(session: Session, area_ids: Collection[str]) -> dict[str, Wanted]:
    """Return what devices of stations in these areas shall hold, by area."""
    rows = session.execute(select(Area.id, Area.path).where(Area.id.in_(area_ids)))
    chains = {row.id: row.path.strip("/").split("/") for row in rows}
    above = {one for chain in chains.values() for one in chain}
    said = session.execute(
        select(Area.id, Area.languages).where(Area.id.in_(above), Area.languages.is_not(None))
    )
    own = {row.id: tuple(row.languages.split()) for row in said}
    packs = {pack.languages: pack for pack in session.scalars(select(EmergencyPack))}
    wanted = {}
    for area_id, chain in chains.items():
        languages = next((own[one] for one in reversed(chain) if one in own), DEFAULT)
        wanted[area_id] = Wanted(languages, packs.get(pack_key(languages)))
    return wanted
