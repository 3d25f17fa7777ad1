"""How a region speaks: each convention is one setting, and a region is a set of them."""

from dataclasses import dataclass
from typing import Literal

Region = Literal["north", "central", "south"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The conventions of reading; the default is what a national newsreader says.

    `thousand`: the word for 1,000; `empty_tens`: what stands for the empty tens place (105);
    `early_day`: what stands before the days 1-10 of a month.
    """

    thousand: Literal["nghìn", "ngàn"] = "nghìn"
    empty_tens: Literal["linh", "lẻ"] = "linh"
    early_day: Literal["mùng", "mồng"] = "mùng"


NATIONAL = Settings()
_REGIONS: dict[Region, Settings] = {
    "north": NATIONAL,
    "central": Settings(empty_tens="lẻ"),
    "south": Settings(thousand="ngàn", empty_tens="lẻ"),
}


def settings_of(region: Region) -> Settings:
    """Return what is usual in a region; a commune may still choose each word for itself."""
    return _REGIONS[region]
