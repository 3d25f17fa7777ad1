"""Who may do what where: the one table of actions, and the person as an actor.

A role counts in its area and everything below it; what is not listed is refused (R47).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import Forbidden
from controller.people.models import Grant, Person, Role

OPERATOR, APPROVER, AUTHORITY = Role.OPERATOR, Role.APPROVER, Role.AUTHORITY
TECHNICIAN, ADMINISTRATOR = Role.TECHNICIAN, Role.ADMINISTRATOR
EVERYONE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be allowed: its name in both languages, and the roles that may."""

    vi: str
    en: str
    roles: frozenset[Role]


def _by(vi: str, en: str, *roles: Role) -> Action:
    return Action(vi, en, frozenset(roles))


ACTIONS = {
    "view": Action("xem", "view", EVERYONE),
    "area.edit": _by("sửa địa bàn", "edit areas", ADMINISTRATOR),
    "area.policy": _by("sửa quy định phát", "edit the broadcast policy", ADMINISTRATOR),
    "area.contact": _by("sửa liên hệ của địa bàn", "edit whom to call", OPERATOR, ADMINISTRATOR),
    "person.view": _by("xem tài khoản", "view accounts", ADMINISTRATOR),
    "person.edit": _by("quản lý tài khoản", "manage accounts", ADMINISTRATOR),
    "audit.view": _by("xem nhật ký hệ thống", "view the audit log", ADMINISTRATOR),
    "station.edit": _by("sửa đài, thiết bị", "edit stations", TECHNICIAN, ADMINISTRATOR),
    "device.claim": _by("cấp mã nhận thiết bị", "issue claim codes", TECHNICIAN, ADMINISTRATOR),
    "device.revoke": _by("thu hồi thiết bị", "revoke devices", TECHNICIAN, ADMINISTRATOR),
    "device.command": _by(
        "ra lệnh cho thiết bị", "command devices", OPERATOR, TECHNICIAN, ADMINISTRATOR
    ),
    "incident.close": _by("đóng sự cố", "settle incidents", OPERATOR, TECHNICIAN, ADMINISTRATOR),
    "library.edit": _by("sửa thư viện", "edit the library", OPERATOR, APPROVER, AUTHORITY),
    "pronunciation.edit": _by(
        "sửa từ điển cách đọc", "edit the reading dictionary", OPERATOR, APPROVER, AUTHORITY
    ),
    "programme.edit": _by("soạn chương trình", "write programmes", OPERATOR, APPROVER, AUTHORITY),
    "programme.approve": _by("duyệt chương trình", "approve programmes", APPROVER, AUTHORITY),
    "schedule.edit": _by("sửa lịch phát", "edit schedules", OPERATOR, APPROVER, AUTHORITY),
    "plan.publish": _by("gửi kế hoạch phát", "publish plans", OPERATOR, APPROVER, AUTHORITY),
    "alert.draft": _by(
        "soạn tin khẩn cấp", "draft emergency alerts", OPERATOR, APPROVER, AUTHORITY
    ),
    "alert.release": _by("duyệt phát khẩn cấp", "release emergency alerts", APPROVER, AUTHORITY),
    "alert.fire": _by(
        "phát mẫu khẩn cấp đã duyệt trước",
        "fire pre-authorised alerts",
        OPERATOR,
        APPROVER,
        AUTHORITY,
    ),
    "alert.cancel": _by(
        "hủy phát khẩn cấp", "cancel emergency alerts", OPERATOR, APPROVER, AUTHORITY
    ),
    "alert.template": _by(
        "soạn mẫu khẩn cấp", "write alert templates", OPERATOR, APPROVER, AUTHORITY
    ),
    "alert.approve_template": _by(
        "duyệt mẫu khẩn cấp", "approve alert templates", APPROVER, AUTHORITY
    ),
    "alert.rules": _by("sửa quy tắc phát khẩn cấp", "edit the release rules", ADMINISTRATOR),
    "cap.view": _by(
        "xem cảnh báo từ bên ngoài",
        "see warnings from outside",
        OPERATOR,
        APPROVER,
        AUTHORITY,
        ADMINISTRATOR,
    ),
    "cap.sources": _by("quản lý nguồn cảnh báo", "manage sources of warnings", ADMINISTRATOR),
    "drill.plan": _by("lên lịch diễn tập", "plan drills", OPERATOR, APPROVER, AUTHORITY),
}


class NotAllowed(Forbidden):
    """The person has no role that may do this there; facts `action_vi`, `action_en`, `area`."""

    vi = "Bạn không có quyền {action_vi} tại {area}"
    en = "You may not {action_en} in {area}"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: `grants` are (role, path of the area); valid for one request only."""

    login: str
    person_id: int | None
    grants: tuple[tuple[Role, str], ...]
    full_name: str = ""
    language: str = "vi"
    must_change_password: bool = False

    def paths(self, roles: Iterable[Role] = EVERYONE) -> tuple[str, ...]:
        """Return the paths of the areas where the actor has one of the roles."""
        wanted = frozenset(roles)
        return tuple(sorted({path for role, path in self.grants if role in wanted}))


def may(actor: Actor, roles: Iterable[Role], area_path: str) -> bool:
    """Return whether the actor has one of the roles in the area of this path, or above it."""
    return any(area_path.startswith(path) for path in actor.paths(roles))


def allows(actor: Actor, action: str, area: Area) -> bool:
    """Return whether the actor may do this in the area."""
    return may(actor, ACTIONS[action].roles, area.path)


def require(actor: Actor, action: str, area: Area) -> None:
    """Raise `NotAllowed` unless the actor may do this in the area."""
    if not allows(actor, action, area):
        named = ACTIONS[action]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area=area.name)


def paths_for(actor: Actor, action: str) -> tuple[str, ...]:
    """Return the paths below which the actor may do this; for filtering lists."""
    return actor.paths(ACTIONS[action].roles)


def actor_of(session: Session, person: Person) -> Actor:
    """Return a person as an actor, with the paths of the areas as they are now."""
    rows = session.execute(
        select(Grant.role, Area.path)
        .join(Area, Area.id == Grant.area_id)
        .where(Grant.person_id == person.id)
        .order_by(Grant.id)
    )
    return Actor(
        login=person.login,
        person_id=person.id,
        grants=tuple((Role(role), path) for role, path in rows),
        full_name=person.full_name,
        language=person.language,
        must_change_password=person.must_change_password,
    )


def machine_owner(login: str) -> Actor:
    """Return the person at the server's own terminal, or the system itself: every right."""
    return Actor(login, None, tuple((role, "/") for role in Role))
