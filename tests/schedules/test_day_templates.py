"""Day templates are data that become rules."""

from datetime import date, timedelta

import pytest

from schedules.day_templates import load_template, read_template, template_names
from schedules.errors import TemplateMissing, TemplateRefused
from schedules.filters import Policy
from schedules.precedence import Origin, programme_rank
from schedules.rules import expand, midnight
from schedules.timeline import Candidate, arrange

WEEK = (midnight(date(2026, 1, 5)), midnight(date(2026, 1, 12)))


def test_a_rural_and_an_urban_day_ship_with_the_package() -> None:
    assert template_names() == ("rural", "urban")


def test_the_rural_morning_is_vov_then_province_then_commune_from_five() -> None:
    morning = load_template("rural").items[:3]

    assert [item.origin for item in morning] == [Origin.CENTRAL, Origin.PROVINCE, Origin.COMMUNE]
    assert morning[0].start.isoformat() == "05:00:00"
    assert sum((item.duration for item in morning), timedelta()) <= timedelta(minutes=45)


def test_the_urban_day_has_two_sessions_of_at_most_fifteen_minutes_on_weekdays() -> None:
    rules = load_template("urban").rules("tan-lap", date(2026, 1, 1))

    found = [one for _, rule in rules for one in expand(rule, *WEEK)]

    a_day = sum((one.end - one.start for one in found), timedelta()) / 5
    assert a_day <= timedelta(minutes=30)
    assert {one.original.weekday() for one in found} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", template_names())
def test_nothing_in_a_shipped_day_collides_or_is_refused(name: str) -> None:
    rules = load_template(name).rules("an-binh", date(2026, 1, 1))
    candidates = [
        Candidate(one, programme_rank(one, item.broadcast_class, item.origin), item.key)
        for item, rule in rules
        for one in expand(rule, *WEEK)
    ]

    timeline = arrange(candidates, WEEK, Policy())

    assert len(timeline.slots) == len(candidates)
    assert timeline.losses == ()


def test_a_rule_of_a_template_is_named_after_the_place_and_the_item() -> None:
    (item, rule), *_ = load_template("rural").rules("an-binh", date(2026, 1, 1))

    assert (item.key, rule.id) == ("morning-vov", "an-binh-morning-vov")


def test_an_unknown_template_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TemplateMissing, match="rural, urban"):
        load_template("../rural")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "rural"', 'name = "other"'),
        ('kind = "relay"', 'kind = "dance"'),
        ('origin = "central"', 'origin = "mars"'),
        ("minutes = 15", "minutes = 0"),
        ("minutes = 15", ""),
        ("FREQ=WEEKLY", "FREQ=SECONDLY"),
        ("start = 05:00:00", 'start = "early"'),
        ("[[items]]", "[[items"),
        ('key = "morning-vov"', 'key = "evening-vov"'),
    ],
)
def test_a_template_with_a_mistake_is_refused(old: str, new: str) -> None:
    from importlib.resources import files  # noqa: PLC0415 (only this test reads the raw text)

    text = files("schedules").joinpath("templates", "rural.toml").read_text(encoding="utf-8")

    with pytest.raises(TemplateRefused):
        read_template("rural", text.replace(old, new))
