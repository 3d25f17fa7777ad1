"""`truyenthanh cap source`: the sources of warnings, at the terminal of the server.

Who types here acts with every right, but approves nothing: that takes a person with an account.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from controller.cap.approving import approved_level
from controller.cap.certificates import issue_certificate
from controller.cap.finding import source_of, sources
from controller.cap.models import CapSource, SourceKind
from controller.cap.registering import (
    SourceDraft,
    change_source,
    draft_of,
    register_source,
    retire_source,
)
from controller.config import load_config
from controller.errors import Conflict
from controller.keys import Keyring
from controller.keys.files import write_private
from controller.listing import LARGEST_LIMIT
from controller.people.rights import Actor, machine_owner
from controller.terminal import say, transaction, typist, utc_now
from wire import topics

_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)
OPTIONS = (
    click.option("--name", help="Tên cho người đọc / A name for people."),
    click.option("--trust", multiple=True, type=_PEM, help="Chứng thư PEM / Pinned PEM; repeat."),
    click.option(
        "--open/--signed", "is_open", default=None, help="Được không ký / May come unsigned."
    ),
    click.option(
        "--poll", "poll_s", type=int, help="Giây giữa hai lần hỏi / Seconds between asks."
    ),
    click.option("--host", "hosts", multiple=True, help="Máy khác được hỏi / Also asked; repeat."),
    click.option(
        "--stops-at-once/--stops-by-officer",
        "stops_at_once",
        default=None,
        help="Hủy có chữ ký thì dừng ngay / A signed cancel of its own stops at once.",
    ),
    click.option(
        "--releases-upto",
        type=click.IntRange(0, 5),
        help="Xin tự phát tới cấp này, 0: không / Asks to release up to this level, 0: never.",
    ),
)


@click.group()
def source() -> None:
    """Nguồn cảnh báo / Sources of warnings."""


def _options(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@source.command()
@click.argument("source_id", metavar="SOURCE")
@click.argument("area")
@click.argument("kind", type=click.Choice([kind.value for kind in SourceKind]))
@click.argument("place", default="")
@_options
def add(source_id: str, area: str, kind: str, place: str, **options: Any) -> None:
    """Thêm nguồn cho một địa bàn; không có --trust là nguồn mở / Add one; open without --trust."""
    given = _given(options)
    given.setdefault("is_open", not given.get("pinned"))
    draft = SourceDraft(kind=SourceKind(kind), place=place, **given)
    with transaction() as session:
        made = register_source(
            session,
            actor=_me(),
            source_id=source_id,
            area_id=area,
            draft=draft,
            now=utc_now(),
        )
        _tell_what_is_missing(made)


@source.command()
@click.argument("source_id", metavar="SOURCE")
@click.option("--place", help="Nơi lấy tin mới / A new folder, file or address.")
@click.option("--on/--off", "is_on", default=None, help="Dùng hay tạm ngừng / In use or paused.")
@_options
def change(source_id: str, **options: Any) -> None:
    """Sửa nguồn: chỉ những gì nêu ra / Change what is given, leave the rest."""
    with transaction() as session:
        found = source_of(session, _me(), source_id)
        draft = replace(draft_of(found), **_given(options))
        made = change_source(session, actor=_me(), source_id=source_id, draft=draft, now=utc_now())
        _tell_what_is_missing(made)


@source.command("list")
@click.option("--all", "with_retired", is_flag=True, help="Cả nguồn đã ngừng / Retired ones too.")
def list_sources(with_retired: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Liệt kê nguồn, mỗi nguồn một dòng JSON / List them, one JSON line each."""
    with transaction() as session:
        found = sources(session, _me(), with_retired=with_retired, limit=LARGEST_LIMIT)
        for one in found.rows:
            click.echo(json.dumps(_as_line(one), ensure_ascii=False))


@source.command()
@click.argument("source_id", metavar="SOURCE")
def retire(source_id: str) -> None:
    """Ngừng hẳn một nguồn và chứng thư của nó / Retire a source and its certificate for ever."""
    with transaction() as session:
        retire_source(session, actor=_me(), source_id=source_id, now=utc_now())
    say(f"Nguồn {source_id} đã ngừng", f"The source {source_id} is retired")


@click.command()
@click.argument("source_id", metavar="SOURCE")
@click.option(
    "--output",
    "-o",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Thư mục nhận khóa và chứng thư / Where the key and the certificate go.",
)
def certificate(source_id: str, folder: Path) -> None:
    """Cấp chứng thư MQTT cho nguồn / A client certificate with which a source publishes."""
    config = load_config()
    keyring = Keyring.open(config.data_dir / "keys")
    files = [folder / f"cap-{source_id}{ending}" for ending in (".key", ".pem", "-ca.pem")]
    if there := next((file for file in files if file.exists()), None):
        raise Conflict(why_vi=f"Đã có tệp {there}", why_en=f"There is a file {there} already")
    with transaction(config) as session:
        issued = issue_certificate(
            session, keyring, actor=_me(), source_id=source_id, now=utc_now()
        )
        contents = (issued.key, issued.certificate, keyring.authority_file.read_bytes())
        for file, content in zip(files, contents, strict=True):
            write_private(file, content)
    for file in files:
        click.echo(file)
    say(
        f"Gửi vào chủ đề {topics.warnings_from(source_id)}; hết hạn {issued.until:%d/%m/%Y}",
        f"Publish to {topics.warnings_from(source_id)}; good until {issued.until:%Y-%m-%d}",
    )


def _me() -> Actor:
    return machine_owner(typist())


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was said; an empty list of hosts or certificates is nothing said."""
    said = {name: value for name, value in options.items() if value not in (None, ())}
    if trust := said.pop("trust", None):
        said["pinned"] = "\n".join(
            file.read_text(encoding="ascii", errors="replace") for file in trust
        )
    return said


def _tell_what_is_missing(source: CapSource) -> None:
    if source.releases_upto and not source.releases_approved_by:
        say(
            f"Chưa tự phát: cần người có quyền duyệt phát ở {source.area_id} duyệt nguồn này",
            f"It releases nothing yet: somebody who may in {source.area_id} must approve it",
        )


def _as_line(source: CapSource) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "area": source.area_id,
        "kind": source.kind,
        "place": source.place,
        "poll_s": source.poll_s,
        "hosts": source.hosts,
        "source": "open" if source.is_open else "signed",
        "stops_at_once": source.stops_at_once,
        "releases_upto": source.releases_upto,
        "releases_now": approved_level(source),
        "is_on": source.is_on,
        "retired": source.retired_at.isoformat() if source.retired_at else None,
        "asked": source.asked_at.isoformat() if source.asked_at else None,
        "failures": source.failures,
        "trouble": source.trouble_en,
    }
