"""Use cases of the library: add a sound or a spoken text, list, look up, archive.

Decoding takes seconds and a write lock on SQLite stops everyone else, so both ways to add do their
work before the first statement of the session. Call `check_new_item` first, in a reading session,
to refuse early what would be refused in the end. The caller commits.
"""

import tempfile
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.db import upsert
from controller.errors import Invalid, Missing
from controller.library.ingest import IngestedAsset, ingest
from controller.library.models import Asset, LibraryItem
from controller.library.reading import Reading
from controller.library.sentences import LONGEST_SENTENCE
from controller.library.speech import Manner, Reader, Tell, as_it_is
from controller.library.store import AssetStore
from controller.listing import Listing, above, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from controller.pronunciation.bulletin import kept
from controller.speech import Entry

LONGEST_TITLE = 300
LONGEST_TEXT = 50_000
AS_SHIPPED = Reading()
SPOKEN_AT = 0.4
"""How far the work on a text is when all of it is spoken; levelling and encoding is the rest.

Measured: 30 minutes of espeak-ng took 38 s to speak and 93 s to level and encode on two busy cores.
"""


class Kind(StrEnum):
    """What an item of the library is for."""

    BULLETIN = "bulletin"
    MUSIC = "music"
    CHIME = "chime"
    JINGLE = "jingle"
    SPOT = "spot"


class ItemMissing(Missing):
    """No such item that this person can see; fact `id`."""

    vi = "Thư viện không có mục {id}"
    en = "There is no item {id} in the library"


def check_new_item(session: Session, actor: Actor, area_id: str, title: str, kind: str) -> Area:
    """Return the area, or raise Missing, NotAllowed, or Invalid for title or kind."""
    area = find_area(session, area_id)
    require(actor, "library.edit", area)
    if kind not in set(Kind):
        known = ", ".join(Kind)
        raise Invalid(field="kind", why_vi=f"chọn một trong {known}", why_en=f"one of {known}")
    if not 1 <= len(title.strip()) <= LONGEST_TITLE:
        raise Invalid(field="title", why_vi="cần 1 đến 300 chữ", why_en="needs 1 to 300 letters")
    return area


def add_upload(
    session: Session,
    store: AssetStore,
    source: Path,
    *,
    actor: Actor,
    area_id: str,
    title: str,
    kind: str,
    original_name: str,
    now: datetime,
    target_lufs: float = -16.0,
    on_progress: Callable[[float], None] | None = None,
) -> LibraryItem:
    """Check, level and keep a sound from outside as an item of an area.

    Raises what `check_new_item` and `ingest` raise.
    """
    asset = ingest(
        source,
        store,
        target_lufs=target_lufs,
        original_name=original_name,
        on_progress=on_progress,
    )
    item = _item(actor, area_id, title, kind, asset, now)
    return _add(session, actor, item, asset, now)


def speak_bulletin(
    session: Session,
    store: AssetStore,
    reader: Reader,
    *,
    actor: Actor,
    area_id: str,
    title: str,
    text: str,
    now: datetime,
    reading: Reading = AS_SHIPPED,
    target_lufs: float = -16.0,
    on_progress: Callable[[float], None] | None = None,
    own: tuple[Entry, ...] = (),
    tell: Tell | None = None,
) -> LibraryItem:
    """Speak a text and keep it as a bulletin that remembers its text and voice.

    `reading` is that of its area, looked up before the transaction of this session began; `own`
    are the entries of this text alone, the nearest of all. `tell` hears how the text was read.
    `on_progress` hears 0..1, `SPOKEN_AT` when the last sentence is spoken.
    Raises what `check_new_item`, `Reader.read` and `ingest` raise, Invalid for over 50,000 letters.
    """
    if len(text) > LONGEST_TEXT:
        raise Invalid(field="text", why_vi="dài quá 50.000 chữ", why_en="over 50,000 letters")
    report, in_words = on_progress or _nobody, reading.nearer(own).telling(tell)
    wav = reader.read(text, reading.manner, lambda part: report(SPOKEN_AT * part), in_words)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(wav)
        file.flush()
        asset = ingest(
            Path(file.name),
            store,
            target_lufs=target_lufs,
            on_progress=lambda part: report(SPOKEN_AT + (1 - SPOKEN_AT) * part),
        )
    item = _item(actor, area_id, title, Kind.BULLETIN, asset, now)
    item.text, item.voice, item.original_name = text, reading.manner.voice, ""
    item.pronunciations = kept(own)
    return _add(session, actor, item, asset, now)


def speak_sentence(reader: Reader, spoken: str, manner: Manner) -> bytes:
    """Return one sentence of a preview, which is in words already, as a WAV; keep nothing.

    Raises Invalid for more than a sentence, and what `Reader.read` raises.
    """
    if len(spoken) > LONGEST_SENTENCE:
        most = LONGEST_SENTENCE
        raise Invalid(field="said", why_vi=f"dài quá {most} chữ", why_en=f"over {most} letters")
    return reader.read(spoken, manner, normalise=as_it_is)


def archive_item(session: Session, *, actor: Actor, item_id: int, now: datetime) -> LibraryItem:
    """Offer an item no longer; programmes that have it keep playing it. Twice is once."""
    item, area = _visible(session, actor, item_id)
    require(actor, "library.edit", area)
    if item.archived_at is None:
        item.archived_at = now
        _audit(session, now, actor, "library.archive", item)
    return item


def item_of(session: Session, actor: Actor, item_id: int) -> LibraryItem:
    """Return an item of the actor's own areas or of one above them, or raise ItemMissing."""
    return _visible(session, actor, item_id)[0]


def items(
    session: Session,
    actor: Actor,
    *,
    area_id: str | None = None,
    kind: str | None = None,
    search: str = "",
    archived: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Listing[LibraryItem]:
    """Return what the actor can see, newest first; with `area_id` what that area can use."""
    rows = select(LibraryItem).join(Area, Area.id == LibraryItem.area_id)
    rows = rows.where(_in_sight(actor), LibraryItem.archived_at.is_not(None) == archived)
    if area_id is not None:
        rows = rows.where(above(Area.path, [find_area(session, area_id).path]))
    if kind is not None:
        rows = rows.where(LibraryItem.kind == kind)
    if search:
        rows = rows.where(LibraryItem.title.icontains(search, autoescape=True))
    newest = rows.order_by(LibraryItem.created_at.desc(), LibraryItem.id.desc())
    return listing(session, newest, limit, offset)


def usable_asset(session: Session, sha256: str, area: Area) -> Asset | None:
    """Return the asset if an item of the area, or of one above it, offers it (archived or not)."""
    return session.scalar(
        select(Asset)
        .join(LibraryItem, LibraryItem.sha256 == Asset.sha256)
        .where(Asset.sha256 == sha256, LibraryItem.area_id.in_(area.chain))
        .limit(1)
    )


def keep_asset(session: Session, asset: IngestedAsset, now: datetime) -> None:
    """Note a sound that is in the store, without an item that offers it."""
    upsert(session, Asset, [_asset_row(asset, now)])


def _nobody(_progress: float) -> None:
    """Hear of progress where nobody wants to."""


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    tops = paths_for(actor, "view")
    return or_(below(Area.path, tops), above(Area.path, tops))


def _visible(session: Session, actor: Actor, item_id: int) -> tuple[LibraryItem, Area]:
    found = session.execute(
        select(LibraryItem, Area)
        .join(Area, Area.id == LibraryItem.area_id)
        .where(LibraryItem.id == item_id, _in_sight(actor))
    ).first()
    if found is None:
        raise ItemMissing(id=item_id)
    return found[0], found[1]


def _item(
    actor: Actor, area_id: str, title: str, kind: str, asset: IngestedAsset, now: datetime
) -> LibraryItem:
    return LibraryItem(
        area_id=area_id,
        sha256=asset.sha256,
        kind=kind,
        title=title.strip(),
        original_name=asset.original_name[-300:],
        created_by=actor.login,
        created_at=now,
    )


def _add(
    session: Session, actor: Actor, item: LibraryItem, asset: IngestedAsset, now: datetime
) -> LibraryItem:
    check_new_item(session, actor, item.area_id, item.title, item.kind)
    keep_asset(session, asset, now)
    session.add(item)
    session.flush()
    _audit(session, now, actor, "library.add", item)
    return item


def _asset_row(asset: IngestedAsset, now: datetime) -> dict[str, object]:
    return {
        "sha256": asset.sha256,
        "bytes": asset.bytes,
        "duration_ms": asset.duration_ms,
        "codec": asset.codec,
        "input_lufs": asset.input_lufs,
        "output_lufs": asset.output_lufs,
        "true_peak_dbtp": asset.true_peak_dbtp,
        "peaks": list(asset.peaks),
        "created_at": now,
    }


def _audit(session: Session, now: datetime, actor: Actor, action: str, item: LibraryItem) -> None:
    facts = {"title": item.title, "kind": item.kind, "sha256": item.sha256}
    audit.record(session, now, actor.login, action, "library_item", item.id, item.area_id, facts)
