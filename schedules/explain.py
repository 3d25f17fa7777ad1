"""Says in Vietnamese and English when a rule plays, for the console; decides nothing.

A recurrence too involved for a sentence is quoted as its RRULE text.
"""

from datetime import datetime, time
from typing import NamedTuple

from schedules.lunar import LAST_DAY, LunarRule
from schedules.rrule_text import RecurrenceText, parse_rrule
from schedules.rules import Rule

_DAYS_VI = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES = {
    1: ("đầu tiên", "first"),
    2: ("lần hai", "second"),
    3: ("lần ba", "third"),
    4: ("lần tư", "fourth"),
    5: ("lần năm", "fifth"),
    -1: ("cuối cùng", "last"),
}
_YEARLY_DATE = {"BYMONTH", "BYMONTHDAY"}


class Sentence(NamedTuple):
    """One thing said in both languages."""

    vi: str
    en: str


def explain_rule(rule: Rule) -> Sentence:
    """Return when the rule plays, such as “Thứ hai đến thứ sáu, 17:00”."""
    says = [_recurrence(rule)] if rule.rrule else []
    says += [_lunar(rule.lunar, rule.dtstart.time())] if rule.lunar else []
    if not says:
        says = [
            Sentence(f"Một lần, {_moment_vi(rule.dtstart)}", f"Once, {rule.dtstart:%Y-%m-%d %H:%M}")
        ]
    sentence = _join(says, "; và ", "; and ")
    return Sentence(
        *(capital(text) + tail for text, tail in zip(sentence, _tail(rule), strict=True))
    )


def _recurrence(rule: Rule) -> Sentence:
    read = parse_rrule(rule.rrule or "")
    numbers = read.numbers.keys() - {"BYHOUR", "BYMINUTE"}
    yearly = read.freq == "YEARLY" and (read.days or numbers not in (set(), _YEARLY_DATE))
    if yearly or (read.freq != "YEARLY" and numbers - {"BYMONTHDAY"}) or read.freq == "HOURLY":
        quoted = f"{rule.rrule}, {rule.dtstart:%H:%M}"
        return Sentence(f"theo quy tắc {quoted}", f"by the rule {quoted}")
    days = _days(read, rule.dtstart)
    times = _times(read, rule.dtstart.time())
    return Sentence(f"{days.vi}, {times}", f"{days.en}, {times}")


def _days(read: RecurrenceText, dtstart: datetime) -> Sentence:
    every = read.interval
    if read.freq == "YEARLY":
        say = _year_days(read, dtstart)
        return _every(every, say, f"{say.vi}, mỗi {every} năm", f"{say.en}, every {every} years")
    if read.freq == "MONTHLY":
        say = _month_days(read, dtstart)
        return _every(every, say, f"{say.vi} mỗi {every} tháng", f"{say.en}, every {every} months")
    if "BYMONTHDAY" in read.numbers:
        return _month_days(read, dtstart)
    if read.freq == "DAILY" and not read.days:
        say = Sentence("hằng ngày", "every day")
        return _every(every, say, f"mỗi {every} ngày", f"every {every} days")
    say = _weekdays(sorted(day for day, _ in read.days) or [dtstart.weekday()])
    unit = ("tuần", "weeks") if read.freq == "WEEKLY" else ("ngày", "days")
    return _every(
        every, say, f"{say.vi}, mỗi {every} {unit[0]}", f"{say.en}, every {every} {unit[1]}"
    )


def _every(interval: int, once: Sentence, vi: str, en: str) -> Sentence:
    return once if interval == 1 else Sentence(vi, en)


def _weekdays(days: list[int]) -> Sentence:
    if len(days) == 7:
        return Sentence("hằng ngày", "every day")
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return Sentence(
            f"{_DAYS_VI[days[0]]} đến {_DAYS_VI[days[-1]]}",
            f"{_DAYS_EN[days[0]]} to {_DAYS_EN[days[-1]]}",
        )
    return Sentence(", ".join(_DAYS_VI[d] for d in days), ", ".join(_DAYS_EN[d] for d in days))


def _month_days(read: RecurrenceText, dtstart: datetime) -> Sentence:
    says = []
    if read.days:
        says.append(_join([_nth(day, n) for day, n in read.days], ", ", ", "))
    if "BYMONTHDAY" in read.numbers or not read.days:
        days = sorted(read.numbers.get("BYMONTHDAY", (dtstart.day,)), key=lambda d: (d < 0, d))
        says.append(
            Sentence(
                "ngày "
                + ", ".join(_from_end(day, "cuối tháng", "kể từ cuối tháng") for day in days),
                "day " + ", ".join(_from_end(day, "last", "from the end") for day in days),
            )
        )
    say = _join(says, " trùng ", " that is ")
    return Sentence(f"{say.vi} hằng tháng", f"{say.en} of every month")


def _year_days(read: RecurrenceText, dtstart: datetime) -> Sentence:
    months = ", ".join(map(str, read.numbers.get("BYMONTH", (dtstart.month,))))
    days = ", ".join(map(str, read.numbers.get("BYMONTHDAY", (dtstart.day,))))
    return Sentence(f"ngày {days} tháng {months} hằng năm", f"day {days} of month {months} yearly")


def _nth(day: int, n: int) -> Sentence:
    if n == 0:
        return Sentence(f"mọi {_DAYS_VI[day]}", f"every {_DAYS_EN[day]}")
    vi, en = _PLACES.get(n, (f"thứ {-n} kể từ cuối", f"{-n}th last"))
    return Sentence(f"{_DAYS_VI[day]} {vi}", f"{en} {_DAYS_EN[day]}")


def _from_end(day: int, last: str, from_end: str) -> str:
    return str(day) if day > 0 else last if day == -1 else f"{-day} {from_end}"


def _times(read: RecurrenceText, start: time) -> str:
    hours = read.numbers.get("BYHOUR", (start.hour,))
    minutes = read.numbers.get("BYMINUTE", (start.minute,))
    return ", ".join(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)


def _lunar(lunar: LunarRule, start: time) -> Sentence:
    days_vi = ", ".join("ngày cuối" if d == LAST_DAY else _lunar_day(d) for d in lunar.days)
    days_en = ", ".join("the last day" if d == LAST_DAY else f"day {d}" for d in lunar.days)
    months = ", ".join(map(str, lunar.months))
    vi = f"{days_vi} tháng {months} âm lịch" if months else f"{days_vi} hằng tháng âm lịch"
    en = f"{days_en} of lunar month {months}" if months else f"{days_en} of every lunar month"
    if lunar.leap_months is not None:
        vi += ", kể cả tháng nhuận" if lunar.leap_months else ", trừ tháng nhuận"
        en += ", leap months too" if lunar.leap_months else ", leap months not"
    return Sentence(f"{vi}, {start:%H:%M}", f"{en}, {start:%H:%M}")


def _lunar_day(day: int) -> str:
    return f"mùng {day}" if day <= 10 else "rằm" if day == 15 else f"ngày {day}"


def _tail(rule: Rule) -> Sentence:
    """Return how long the rule goes on, beginning with a comma, or nothing."""
    read = parse_rrule(rule.rrule) if rule.rrule else None
    vi = en = ""
    if read and read.count:
        vi, en = f", {read.count} lần", f", {read.count} times"
    if read and read.until:
        until = read.until.astimezone(rule.zone_info) if read.until.tzinfo else read.until
        vi, en = f", đến hết {_moment_vi(until)}", f", until {until:%Y-%m-%d %H:%M}"
    if rule.valid_from:
        vi, en = f"{vi}, từ {rule.valid_from:%d/%m/%Y}", f"{en}, from {rule.valid_from}"
    if rule.valid_until:
        vi, en = f"{vi}, đến {rule.valid_until:%d/%m/%Y}", f"{en}, to {rule.valid_until}"
    return Sentence(vi, en)


def _moment_vi(moment: datetime) -> str:
    return f"{moment:%H:%M} ngày {moment:%d/%m/%Y}"


def _join(says: list[Sentence], vi: str, en: str) -> Sentence:
    return Sentence(vi.join(say.vi for say in says), en.join(say.en for say in says))


def capital(text: str) -> str:
    """Return `text` with its first letter made a capital, the rest untouched."""
    return text[:1].upper() + text[1:]
