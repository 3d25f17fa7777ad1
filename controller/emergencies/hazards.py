"""Names and colours of hazards, levels and statuses, for every page and every voice.

Levels and colours are those of disaster risk (Decision 18/2021/QD-TTg, article 4).
"""

from dataclasses import dataclass

from wire.alert import AlertStatus, Hazard


@dataclass(frozen=True, slots=True)
class Named:
    """A word in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Level:
    """A level of risk: its names and its colour (`colour` in CSS, `ink` is readable on it)."""

    number: int
    vi: str
    en: str
    colour_vi: str
    colour_en: str
    colour: str
    ink: str


HAZARDS = {
    Hazard.STORM: Named("Bão", "Storm"),
    Hazard.TROPICAL_DEPRESSION: Named("Áp thấp nhiệt đới", "Tropical depression"),
    Hazard.FLOOD: Named("Lũ, ngập lụt", "Flood"),
    Hazard.FLASH_FLOOD: Named("Lũ quét", "Flash flood"),
    Hazard.LANDSLIDE: Named("Sạt lở đất", "Landslide"),
    Hazard.DAM_RELEASE: Named("Xả lũ hồ chứa", "Dam release"),
    Hazard.TSUNAMI: Named("Sóng thần", "Tsunami"),
    Hazard.EARTHQUAKE: Named("Động đất", "Earthquake"),
    Hazard.FIRE: Named("Cháy", "Fire"),
    Hazard.EPIDEMIC: Named("Dịch bệnh", "Epidemic"),
    Hazard.SECURITY: Named("An ninh trật tự", "Security"),
    Hazard.OTHER: Named("Khẩn cấp khác", "Other emergency"),
}
STATUSES = {
    AlertStatus.REAL: Named("THẬT", "REAL"),
    AlertStatus.EXERCISE: Named("THỰC HÀNH", "EXERCISE"),
    AlertStatus.DRILL: Named("DIỄN TẬP", "DRILL"),
}
LEVELS = {
    level.number: level
    for level in (
        Level(1, "Cấp 1", "Level 1", "xanh dương nhạt", "light blue", "#a8d8f0", "#10202a"),
        Level(2, "Cấp 2", "Level 2", "vàng nhạt", "pale yellow", "#fff3a3", "#2a2610"),
        Level(3, "Cấp 3", "Level 3", "da cam", "orange", "#ff9a3c", "#2a1804"),
        Level(4, "Cấp 4", "Level 4", "đỏ", "red", "#d7263d", "#ffffff"),
        Level(5, "Cấp 5", "Level 5", "tím", "purple", "#6a1b9a", "#ffffff"),
    )
}
