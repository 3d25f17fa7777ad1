"""Rules of the Vietnamese lunar calendar: the 1st and 15th, Tết, an anniversary.

Conversion is lunar-vn's (Hồ Ngọc Đức's algorithm at UTC+7, whatever zone the rule itself has).
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_vn import solar_to_lunar

from schedules.errors import LunarRefused

LAST_DAY = -1


@dataclass(frozen=True, slots=True)
class LunarRule:
    """Lunar days, in every lunar month or in the months named.

    `days` are 1-30, or -1 for the last day of the month (giao thừa is -1 of month 12); a day that
    a month does not have is left out. `months` are 1-12, empty for all. `leap_months` says whether
    a leap month counts as the month whose number it repeats; by default it does when every
    month is meant (rằm is kept in it too), and does not when months are named (Tết comes once).
    Raises LunarRefused for other numbers.
    """

    days: tuple[int, ...]
    months: tuple[int, ...] = ()
    leap_months: bool | None = None

    def __post_init__(self) -> None:
        if not self.days or any(day != LAST_DAY and not 1 <= day <= 30 for day in self.days):
            raise LunarRefused(
                str(self),
                "ngày phải từ 1 đến 30, hoặc -1 là ngày cuối tháng",
                "days must be 1 to 30, or -1 for the last day of the month",
            )
        if any(not 1 <= month <= 12 for month in self.months):
            raise LunarRefused(str(self), "tháng phải từ 1 đến 12", "months must be 1 to 12")

    def __str__(self) -> str:
        days = "days=" + ",".join(map(str, self.days))
        months = ";months=" + ",".join(map(str, self.months)) if self.months else ""
        leap = "" if self.leap_months is None else ";leap=" + ("yes" if self.leap_months else "no")
        return days + months + leap

    def falls_on(self, day: date) -> bool:
        """Return whether the solar `day` (years 1900-2100) is one of the rule's days."""
        lunar_day, month, is_leap, is_last = _lunar(day)
        if self.months and month not in self.months:
            return False
        if is_leap and not (not self.months if self.leap_months is None else self.leap_months):
            return False
        return lunar_day in self.days or (is_last and LAST_DAY in self.days)


def parse_lunar(text: str) -> LunarRule:
    """Read `days=1,15`, `month=1;day=1` or `days=15;leap=no`. Raises LunarRefused."""
    parts: dict[str, str] = {}
    for piece in text.strip().lower().split(";"):
        match = re.fullmatch(r"(?:(day|month)s?=(-?\d{1,2}(?:,-?\d{1,2})*)|leap=(yes|no))", piece)
        name = (match[1] or "leap") if match else ""
        if match is None or name in parts:
            example = "days=1,15 | month=1;day=1 | days=15;leap=no"
            raise LunarRefused(text, f"phải có dạng {example}", f"it must look like {example}")
        parts[name] = match[2] or match[3]
    return LunarRule(
        days=_integers(parts.get("day", "")),
        months=_integers(parts.get("month", "")),
        leap_months={"yes": True, "no": False}.get(parts.get("leap", "")),
    )


def _integers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(piece) for piece in text.split(",") if piece}))


@lru_cache(maxsize=4096)
def _lunar(day: date) -> tuple[int, int, bool, bool]:
    """Return lunar day, month, whether the month is leap, whether it is the month's last day."""
    lunar = solar_to_lunar(day)
    is_last = lunar.day >= 29 and (
        lunar.day == 30 or solar_to_lunar(day + timedelta(days=1)).day == 1
    )
    return lunar.day, lunar.month, lunar.leap, is_last
