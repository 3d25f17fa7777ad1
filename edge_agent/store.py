"""What must survive a power cut, in one SQLite file (WAL, FULL). Owned by the conductor's thread.

A disk that is full or read-only raises StorageFailed; what was held before can still be read.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.errors import StorageFailed
from wire.signing import digest
from wire.up import Receipt

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS held (kind TEXT PRIMARY KEY, rev INTEGER NOT NULL, token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS receipts (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS finals (slot TEXT PRIMARY KEY, ends_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS executed (jti TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS alerts (
    area TEXT, id TEXT, rev INTEGER NOT NULL, token TEXT NOT NULL, PRIMARY KEY (area, id)
);
CREATE TABLE IF NOT EXISTS refused (digest TEXT PRIMARY KEY);
"""
REFUSED_KEPT = 1000
FINALS_KEPT_FOR = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Held:
    """The newest message of a kind that was accepted."""

    rev: int
    token: str

    @property
    def digest(self) -> str:
        """The identity of exactly these bytes."""
        return digest(self.token)


class Store:
    """One device's memory in `folder`/agent.db."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "agent.db"
        self._db: sqlite3.Connection | None = None
        self._is_copy = False

    def start(self) -> None:
        """Open or make the file; StorageFailed when that is impossible. May be called twice."""
        if self._db is not None:
            return
        try:
            self._db = _connect(self._path)
        except sqlite3.Error as error:
            self._db, self._is_copy = _copy_in_memory(self._path), True
            raise StorageFailed(str(error)) from error

    def reopen(self) -> None:
        """Go back to a disk that failed, with all that happened since. Raises StorageFailed."""
        if not self._is_copy:
            self.remember("probe", "1")
            return
        try:
            disk = _connect(self._path)
            self._open.backup(disk)
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error
        self._open.close()
        self._db, self._is_copy = disk, False

    def stop(self) -> None:
        """Close the file. May be called twice."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def fact(self, name: str) -> str | None:
        """Return a remembered value."""
        row = self._open.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def remember(self, name: str, value: str) -> None:
        """Remember a value under a name."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @property
    def is_copy(self) -> bool:
        """Whether the disk takes no writes, so that what is kept now is lost with the process."""
        return self._is_copy

    def last_run(self) -> int:
        """Return the number of the last start of the agent that was counted."""
        return int(self.fact("run") or 0)

    def next_run(self, at_least: int = 1) -> int:
        """Count this start of the agent; return its number, above all before it."""
        run = max(self.last_run() + 1, at_least)
        self.remember("run", str(run))
        return run

    def held(self, kind: str) -> Held | None:
        """Return the newest accepted message of a kind (`plan`, `desired`, `trust`)."""
        row = self._open.execute("SELECT rev, token FROM held WHERE kind = ?", (kind,)).fetchone()
        return Held(int(row[0]), str(row[1])) if row else None

    def keep(self, kind: str, rev: int, token: str) -> None:
        """Keep an accepted message as the newest of its kind."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", (kind, rev, token))

    def alerts(self) -> tuple[Held, ...]:
        """Return the newest accepted revision of every alert; what cannot be read is none."""
        try:
            rows = self._open.execute("SELECT rev, token FROM alerts ORDER BY rev").fetchall()
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error
        return tuple(Held(int(rev), str(token)) for rev, token in rows)

    def keep_alert(self, area: str, alert_id: str, rev: int, token: str) -> None:
        """Keep an accepted revision as the newest of its alert."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)", (area, alert_id, rev, token)
            )

    def forget_alert(self, area: str, alert_id: str) -> None:
        """Forget an alert that no message can bring back."""
        with self._transaction() as db:
            db.execute("DELETE FROM alerts WHERE area = ? AND id = ?", (area, alert_id))

    def add_receipt(
        self, fill: Callable[[int], Receipt], final: tuple[str, datetime] | None
    ) -> Receipt:
        """Store a receipt under the next number; with `final`, close that slot in the same step."""
        with self._transaction() as db:
            row = db.execute("INSERT INTO receipts (body) VALUES ('')")
            receipt = fill(int(row.lastrowid or 0))
            body = receipt.model_dump_json(exclude_none=True)
            db.execute("UPDATE receipts SET body = ? WHERE number = ?", (body, receipt.number))
            if final is not None:
                slot, ends_at = final
                db.execute(
                    "INSERT OR IGNORE INTO finals VALUES (?, ?)", (slot, ends_at.timestamp())
                )
        return receipt

    def receipts_after(self, number: int, most: int) -> tuple[Receipt, ...]:
        """Return up to `most` unacknowledged receipts with a number above `number`, in order."""
        rows = self._open.execute(
            "SELECT body FROM receipts WHERE number > ? ORDER BY number LIMIT ?", (number, most)
        )
        return tuple(Receipt.model_validate_json(row[0]) for row in rows)

    def acknowledge(self, upto: int) -> None:
        """Forget receipts that the controller has."""
        if self._open.execute("SELECT 1 FROM receipts WHERE number <= ?", (upto,)).fetchone():
            with self._transaction() as db:
                db.execute("DELETE FROM receipts WHERE number <= ?", (upto,))

    def finals(self) -> set[str]:
        """Return the slots that have their final receipt."""
        return {str(row[0]) for row in self._open.execute("SELECT slot FROM finals")}

    def execute_once(self, jti: str, expires_at: datetime) -> bool:
        """Remember that a command is about to be executed; False when it was before."""
        with self._transaction() as db:
            row = db.execute(
                "INSERT OR IGNORE INTO executed VALUES (?, ?)", (jti, expires_at.timestamp())
            )
            return row.rowcount == 1

    def refuse_once(self, of_digest: str) -> bool:
        """Remember a refused message; False when it was refused before."""
        with self._transaction() as db:
            row = db.execute("INSERT OR IGNORE INTO refused VALUES (?)", (of_digest,))
            db.execute(
                "DELETE FROM refused WHERE rowid <= (SELECT max(rowid) FROM refused) - ?",
                (REFUSED_KEPT,),
            )
            return row.rowcount == 1

    def prune(self, now: datetime) -> None:
        """Forget what can no longer matter."""
        with self._transaction() as db:
            db.execute(
                "DELETE FROM finals WHERE ends_at < ?", ((now - FINALS_KEPT_FOR).timestamp(),)
            )
            db.execute("DELETE FROM executed WHERE expires_at < ?", (now.timestamp() - 3600,))

    def load_json(self, name: str) -> dict[str, float | str] | None:
        """Return a remembered JSON object; None when absent or unreadable."""
        try:
            value = json.loads(self.fact(name) or "null")
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            raise StorageFailed("closed")
        return self._db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._open.execute("BEGIN IMMEDIATE")
            yield self._open
            self._open.execute("COMMIT")
        except sqlite3.Error as error:
            if self._open.in_transaction:
                self._open.execute("ROLLBACK")
            raise StorageFailed(str(error)) from error
        except BaseException:
            if self._open.in_transaction:
                self._open.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _copy_in_memory(path: Path) -> sqlite3.Connection:
    """Return what can still be read of a file that takes no writes, to go on with."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        uri = f"file:{path}?mode=ro&immutable=1"
        with sqlite3.connect(uri, uri=True) as readable:
            readable.backup(memory)
        readable.close()
    except sqlite3.Error:
        pass  # nothing can be read: an empty memory still keeps this run's receipts
    memory.executescript(SCHEMA)
    return memory
