"""What may happen to a version of a programme: one small table.

draft > submitted > approved or returned; approving one supersedes the one before; a version on its
way or on air can be withdrawn.
"""

from controller.errors import Conflict
from controller.programmes.models import VersionState

DRAFT, SUBMITTED, APPROVED = VersionState.DRAFT, VersionState.SUBMITTED, VersionState.APPROVED
RETURNED, SUPERSEDED = VersionState.RETURNED, VersionState.SUPERSEDED
WITHDRAWN = VersionState.WITHDRAWN

MOVES = {
    "submit": ({DRAFT}, SUBMITTED),
    "approve": ({SUBMITTED}, APPROVED),
    "return": ({SUBMITTED}, RETURNED),
    "supersede": ({DRAFT, SUBMITTED, APPROVED, RETURNED}, SUPERSEDED),
    "withdraw": ({DRAFT, SUBMITTED, APPROVED}, WITHDRAWN),
}

_VERBS = {
    "submit": ("trình duyệt", "submitted"),
    "approve": ("duyệt", "approved"),
    "return": ("trả lại", "returned"),
    "supersede": ("thay thế", "superseded"),
    "withdraw": ("rút lại", "withdrawn"),
}
_NAMES = {
    DRAFT: ("bản nháp", "a draft"),
    SUBMITTED: ("đang chờ duyệt", "waiting for approval"),
    APPROVED: ("đã được duyệt", "approved"),
    RETURNED: ("đã bị trả lại, hãy soạn phiên bản mới", "returned, so make a new version"),
    SUPERSEDED: ("đã có phiên bản mới thay thế", "superseded by a newer one"),
    WITHDRAWN: ("đã rút lại", "withdrawn"),
}


def moved(state: str, move: str) -> VersionState:
    """Return the state after a move, or raise Conflict saying why it is not possible."""
    allowed, after = MOVES[move]
    now = VersionState(state)
    if now not in allowed:
        verb, name = _VERBS[move], _NAMES[now]
        raise Conflict(
            why_vi=f"Không thể {verb[0]} phiên bản này: nó {name[0]}",
            why_en=f"This version cannot be {verb[1]}: it is {name[1]}",
        )
    return after
