"""`./run bench desk`: does the console stay usable while many desks follow one alert?

A real console (its threads, SQLite) with an alert for 4,000 clusters, of which some report each
tenth of a second. Desks in another process poll as their pages do; somebody else opens pages.
Prints one JSON object: milliseconds for that other person with no desk open and with all.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import create_area
from controller.config import Config
from controller.db import Sessions, make_engine, make_sessions
from controller.emergencies.content import Draft, content_of
from controller.emergencies.models import Alert, AlertReach, AlertRevision
from controller.keys import Keyring
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.people.auth import start_session
from controller.people.models import Person, Role
from controller.servers import HttpServer
from controller.site import WebParts, make_web_app
from controller.stations.models import Cluster, Output
from controller.tables import Base
from tests.controller.cast import AN_BINH, introduce, person

VILLAGES = 100
PAGES = ("/desk", "/", "/desk/alerts/a-bench", "/stations")
SECONDS = 20.0
POLL_S = 2.0


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--desks", type=int, default=50)
    options.add_argument("--clusters", type=int, default=4000)
    options.add_argument("--poll", nargs=2, metavar=("URL", "COOKIE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.poll:
        _poll(chosen.poll[0], chosen.poll[1], chosen.desks)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(Path(folder), chosen.desks, chosen.clusters)
    sys.stdout.write(json.dumps(figures) + "\n")


def _measure(folder: Path, desks: int, clusters: int) -> dict[str, float]:
    engine = make_engine(f"sqlite:///{folder / 'bench.db'}")
    Base.metadata.create_all(engine)
    sessions = make_sessions(engine)
    cookie = _seed(sessions, clusters)
    config = Config.model_validate({"data_dir": folder})
    keys = Keyring.create(folder / "keys", "vn", ("programme", "drill", "alert"), _now())
    parts = WebParts(
        config=config,
        sessions=sessions,
        read_sessions=make_sessions(engine, read_only=True),
        keyring=keys,
        store=AssetStore(folder / "assets"),
        reader=Reader(FakeVoice(), folder / "speech"),
        clock=_now,
    )
    server = HttpServer(make_web_app(parts), "127.0.0.1", 0, threads=config.http_threads)
    server.start()
    url = f"http://127.0.0.1:{server._server.bind_addr[1]}"  # the port that was free
    stop = threading.Event()
    reports = threading.Thread(target=_report, args=(sessions, stop))
    reports.start()
    quiet = _visit(url, cookie)
    command = [sys.executable, __file__, "--desks", str(desks), "--poll", url, cookie]
    polls = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(POLL_S)  # every desk has asked once
    busy = _visit(url, cookie)
    told = json.loads(polls.communicate(timeout=120)[0])
    stop.set()
    reports.join()
    server.stop()
    engine.dispose()
    return {
        "desks": desks,
        "clusters": clusters,
        "threads": config.http_threads,
        **{f"quiet_{name}": value for name, value in quiet.items()},
        **{f"busy_{name}": value for name, value in busy.items()},
        **told,
    }


def _seed(sessions: Sessions, clusters: int) -> str:
    """Write the alert with its clusters; return the secret of a session."""
    now = _now()
    with sessions.begin() as session:
        introduce(session, now)
        person(session, "boss", Role.AUTHORITY, AN_BINH, now)
        names = [f"vn-31-an-binh-v{number}" for number in range(VILLAGES)]
        for name in names:
            create_area(session, area_id=name, kind="village", name=name, parent_id=AN_BINH)
        output = session.scalars(select(Output)).first()
        assert output is not None
        rows = [
            {
                "id": f"c-{number}",
                "output_id": output.id,
                "area_id": names[number % VILLAGES],
                "name": f"Cụm {number}",
                "latitude": 21 + number / 40_000,
                "longitude": 105 + (number % 60) / 600,
            }
            for number in range(clusters)
        ]
        session.execute(insert(Cluster), rows)
        device_id = output.device_id
        _alert(session, [(str(row["id"]), str(row["area_id"])) for row in rows], device_id)
        boss = session.scalars(select(Person).where(Person.login == "boss")).one()
        return start_session(session, boss, now)


def _alert(session: Session, clusters: list[tuple[str, str]], device_id: str) -> None:
    now = _now()
    texts = {"vi": "Nước lên nhanh."}
    draft = Draft(area_id=AN_BINH, status="real", hazard="flood", level=3, texts=texts)
    content = content_of(draft, session.get_one(Area, AN_BINH), now).stored()
    facts = {"hazard": "flood", "level": 3, "status": "real", "state": "released"}
    places = {"area_id": AN_BINH, "publish_area_id": AN_BINH}
    times = {"created_at": now, "released_at": now, "ends_at": now + timedelta(hours=1)}
    session.add(Alert(id="a-bench", created_by="boss", **facts, **places, **times))
    session.add(
        AlertRevision(
            alert_id="a-bench",
            number=1,
            action="alert",
            state="released",
            content=content,
            spoken=texts,
            audio={},
            all_clear={},
            all_clear_audio={},
            issued_at=now,
            created_by="boss",
            created_at=now,
            rev=1,
            signed_at=now,
            reach_laid_at=now,
        )
    )
    session.flush()
    rows = [
        {
            "alert_id": "a-bench",
            "cluster_id": cluster,
            "device_id": device_id,
            "area_id": area,
            "why": "in_area",
            "rev": 1,
            "asked_at": now,
        }
        for cluster, area in clusters
    ]
    session.execute(insert(AlertReach), rows)


def _report(sessions: Sessions, stop: threading.Event) -> None:
    """Let twenty clusters say that they sound, ten times a second."""
    number = 0
    while not stop.wait(0.1):
        names = [f"c-{number + step}" for step in range(20)]
        number += 20
        values = {"state": "sounding", "heard_at": _now(), "started_at": _now()}
        with sessions.begin() as session:
            session.execute(
                update(AlertReach).where(AlertReach.cluster_id.in_(names)).values(**values)
            )


def _visit(url: str, cookie: str) -> dict[str, float]:
    """Open pages one after the other; return milliseconds."""
    took: list[float] = []
    ends = time.monotonic() + SECONDS
    with httpx.Client(base_url=url, cookies={"tt": cookie}, timeout=30) as client:
        while time.monotonic() < ends:
            for page in PAGES:
                began = time.perf_counter()
                client.get(page).raise_for_status()
                took.append(1000 * (time.perf_counter() - began))
    took.sort()
    p95 = took[int(0.95 * len(took))]
    return {"page_p50_ms": round(statistics.median(took), 1), "page_p95_ms": round(p95, 1)}


def _poll(url: str, cookie: str, desks: int) -> None:
    """Be that many open pages of the alert, each with what it asks for by itself."""
    took: list[float] = []
    ends = time.monotonic() + SECONDS + 2 * POLL_S
    threads = [
        threading.Thread(target=_one_desk, args=(url, cookie, n / desks * POLL_S, ends, took))
        for n in range(desks)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    p95 = round(took[int(0.95 * len(took))], 1)
    told = {"polls": len(took), "poll_p50_ms": round(statistics.median(took), 1)}
    sys.stdout.write(json.dumps({**told, "poll_p95_ms": p95}) + "\n")


def _one_desk(url: str, cookie: str, wait_s: float, ends: float, took: list[float]) -> None:
    version, due = "", time.monotonic() + wait_s
    headers = {"HX-Request": "true", "HX-Trigger": "poll-progress"}
    one = "/desk/alerts/a-bench"
    with httpx.Client(base_url=url, cookies={"tt": cookie}, headers=headers, timeout=30) as client:
        while due < ends:
            time.sleep(max(0.0, due - time.monotonic()))
            due += POLL_S
            began = time.perf_counter()
            asked = {"version": version, "phase": "released.1.released"}
            answer = client.get(f"{one}/progress", params=asked)
            took.append(1000 * (time.perf_counter() - began))
            if found := re.search(r'data-version="([^"]+)"', answer.text):
                version = found[1]
                client.get(f"{one}/villages")


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
