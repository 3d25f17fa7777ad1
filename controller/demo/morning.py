"""A morning in An Bình, live: seeds it, says where the console is, tells what happens."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from controller.db import Sessions
from controller.demo import scene
from controller.demo.scene import Commune
from controller.demo.stage import Stage
from controller.demo.stream import Stream
from controller.emergencies.speech import Studio
from controller.health.models import Incident, Presence
from controller.library.music import demo_music, start_chime
from controller.library.service import Kind
from controller.records.models import Broadcast

LOOK_EVERY_S = 0.5
FIRST_IN = timedelta(seconds=10)
RELAY_FOR = timedelta(seconds=40)

Tell = Callable[[str, str], None]

_STATES = {
    "expected": ("chờ phát", "expected"),
    "at_risk": ("CÓ NGUY CƠ KHÔNG PHÁT", "AT RISK"),
    "playing": ("đang phát", "playing"),
    "played": ("đã phát trọn vẹn", "played in full"),
    "partly": ("chỉ phát một phần", "played in part"),
    "missed": ("KHÔNG PHÁT ĐƯỢC", "MISSED"),
    "unreported": ("KHÔNG CÓ BIÊN NHẬN", "UNREPORTED"),
    "withdrawn": ("đã rút khỏi lịch", "withdrawn"),
}


def live_morning(folder: Path, tell: Tell) -> None:
    """Run until interrupted; three agents play, aloud where there is a sound card."""
    tell("Khởi động máy chủ âm thanh, bộ điều khiển, broker", "Starting sound, controller, broker")
    with Stage(folder, aloud=True) as stage:
        commune = scene.found_commune(stage.app)
        _tell_door(stage, commune, tell)
        music = _write(folder / "music.wav", demo_music())
        stream = Stream(music)
        stream.start()
        try:
            tell("Ba thiết bị đăng ký và kết nối", "Three devices enrol and connect")
            stage.start_agents(commune.devices)
            stage.wait_until_connected()
            _plan_morning(stage, commune, music, stream.url, tell)
            _offer_drill(stage, commune, tell)
            Narrator(stage.app.sessions, tell).narrate()
        finally:
            stream.stop()


def _tell_door(stage: Stage, commune: Commune, tell: Tell) -> None:
    url = f"http://{stage.config.http_host}:{stage.config.http_port}/"
    tell(f"Bảng điều khiển: {url}", "The console is there")
    for login, password in commune.passwords.items():
        tell(f"Đăng nhập: {login}  mật khẩu một lần: {password}", "sign in, one-time password")


def _plan_morning(stage: Stage, commune: Commune, music: Path, url: str, tell: Tell) -> None:
    """Chime and bulletin, then music, then a relay with the music as its fallback."""
    tell("Đọc bản tin, nạp nhạc hiệu và nhạc", "Speaking the bulletin, ingesting chime and music")
    chime = scene.keep_upload(
        stage.app,
        stage.store,
        commune,
        _write(stage.folder / "chime.wav", start_chime()),
        "Nhạc hiệu",
        Kind.CHIME,
    )
    bulletin = scene.keep_bulletin(stage.app, stage.store, stage.reader, commune)
    tune = scene.keep_upload(stage.app, stage.store, commune, music, "Nhạc dân gian")
    relay = {
        "kind": "relay",
        "url": url,
        "source": "http",
        "for_ms": int(RELAY_FOR / timedelta(milliseconds=1)),
        "fallback": tune,
    }
    start = scene.whole_second_after(FIRST_IN)
    for title, items in (
        (scene.BULLETIN_TITLE, [_asset(chime), _asset(bulletin)]),
        ("Ca nhạc buổi sáng", [_asset(tune)]),
        ("Tiếp sóng Đài mẫu", [relay]),
    ):
        programme = scene.approve_programme(stage.app, commune, title, items)
        length = scene.length_of(stage.app, programme)
        scene.schedule_once(stage.app, commune, programme, start, length)
        local = start.astimezone(stage.zone)
        tell(f"{local:%H:%M:%S}  {title} ({length.seconds} giây)", "planned")
        start = (start + length + timedelta(seconds=3)).replace(microsecond=0)


def _offer_drill(stage: Stage, commune: Commune, tell: Tell) -> None:
    """Prepare a template, so that a drill is three taps away from the sign-in."""
    studio = Studio(stage.store, stage.reader, stage.config.target_lufs)
    scene.prepare_template(stage.app, studio, commune)
    tell(
        f"Thử phát khẩn cấp: đăng nhập {commune.authority.login}, mở trang Khẩn cấp, chọn "
        f"“{scene.DRILL_TITLE}”, phát DIỄN TẬP",
        "To try an alert: sign in, open Emergency, choose the template, release it as a DRILL",
    )


def _asset(sha256: str) -> dict[str, object]:
    return {"kind": "asset", "sha256": sha256}


def _write(file: Path, wav: bytes) -> Path:
    file.write_bytes(wav)
    return file


class Narrator:
    """Tells each change of a device, a broadcast or an incident once."""

    def __init__(self, sessions: Sessions, tell: Tell) -> None:
        self._sessions = sessions
        self._tell = tell
        self._told: dict[str, str] = {}

    def narrate(self) -> None:
        """Look twice a second until somebody interrupts."""
        pause = threading.Event()
        while True:
            self.step()
            pause.wait(LOOK_EVERY_S)

    def step(self) -> None:
        """Tell what has changed since the last step."""
        with self._sessions() as session:
            for presence in session.scalars(select(Presence)):
                what = f"{presence.device_id}: {presence.state}"
                self._once(presence.device_id, presence.state, what, presence.state)
            for line in session.scalars(select(Broadcast).order_by(Broadcast.id)):
                vi, en = _STATES[line.state]
                late = f", lệch {line.late_ms} ms" if line.late_ms is not None else ""
                what = f"{line.device_id} · {line.title}: {vi}{late} {_why(line)}".rstrip()
                self._once(f"{line.device_id}/{line.slot}", line.state, what, en)
            for incident in session.scalars(select(Incident)):
                self._tell_incident(incident)

    def _tell_incident(self, incident: Incident) -> None:
        vi, en = (
            ("SỰ CỐ", "INCIDENT") if incident.closed_at is None else ("đã hết sự cố", "cleared")
        )
        what = f"{vi}: {incident.kind} {incident.device_id or ''} {incident.subject}"
        self._once(f"incident {incident.id}", vi, what.rstrip(), en)

    def _once(self, name: str, state: str, vi: str, en: str) -> None:
        if self._told.get(name) != state:
            self._told[name] = state
            self._tell(vi, en)


def _why(line: Broadcast) -> str:
    return f"({line.why})" if line.why else ""
