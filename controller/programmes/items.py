"""The items of a programme as people write them, checked and completed for the wire.

An asset must be in the library of the programme's area or of one above it; a relay needs a plain
http or https address and a fallback. Durations of assets come from the library, never from outside.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import ControllerError, Invalid
from controller.library.models import Asset
from controller.library.service import usable_asset
from wire.plan import AssetItem, Item, RelayItem

MOST_ITEMS = 100
LONGEST_MS = 86_400_000
_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


class SoundMissing(ControllerError):
    """A sound that the library of this area does not have; facts `sha256`, `area`, `number`."""

    code = "sound_missing"
    status = 422
    vi = "Mục {number}: thư viện của {area} không có âm thanh {sha256}"
    en = "Item {number}: the library of {area} has no sound {sha256}"


def checked_items(
    session: Session, area: Area, wanted: Sequence[Mapping[str, Any]]
) -> tuple[Item, ...]:
    """Return 1 to 100 items ready for a plan, or raise Invalid or SoundMissing.

    Each is a mapping as of a `wire.plan` item; `duration_ms` and `fallback_duration_ms` may be
    absent and are looked up. Together they last at most a day.
    """
    if not 1 <= len(wanted) <= MOST_ITEMS:
        raise Invalid(field="items", why_vi="cần 1 đến 100 mục", why_en="needs 1 to 100 items")
    items = tuple(
        _completed(session, area, number, one) for number, one in enumerate(wanted, start=1)
    )
    if not 0 < total_ms(items) <= LONGEST_MS:
        why_vi, why_en = "tổng thời lượng phải hơn 0 và không quá 24 giờ", "must last 0 to 24 hours"
        raise Invalid(field="items", why_vi=why_vi, why_en=why_en)
    return items


def total_ms(items: Sequence[Item]) -> int:
    """Return how long the items last together, in milliseconds."""
    return sum(i.duration_ms if isinstance(i, AssetItem) else i.for_ms for i in items)


def _completed(session: Session, area: Area, number: int, wanted: Mapping[str, Any]) -> Item:
    values = dict(wanted)
    if values.get("kind", "asset") == "asset":
        asset = _asset(session, area, number, values.get("sha256"))
        values = {**values, "kind": "asset", "duration_ms": asset.duration_ms}
    elif values.get("kind") == "relay":
        asset = _asset(session, area, number, values.get("fallback"))
        values["fallback_duration_ms"] = asset.duration_ms
    item = _parsed(number, values)
    if isinstance(item, RelayItem):
        _check_address(number, item.url)
    return item


def _asset(session: Session, area: Area, number: int, sha256: object) -> Asset:
    asset = usable_asset(session, sha256, area) if isinstance(sha256, str) else None
    if asset is None:
        raise SoundMissing(number=number, area=area.name, sha256=str(sha256)[:64])
    return asset


def _parsed(number: int, values: Mapping[str, Any]) -> Item:
    try:
        return _ITEM.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "kind"
        raise Invalid(
            field=f"items.{number}.{where}", why_vi="không đúng dạng", why_en=first["msg"]
        ) from error


def _check_address(number: int, url: str) -> None:
    """Refuse what a device could not open: no host, a password, invisible letters."""
    try:
        parts = urlsplit(url)
        is_plain = bool(parts.hostname) and parts.port != 0 and url.isascii() and url.isprintable()
    except ValueError:
        is_plain = False
    if not is_plain or " " in url or "\\" in url:
        raise _bad_address(number, "không phải địa chỉ http hoặc https", "no http or https address")
    if parts.username is not None or parts.password is not None:
        raise _bad_address(number, "không được chứa mật khẩu", "must not hold a password")


def _bad_address(number: int, why_vi: str, why_en: str) -> Invalid:
    return Invalid(field=f"items.{number}.url", why_vi=why_vi, why_en=why_en)
