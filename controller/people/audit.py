"""The audit chain: who changed what and when; each entry's hash covers the one before it (R46).

An entry is written in the transaction of the change it tells of, so that there is never one
without the other. Devices keep the head (`sync.audit_head`), which shows a truncation.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from controller.people.models import AuditEntry

_ENTRIES = AuditEntry.__table__
_BATCH = 2000
_LOCK = 0x7474_6175  # "ttau": the advisory lock under which PostgreSQL appends
_COVERED = ("number", "who", "action", "object_type", "object_id", "area_id", "facts")


def record(
    session: Session,
    now: datetime,
    who: str,
    action: str,
    object_type: str,
    object_id: str | int,
    area_id: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry in the caller's transaction; others wait until it ends.

    `facts` hold what JSON can, and instants or dates; never a password or a secret.
    """
    _take_turn(session)
    last = session.execute(
        select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    values: dict[str, Any] = {
        "number": number,
        "at": now.astimezone(UTC),
        "who": who,
        "action": action,
        "object_type": object_type,
        "object_id": str(object_id),
        "area_id": area_id,
        "facts": json.loads(_canonical(dict(facts or {}))),
        "previous_hash": previous,
    }
    session.execute(insert(AuditEntry).values(**values, hash=_hash(values)))


def head(session: Session) -> str:
    """Return the hash of the newest entry, "" when there is none."""
    newest = select(AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    return session.scalar(newest) or ""


def verify(session: Session, expected_head: str = "") -> int | None:
    """Return the number of the first broken entry, None when the chain is whole.

    `expected_head` is a hash kept elsewhere (a device, paper): when it is nowhere in the chain,
    entries were cut off, and the number after the last one is returned. Reads in batches.
    """
    previous, number, is_expected_seen = "", 0, not expected_head
    entries = select(_ENTRIES).order_by(_ENTRIES.c.number)
    with session.execute(entries, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows.mappings():
            number += 1
            is_linked = row["number"] == number and row["previous_hash"] == previous
            if not is_linked or row["hash"] != _hash(dict(row)):
                return number
            previous = row["hash"]
            is_expected_seen = is_expected_seen or previous == expected_head
    return None if is_expected_seen else number + 1


def _take_turn(session: Session) -> None:
    """Serialise appends: SQLite has locked at BEGIN, PostgreSQL needs to be asked."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _hash(entry: Mapping[str, Any]) -> str:
    covered = {name: entry[name] for name in _COVERED}
    covered |= {"at": entry["at"], "previous": entry["previous_hash"]}
    return hashlib.sha256(_canonical(covered).encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in an audit entry")
