"""`truyenthanh cap`: what we make of warnings from outside, at the terminal."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from controller.cap.hazards import Tables
from controller.cap.judging import Outcome, Policy, Verdict, judge
from controller.cap.matching import Index, target_of
from controller.cap.meaning import understand
from controller.cap.places import area_spots, cluster_spots, gazetteer
from controller.cap.reading import read
from controller.cap.reasons import CapRefused, because
from controller.cap.source_commands import certificate, source
from controller.cap.vocabulary import Vocabulary, read_vocabulary
from controller.cap.xml import MAX_BYTES
from controller.config import load_config
from controller.errors import Invalid
from controller.terminal import say, transaction, utc_now


@click.group()
def cap() -> None:
    """Cảnh báo từ bên ngoài (CAP) / Warnings from outside (CAP)."""


cap.add_command(source)
cap.add_command(certificate)


@cap.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--trust",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Chứng thư PEM được tin cậy, nhiều lần / A pinned PEM certificate, repeatable.",
)
@click.option("--at", "at", default=None, help="Thời điểm kiểm tra / Instant of judging, ISO 8601.")
@click.option(
    "--source",
    type=click.Choice(["open", "signed"]),
    default=None,
    help="open: may be unsigned (default without --trust); signed: must be (default with it).",
)
def check(
    files: tuple[Path, ...], trust: tuple[Path, ...], at: str | None, source: str | None
) -> None:
    """In phán quyết, mỗi tệp một dòng JSON / Print a verdict for each file, one JSON line each."""
    pinned = tuple(one for file in trust for one in _certificates(file))
    is_open = source == "open" if source else not trust
    now = _instant(at) if at else utc_now()
    tables = _words().tables
    for file in files:
        line = as_line(file, _judged(file, Policy(pinned, is_open=is_open), now, tables))
        click.echo(json.dumps(line, ensure_ascii=False))


@cap.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def match(context: click.Context, file: Path) -> None:
    """Liệt kê địa bàn và cụm loa sẽ phát, kèm lý do / List what would sound, and why; JSON lines.

    Whether the message is genuine or in force is not asked here: that is `check`. What of it means
    nothing to us is said on stderr. An area is listed when it is named, stands below one that is,
    or has its middle in a shape.
    """
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    try:
        message, _ = understand(read(content))
    except CapRefused as refused:
        say(refused.reason.vi, refused.reason.en)
        context.exit(1)
    now, schemes = utc_now(), _words().schemes
    with transaction() as session:
        resolved = target_of(message, gazetteer(session, now.date()), schemes)
        spots = {"area": area_spots(session), "cluster": cluster_spots(session)}
    for note in resolved.notes:
        say(note.vi, note.en)
    for kind, some in spots.items():
        for one in Index(some).matches(resolved.target):
            line = {kind: one.spot.id, "why": one.why.value, "by": one.by}
            named = resolved.named.get(one.by)
            click.echo(json.dumps(line | ({"geocode": "=".join(named)} if named else {})))


def as_line(file: Path, verdict: Verdict) -> dict[str, Any]:
    """Return what is printed of a verdict; what could not be read is null."""
    heading, message = verdict.heading, verdict.message
    return {
        "file": str(file),
        "verdict": verdict.outcome.value,
        "reason": verdict.reason.code,
        "reason_vi": verdict.reason.vi,
        "reason_en": verdict.reason.en,
        "identifier": heading.identifier if heading else None,
        "sender": message.sender if message else None,
        "sent": message.sent.isoformat() if message else None,
        "status": heading.status if heading else None,
        "msg_type": heading.msg_type if heading else None,
        "signature": verdict.signature.value,
        "signer": verdict.signer or None,
        "hazard": verdict.hazard.value if verdict.hazard else None,
        "level": verdict.level,
        "notes": [note.en for note in verdict.notes],
    }


def _words() -> Vocabulary:
    return read_vocabulary(load_config().cap_tables)


def _judged(file: Path, policy: Policy, now: datetime, tables: Tables) -> Verdict:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        return Verdict(Outcome.REFUSED, because("unreadable", detail=error.strerror))
    return judge(content, policy, now, tables)


def _certificates(file: Path) -> list[x509.Certificate]:
    content = file.read_bytes()
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        raise Invalid(
            field="--trust",
            why_vi=f"{file} không phải chứng thư PEM",
            why_en=f"{file} is no PEM certificate",
        ) from None


def _instant(text: str) -> datetime:
    """Return an instant; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            field="--at", why_vi=f"không hiểu {text}", why_en=f"cannot read {text}"
        ) from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
