"""Events to hazard and level, by tables that a site may edit."""

from datetime import timedelta

import pytest

from controller.cap.hazards import hazard_of, level_of, read_tables, shipped
from controller.cap.message import Info
from controller.errors import Invalid
from tests.controller.cap.messages import NOW
from wire.alert import Hazard


def said(event: str, **parts: object) -> Info:
    known = {"urgency": "Immediate", "severity": "Severe", "certainty": "Observed"} | parts
    return Info(event, **known)  # type: ignore[arg-type] # a test may say any part


@pytest.mark.parametrize(
    ("event", "hazard"),
    [
        ("Bão số 3 (Yagi)", Hazard.STORM),
        ("TIN ÁP THẤP NHIỆT ĐỚI", Hazard.TROPICAL_DEPRESSION),
        ("Cảnh báo lũ trên sông Hồng", Hazard.FLOOD),
        ("Lũ quét, sạt lở đất", Hazard.FLASH_FLOOD),
        ("Nguy cơ sạt lở", Hazard.LANDSLIDE),
        ("Thủy điện Hòa Bình xả lũ", Hazard.DAM_RELEASE),
        ("Cảnh báo sóng thần", Hazard.TSUNAMI),
        ("Động đất 5,1 độ", Hazard.EARTHQUAKE),
        ("Cháy rừng cấp V", Hazard.FIRE),
        ("Dịch sốt xuất huyết", Hazard.EPIDEMIC),
        ("Flash Flood Warning", Hazard.FLASH_FLOOD),
        ("Coastal Flood Advisory", Hazard.FLOOD),
        ("Severe Thunderstorm Warning", Hazard.STORM),
        ("Tsunami Warning", Hazard.TSUNAMI),
        ("Gempa Bumi", Hazard.EARTHQUAKE),
        ("津波警報", Hazard.TSUNAMI),
        ("Child Abduction Emergency", Hazard.SECURITY),
        ("Báo cáo", None),
        ("Firearms", None),
        ("", None),
    ],
)
def test_words_mean_a_hazard_and_the_longest_wins(event: str, hazard: Hazard | None) -> None:
    assert hazard_of(said(event), NOW, shipped()) == hazard


def test_decomposed_vietnamese_is_the_same_word() -> None:
    assert hazard_of(said("Ba\u0303o"), NOW, shipped()) is Hazard.STORM


def test_a_code_goes_before_words() -> None:
    codes = (("SAME", "tsw"), ("profile:CAP-CP:Event:0.4", "thunderstorm"))

    assert hazard_of(said("Storm", event_codes=codes[:1]), NOW, shipped()) is Hazard.TSUNAMI
    assert hazard_of(said("neige", event_codes=codes[1:]), NOW, shipped()) is Hazard.STORM


@pytest.mark.parametrize(
    ("parts", "level"),
    [
        ({"severity": "Extreme"}, 5),
        ({"severity": "Extreme", "urgency": "Expected"}, 4),
        ({"severity": "Severe"}, 4),
        ({"severity": "Severe", "certainty": "Possible"}, 3),
        ({"severity": "Moderate"}, 2),
        ({"severity": "Minor"}, 1),
        ({"severity": "Unknown"}, 1),
        ({"severity": "Extreme", "urgency": "Past"}, 1),
        ({"severity": "Extreme", "responses": ("AllClear",)}, 1),
        ({"parameters": (("Cấp độ rủi ro thiên tai", "2"),)}, 2),
        ({"parameters": (("awareness_level", "4; red; Extreme"),)}, 4),
        ({"parameters": (("awareness_level", "9; pink"),)}, 4),
    ],
)
def test_the_level_is_stated_or_worked_out(parts: dict[str, object], level: int) -> None:
    assert level_of(said("x", **parts), NOW, shipped()) == level


def test_a_sites_rows_go_first_while_their_dates_hold() -> None:
    own = read_tables(
        '[[word]]\nhazard="fire"\nwords=["bão cát"]\nsince=2026-11-02\nuntil=2026-11-03\n'
        '[[level]]\nlevel=5\nseverity=["Minor"]\n'
    ).over(shipped())
    event = said("Bão cát", severity="Minor")

    assert hazard_of(event, NOW, own) is Hazard.FIRE
    assert hazard_of(event, NOW + timedelta(days=1), own) is Hazard.STORM
    assert level_of(event, NOW, own) == 5


@pytest.mark.parametrize(
    "text",
    [
        "x",
        '[[word]]\nhazard="rain"\nwords=["a"]',
        '[[word]]\nwords=["a"]',
        "[[level]]\nlevel=6",
        '[[level]]\nlevel=1\nsince="2026"',
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(Invalid):
        read_tables(text)
