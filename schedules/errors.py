"""What can be wrong with a schedule, each error telling it in Vietnamese and English.

An error carries its facts as fields; `vi` and `en` are whole sentences for people.
"""

from datetime import datetime


class ScheduleError(ValueError):
    """Something about a schedule is refused; `vi` and `en` say what, and what to write instead."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi, en)
        self.vi = vi
        self.en = en

    def __str__(self) -> str:
        return f"{self.vi} / {self.en}"


class RecurrenceRefused(ScheduleError):
    """The RRULE text is not one this project accepts (RFC 5545 section 3.3.10)."""

    def __init__(self, text: str, vi: str, en: str) -> None:
        super().__init__(f"Quy tắc lặp “{text}”: {vi}.", f"Recurrence rule “{text}”: {en}.")
        self.text = text


class LunarRefused(ScheduleError):
    """The lunar rule names a day or month that the lunar calendar does not have."""

    def __init__(self, text: str, vi: str, en: str) -> None:
        super().__init__(f"Quy tắc âm lịch “{text}”: {vi}.", f"Lunar rule “{text}”: {en}.")
        self.text = text


class RuleRefused(ScheduleError):
    """A field of a rule, other than its recurrence, cannot be used."""

    def __init__(self, field: str, vi: str, en: str) -> None:
        super().__init__(f"Lịch phát, mục {field}: {vi}.", f"Schedule rule, field {field}: {en}.")
        self.field = field


class WindowRefused(ScheduleError):
    """The window is not `[start, end)` of two aware instants between the years 1970 and 2100."""

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__(
            f"Khoảng thời gian từ {start} đến {end} không dùng được: cần hai thời điểm có múi giờ,"
            " trước rồi sau, trong các năm 1970-2100.",
            f"The window from {start} to {end} cannot be used: it needs two instants with a zone,"
            " the earlier first, in the years 1970-2100.",
        )
        self.start = start
        self.end = end


class TooManyOccurrences(ScheduleError):
    """A rule would play more often in one window than any timetable does."""

    def __init__(self, rule_id: str, limit: int) -> None:
        super().__init__(
            f"Lịch phát {rule_id} phát hơn {limit} lần trong khoảng này; hãy chọn quy tắc thưa"
            " hơn.",
            f"Schedule rule {rule_id} plays more than {limit} times in this window; choose a"
            " sparser rule.",
        )
        self.rule_id = rule_id
        self.limit = limit


class TemplateMissing(ScheduleError):
    """There is no day template of that name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        names = ", ".join(known)
        super().__init__(
            f"Không có mẫu lịch ngày “{name}”; có: {names}.",
            f"There is no day template “{name}”; there are: {names}.",
        )
        self.name = name
        self.known = known


class TemplateRefused(ScheduleError):
    """A day template's file does not have the shape it must have."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"Mẫu lịch ngày “{name}” sai: {problem}.", f"Day template “{name}” is wrong: {problem}."
        )
        self.name = name
        self.problem = problem
