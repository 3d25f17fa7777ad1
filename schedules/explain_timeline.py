"""Says in Vietnamese and English why something won, lost or conflicts; decides nothing."""

from collections.abc import Mapping

from schedules.explain import Sentence, capital
from schedules.slots import Conflict, Loss, LossKind, Reason

_PARTS = {
    "alone": ("không có gì khác cùng giờ", "nothing else at that time"),
    "rung": ("bậc ưu tiên cao hơn", "a higher rung"),
    "level": ("cấp độ rủi ro cao hơn", "a higher risk level"),
    "class": ("mức ưu tiên cao hơn", "a higher class"),
    "origin": ("nguồn tin cấp cao hơn", "a higher origin"),
    "start": ("bắt đầu sớm hơn", "an earlier start"),
    "id": ("cùng hạng, mã nhỏ hơn", "equal rank, lower id"),
}
_LOSSES = {
    LossKind.OUTRANKED: ("nhường cho mục khác", "gives way to another item"),
    LossKind.NOT_RESUMED: ("bị ngắt và không phát tiếp", "was interrupted and does not resume"),
    LossKind.VALIDITY: ("ngoài thời gian hiệu lực", "is outside its validity"),
    LossKind.HARD_STOP: ("trong giờ ngừng phát của địa bàn", "is in the area's hard-stop hours"),
    LossKind.PERMITTED_HOURS: ("ngoài giờ được phép phát", "is outside the permitted hours"),
    LossKind.LONGEST_FOR: ("quá thời lượng cho phép", "is longer than permitted"),
}

Titles = Mapping[str, str]
_NO_TITLES: Titles = {}


def explain_reason(reason: Reason, titles: Titles = _NO_TITLES) -> Sentence:
    """Return why a slot won, and over whom; `titles` are what people call a candidate's id."""
    vi, en = _PARTS[reason.decided_by]
    if not reason.over:
        return Sentence(capital(vi), capital(en))
    over = ", ".join(titles.get(loser, loser) for loser in reason.over)
    return Sentence(f"{capital(vi)}, so với {over}", f"{capital(en)}, over {over}")


def explain_loss(loss: Loss, titles: Titles = _NO_TITLES) -> Sentence:
    """Return why a candidate does not sound, and who does instead."""
    vi, en = _LOSSES[loss.kind]
    loser = titles.get(loss.candidate.id, loss.candidate.id)
    if loss.to is None or loss.decided_by is None:
        return Sentence(f"{loser} {vi}", f"{loser} {en}")
    winner = titles.get(loss.to.id, loss.to.id)
    why = _PARTS[loss.decided_by]
    return Sentence(f"{loser} {vi}: {winner} ({why[0]})", f"{loser} {en}: {winner} ({why[1]})")


def explain_conflict(conflict: Conflict, titles: Titles = _NO_TITLES) -> Sentence:
    """Return the decision the commune has to take, and what happens until then."""
    default, other = (titles.get(c.id, c.id) for c in (conflict.default, conflict.other))
    return Sentence(
        f"Chờ xã quyết định thứ tự: {default} và {other}; nếu không, {default} phát trước",
        f"The commune is to decide the order of {default} and {other}; by default {default} plays",
    )
