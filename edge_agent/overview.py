"""What a technician at the device wants to know: read from the data folder, nothing is changed."""

import json
import sqlite3
from pathlib import Path

from edge_agent.identity import load_identity
from wire.signing import take_apart


def overview(folder: Path) -> dict[str, object]:
    """Return facts about an enrolled device, by name. Raises NotEnrolled."""
    identity = load_identity(folder)
    with sqlite3.connect(f"file:{folder / 'agent.db'}?mode=ro", uri=True) as db:
        revs = dict(db.execute("SELECT kind, rev FROM held").fetchall())
        alerts = db.execute("SELECT area, id, token FROM alerts ORDER BY rev").fetchall()
        waiting = db.execute("SELECT count(*) FROM receipts").fetchone()[0]
    db.close()
    audio = [path for path in (folder / "audio").glob("*") if path.is_file()]
    return {
        "device": identity.device,
        "controller": identity.file.controller,
        "broker": f"{identity.file.mqtt_host}:{identity.file.mqtt_port}",
        "plan": revs.get("plan", 0),
        "desired": revs.get("desired", 0),
        "trust": revs.get("trust", 0),
        **{f"alert {area}/{name}": _told(token) for area, name, token in alerts},
        "receipts_waiting": waiting,
        "files": len(audio),
        "files_mib": round(sum(path.stat().st_size for path in audio) / 2**20, 1),
    }


def _told(token: str) -> str:
    """Return what an alert says of itself; its signature was judged when it came."""
    body = json.loads(take_apart(token).payload)
    told = (str(body.get(name, "")) for name in ("status", "action", "rev", "ends_at"))
    return " ".join(told)
