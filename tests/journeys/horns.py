"""An Bình at night: three horns that a witness hears, two officers at the JSON API, and a broker.

Agents are processes that play through PortAudio into PulseAudio. Intervals are seconds, so that
nobody waits minutes.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pyotp
from sqlalchemy import select

from controller.broker import Mosquitto
from controller.demo import scene
from controller.demo.agents import AgentProcess
from controller.demo.stage import Stage, pause
from controller.demo.witness import Witness
from controller.emergencies.models import Alert, LocalAlert
from controller.emergencies.releasing import confirm
from controller.health.models import Incident, Presence
from controller.outbox import retained, waiting_count
from controller.records.models import StoredReceipt
from controller.stations.models import Device, EmergencyPack
from controller.stations.service import create_cluster, create_device
from tests.journeys import ear
from wire import topics

LONG_S = 60.0
A_WHILE = timedelta(seconds=2)
EVERYWHERE = range(3)
TEXT = "Nước suối dâng rất nhanh. Bà con ven suối lên ngay nhà văn hóa thôn."
PASSWORD = "một đêm mưa ở An Bình"
SHORTER = {"health_s": 3, "sync_s": 3}
Json = dict[str, Any]


def until(is_so: Callable[[], object], within_s: float = LONG_S) -> None:
    """Look four times a second until it is so, which leaves the machine to those who work."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        pause(timedelta(seconds=0.25))


def now() -> datetime:
    return datetime.now(UTC)


def played(witness: Witness, since: datetime) -> list[ear.Sound]:
    """Return what each horn has played."""
    between = since, now()
    return [witness.samples(between, number) for number in EVERYWHERE]


def is_said(recording: ear.Sound, witness: Witness, since: datetime) -> bool:
    """Whether every horn has played the beginning of a recording."""
    return all(ear.find(recording, sound).is_it for sound in played(witness, since))


class Officer:
    """Somebody of the province with a password, an authenticator app and paper codes."""

    def __init__(self, stage: Stage, login: str, password: str) -> None:
        url = f"http://127.0.0.1:{stage.config.http_port}/api/v1"
        self.login = login
        self._http = httpx.Client(base_url=url, timeout=LONG_S)
        self._sign_in(password)
        self._http.put("/me/password", json={"old": password, "new": PASSWORD})
        self._sign_in(PASSWORD)
        self._totp = pyotp.TOTP(self.post("/me/second-factor", {"password": PASSWORD})["secret"])
        on = self.post("/me/second-factor/confirm", {"code": self._totp.now()})
        self._codes = iter(["", *on["recovery_codes"]])

    def get(self, path: str) -> Json:
        return self._answer(self._http.get(path))

    def post(self, path: str, body: Json | None = None) -> Json:
        return self._answer(self._http.post(path, json=body))

    def draft(self, **more: object) -> Json:
        """Write an alert for the commune."""
        draft = {
            "area_id": scene.PROVINCE,
            "areas": [scene.COMMUNE],
            "status": "real",
            "hazard": "flash_flood",
            "level": 3,
            "texts": {"vi": TEXT},
            "minutes": 5,
            "siren_ms": 3000,
            "repeat": {"count": 1, "gap_s": 2},
        }
        return self.post("/alerts", draft | more)

    def hear(self, alert: Json) -> None:
        """Listen to all that the newest text says."""
        text = alert["revisions"][-1]
        for sound in text["audio"].values():
            path = f"/alerts/{alert['id']}/texts/{text['number']}/heard"
            self.post(path, {"sha256": sound["sha256"]})

    def confirm(self, alert: Json) -> Json:
        """Confirm the newest text with a code that was never used: the app's, then from paper."""
        path = f"/alerts/{alert['id']}/texts/{alert['revisions'][-1]['number']}/confirm"
        return self.post(path, {"code": self._code()})

    def close(self) -> None:
        self._http.close()

    def _sign_in(self, password: str) -> None:
        token = self.post("/tokens", {"login": self.login, "password": password})["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _code(self) -> str:
        ahead = now() + timedelta(seconds=30)  # the step after the one of the set-up
        return next(self._codes) or self._totp.at(ahead)

    def _answer(self, answer: httpx.Response) -> Json:
        assert answer.is_success, f"{answer.request.url} {answer.status_code}: {answer.text}"
        found: Json = answer.json()
        return found


class Horns:
    """Use as a context manager: all is connected then, and nothing sounds.

    `more` are places of the same commune with a device each, after the usual three.
    """

    def __init__(self, folder: Path, more: Sequence[tuple[float, float]] = ()) -> None:
        self.stage = Stage(folder, len(EVERYWHERE) + len(more), settings=SHORTER)
        self.app, self.folder = self.stage.app, folder
        self.commune = scene.found_commune(self.app)
        self.devices = self.commune.devices + self._found_more(more)
        self.agents: list[AgentProcess] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.stage)
        try:
            self.agents = self.stage.agents
            for number, device in enumerate(self.devices):
                agent = self.agent(number)
                agent.enrol(scene.claim(self.app, device))
                agent.start()
                self.agents.append(agent)
            self.first, self.second = (
                Officer(self.stage, who.login, self.commune.passwords[who.login])
                for who in (self.commune.authority, self.commune.second)
            )
            self._stack.callback(self.first.close)
            self._stack.callback(self.second.close)
            until(self.is_ready)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _found_more(self, places: Sequence[tuple[float, float]]) -> tuple[str, ...]:
        names = [f"d-anbinh{number}" for number, _ in enumerate(places, start=4)]
        with self.app.sessions.begin() as session:
            first = session.get_one(Device, self.commune.devices[0])
            for name, (latitude, longitude) in zip(names, places, strict=True):
                device = create_device(
                    session, scene.SYSTEM, station_id=first.station_id, name=name,
                    profile=scene.PROFILE, now=now(), device_id=name,
                )  # fmt: skip
                session.flush()
                create_cluster(
                    session, scene.SYSTEM, output_id=device.outputs[0].id, area_id=scene.COMMUNE,
                    name=f"Cụm loa {name}", now=now(), latitude=latitude, longitude=longitude,
                )  # fmt: skip
        return tuple(names)

    def agent(self, number: int, more: Mapping[str, str] | None = None) -> AgentProcess:
        """Return the agent of a device, not yet started."""
        device = self.devices[number]
        sound = self.stage.sound.environment(number) | {"TT_AGENT_LINK_RETRY_MAX_S": "1"}
        url = self.stage.config.device_url
        return AgentProcess(device, self.folder / device, url, sound | dict(more or {}))

    @property
    def broker(self) -> Mosquitto:
        broker: Mosquitto = self.app.parts[0]._mosquitto  # type: ignore[attr-defined] # a look inside
        return broker

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """Record all horns for a while."""
        with Witness(self.stage.sound, self.folder / "heard.raw") as witness:
            yield witness

    def listen(self) -> list[ear.Sound]:
        """Return what the horns play in the next two seconds."""
        with self.witness() as witness:
            began = now()
            pause(A_WHILE)
            return played(witness, began)

    # What officers do.

    def release(self, **more: object) -> Json:
        """Draft, listen, submit, and confirm by both, over the API; return the alert."""
        alert = self.first.draft(**more)
        self.release_drafted(alert)
        return alert

    def release_drafted(self, alert: Json) -> None:
        self.ask_for(alert)
        self.first.confirm(alert)
        if alert["status"] == "real":
            self.second.confirm(alert)

    def release_drafted_as_of(self, at: datetime, alert: Json) -> None:
        """Do the same as if the last confirmation was given at an instant: it ends by that."""
        self.ask_for(alert)
        for actor in (self.commune.authority, self.commune.second):
            with self.app.sessions.begin() as session:
                confirm(
                    session, actor=actor, alert_id=alert["id"], revision=1, now=at,
                    verify=lambda *_: "totp",
                )  # fmt: skip

    def ask_for(self, alert: Json) -> None:
        """Let both listen, and submit it."""
        for officer in (self.first, self.second):
            officer.hear(alert)
        self.first.post(f"/alerts/{alert['id']}/texts/1/submit")

    def cancel(self, alert: Json, *, all_clear: bool = False) -> None:
        self.first.post(f"/alerts/{alert['id']}/cancel", {"all_clear": all_clear})

    # What is known of it.

    def is_ready(self) -> bool:
        """Whether every device is online with a clock."""
        return all(self.is_online(number) for number in range(len(self.devices)))

    def is_online(self, number: int, since: datetime | None = None) -> bool:
        """Whether a device is there with a clock, heard of since an instant."""
        found = self.presence(number)
        if found is None or found.state != "online":
            return False
        is_fresh = since is None or found.seen_at > since
        return is_fresh and found.status.get("clock") != "none"

    def playing(self) -> list[str | None]:
        """Return what each device says that it plays."""
        found = [self.presence(number) for number in EVERYWHERE]
        outputs = [one.status.get("outputs", []) if one else [] for one in found]
        return [some[0]["playing"] if some else None for some in outputs]

    def presence(self, number: int) -> Presence | None:
        with self.app.sessions() as session:
            return session.get(Presence, self.devices[number])

    def in_force(self, number: int) -> list[str]:
        """Return the alerts that a device says it sounds."""
        found = self.presence(number)
        return [one["id"] for one in found.status.get("alerts", [])] if found else []

    def counts(self, alert: Json) -> Json:
        found: Json = self.first.get(f"/alerts/{alert['id']}/progress")["counts"]
        return found

    def stopped(self, alert: Json) -> int:
        found: int = self.first.get(f"/alerts/{alert['id']}/progress")["stopped"]
        return found

    def reach(self, alert: Json) -> list[Json]:
        """Return what each device did, in their order."""
        found: list[Json] = self.first.get(f"/alerts/{alert['id']}/clusters")["items"]
        return sorted(found, key=lambda one: self.devices.index(one["device_id"]))

    def is_heard(self, alert: Json, number: int) -> bool:
        return self.reach(alert)[number]["heard_at"] is not None

    def receipts(self, alert: Json, number: int, kind: str) -> Sequence[StoredReceipt]:
        with self.app.sessions() as session:
            rows = select(StoredReceipt).where(
                StoredReceipt.device_id == self.devices[number],
                StoredReceipt.object_id == alert["id"],
                StoredReceipt.kind == kind,
            )
            return session.scalars(rows).all()

    def incidents(self, kind: str) -> set[tuple[str | None, str]]:
        """Return (device, subject) of the open incidents of a kind."""
        with self.app.sessions() as session:
            rows = select(Incident).where(Incident.kind == kind, Incident.closed_at.is_(None))
            return {(one.device_id, one.subject) for one in session.scalars(rows)}

    def local_alerts(self) -> list[str]:
        """Return the devices at which somebody raised an alert, as the controller was told."""
        with self.app.sessions() as session:
            return [row.device_id for row in session.scalars(select(LocalAlert))]

    def holds_pack(self, number: int) -> bool:
        """Whether a device has the emergency pack that it shall have."""
        found = self.presence(number)
        with self.app.sessions() as session:
            pack = session.get(EmergencyPack, "vi")
        held = found.status.get("emergency_pack") if found else None
        return pack is not None and held == pack.sha256

    def audio_of(self, alert: Json, what: str = "audio") -> tuple[str, ear.Sound]:
        """Return the hash of what an alert says in Vietnamese (`all_clear_audio`: at its end)."""
        with self.app.sessions() as session:
            sound = getattr(session.get_one(Alert, alert["id"]).revisions[-1], what)["vi"]
        sha: str = sound["sha256"]
        return sha, ear.read(self.stage.store.path(sha))

    def token(self, alert: Json) -> str:
        """Return the newest message of an alert."""
        with self.app.sessions() as session:
            held = retained(session, topics.alert(alert["publish_area_id"], alert["id"]))
            assert held
            return held.token

    def is_sent(self) -> bool:
        """Whether the broker took everything that was decided."""
        with self.app.sessions() as session:
            return waiting_count(session) == 0

    def state(self, alert: Json) -> str:
        with self.app.sessions() as session:
            return session.get_one(Alert, alert["id"]).state

    # What others do.

    def restart(self, number: int) -> None:
        """Kill an agent, start it again, and wait until it has asked the controller."""
        self.agents[number].stop()
        self.bring_back(number)

    def bring_back(self, number: int) -> None:
        since = now()
        self.agents[number].start()
        until(lambda: self.is_online(number, since))

    def kill_broker(self, after_s: float) -> None:
        """Kill it so long after it took all that was decided; wait for the next one."""
        until(self.is_sent)
        pause(timedelta(seconds=after_s))
        pid = self.broker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.broker.pid not in {None, pid})
