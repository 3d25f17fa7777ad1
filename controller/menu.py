"""The main menu: what a person sees depends on what they may do somewhere."""

from flask import g
from flask_babel import gettext as _

from controller.people.rights import paths_for


def menu() -> list[tuple[str, str]]:
    """Return addresses and titles for the person who asks."""
    everyone = [
        ("/", _("Hôm nay")),
        ("/programmes", _("Chương trình")),
        ("/schedule", _("Lịch phát")),
        ("/library", _("Thư viện")),
        ("/stations", _("Đài và thiết bị")),
        ("/logbook", _("Nhật ký phát")),
    ]
    alarm = [("/desk", _("Khẩn cấp"))] if allowed("alert.fire") else []
    outside = [("/warnings", _("Cảnh báo ngoài"))] if allowed("cap.view") else []
    words = [("/pronunciations", _("Từ điển phát âm"))]
    who_calls = [("/areas", _("Địa bàn"))]
    administrators = [
        ("/people", _("Tài khoản")),
        ("/audit", _("Nhật ký hệ thống")),
    ]
    chosen = alarm + outside + everyone + (words if allowed("pronunciation.edit") else [])
    chosen += who_calls if allowed("area.contact") else []
    return chosen + (administrators if allowed("person.view") else [])


def allowed(action: str) -> bool:
    """Return whether the person who asks may do this somewhere; decides only what is offered."""
    return bool(paths_for(g.actor, action))
