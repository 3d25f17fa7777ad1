"""The real agent, a real broker and a real sound server: what a village hears of an alert."""

import subprocess
import time
from array import array
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from tests.edge.audio.conftest import RATE, Ear, SoundServer
from tests.edge.world import AgentProcess, Controller, now, programme, wait_until
from wire.alert import AlertAction, AlertStatus, Repeat
from wire.plan import Asset
from wire.up import ClockState, ReceiptKind

PROGRAMME_HZ, SPEECH_HZ = 200, 2500
WINDOW = RATE // 20
Span = tuple[str, float, float]


def heard(ear: Ear) -> list[Span]:
    """Return what was heard, from when until when (monotonic): told apart by its pitch."""
    data, zero = ear.recording()
    samples = array("h", data)
    windows = range(0, len(samples) - WINDOW + 1, WINDOW)
    named = [(_name(samples[at : at + WINDOW]), zero + at / RATE) for at in windows]
    spans: list[Span] = []
    for name, group in groupby(named, key=lambda pair: pair[0]):
        instants = [at for _, at in group]
        if len(instants) > 1:  # one window may hold the change from one to another
            spans.append((name, instants[0], instants[-1] + WINDOW / RATE))
    return spans


def _name(window: "array[int]") -> str:
    if max(window) < 200:
        return "silence"
    crossings = sum(1 for a, b in pairwise(window) if (a < 0) != (b < 0))
    hz = crossings * RATE / WINDOW / 2
    if hz < 300:
        return "programme"
    return "speech" if hz > 1800 else "siren"


def names(spans: list[Span]) -> list[str]:
    """Return what was heard one after the other; pauses left out."""
    kept = [name for name, _, _ in spans if name != "silence"]
    return [name for name, _ in groupby(kept)]


def sine(folder: Path, hz: int, seconds: int) -> bytes:
    path = folder / f"{hz}.ogg"
    source = f"sine={hz}:duration={seconds}"
    ffmpeg = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:a", "libopus"]
    subprocess.run([*ffmpeg, "-b:a", "64k", str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def village(
    sound_server: SoundServer, controller: Controller, tmp_path: Path
) -> Iterator[AgentProcess]:
    """An agent that plays into the sound server, with a programme that never ends."""
    assert sound_server.process
    controller.profile = "software"
    controller.publish_desired()
    agent = AgentProcess(tmp_path / "agent", controller)
    done = agent.enrol()
    assert done.returncode == 0, done.stderr
    name = controller.add_audio(sine(tmp_path, PROGRAMME_HZ, 120))
    agent.start()
    wait_until(lambda: controller.healths and controller.healths[-1].clock is ClockState.TRUSTED)
    controller.publish_plan(
        controller.slot("s1", in_s=2, for_s=120), programmes=(programme(name, duration_ms=120_000),)
    )
    wait_until(lambda: controller.status and controller.status.outputs[0].playing == "s1")
    time.sleep(1.5)
    yield agent
    agent.kill()
    print(agent.log.read_text(errors="replace")[-4000:])  # noqa: T201 - shown on failure only


def test_programme_siren_speech_and_the_programme_again(
    village: AgentProcess, controller: Controller, ear: Ear, tmp_path: Path
) -> None:
    """R2, R3: heard by the loudspeaker, the audio fetched while the siren sounds."""
    assert village.process
    speech = sine(tmp_path, SPEECH_HZ, 2)
    asset = Asset(sha256=controller.add_audio(speech), bytes=len(speech), duration_ms=2000)
    wait_until(lambda: ear.is_hearing)

    sent_at = time.monotonic()
    controller.publish_alert(
        controller.alert(audio={"vi": asset}, repeat=Repeat(count=2, gap_s=2), siren_ms=3000)
    )
    (finished,) = wait_until(lambda: controller.noted(ReceiptKind.FINISHED, object_id="lu-1"), 40)
    wait_until(lambda: controller.status and controller.status.outputs[0].playing == "s1")
    time.sleep(1.5)

    spans = heard(ear)
    assert names(spans) == ["programme", "siren", "speech", "programme"]
    siren = next(span for span in spans if span[0] == "siren")
    spoken = [span for span in spans if span[0] == "speech"]
    back = [span for span in spans if span[0] == "programme"][-1]
    assert siren[1] - sent_at < 0.35, "0.1 s from the message on, on a quiet machine: see the bench"
    assert siren[2] - siren[1] == pytest.approx(3.0, abs=0.25)
    assert len(spoken) == 2
    assert back[1] - spoken[-1][2] < 3
    assert finished.detail == asset.sha256


def test_a_cancel_is_silence_and_the_programme_is_back(
    village: AgentProcess, controller: Controller, ear: Ear
) -> None:
    """R4: with the device's own voice in between, for there is no audio."""
    assert village.process
    wait_until(lambda: ear.is_hearing)
    controller.publish_alert(controller.alert(siren_ms=60_000))
    wait_until(lambda: controller.noted(ReceiptKind.STARTED, object_id="lu-1"))
    time.sleep(2)

    cancelled_at = time.monotonic()
    controller.publish_alert(controller.alert(action=AlertAction.CANCEL))
    wait_until(lambda: controller.noted(ReceiptKind.FINISHED, object_id="lu-1"))
    time.sleep(1.5)

    spans = heard(ear)
    siren = [span for span in spans if span[0] == "siren"][-1]
    assert names(spans) == ["programme", "siren", "programme"]
    assert siren[2] - cancelled_at < 1.0


def test_a_drill_is_no_siren_to_the_ear(
    village: AgentProcess, controller: Controller, ear: Ear
) -> None:
    """R19: the chime's four notes, none above 700 Hz, where a siren goes to 1,200."""
    assert village.process
    wait_until(lambda: ear.is_hearing)
    ends_at = now() + timedelta(seconds=5)
    controller.publish_alert(
        controller.alert(status=AlertStatus.DRILL, siren_ms=20_000, ends_at=ends_at)
    )
    wait_until(lambda: controller.noted(ReceiptKind.FINISHED, object_id="lu-1"), 40)

    samples = array("h", ear.recording()[0])
    pitches = []
    for at in range(0, len(samples) - WINDOW + 1, WINDOW):
        window = samples[at : at + WINDOW]
        if max(window) > 2000:
            crossings = sum(1 for a, b in pairwise(window) if (a < 0) != (b < 0))
            pitches.append(crossings * RATE / WINDOW / 2)
    assert max(pitches) < 750
    assert any(pitch > 350 for pitch in pitches)


def test_a_restart_in_the_middle_of_an_alert_goes_on_with_it(
    village: AgentProcess, controller: Controller, ear: Ear
) -> None:
    """R6."""
    wait_until(lambda: ear.is_hearing)
    controller.publish_alert(controller.alert(siren_ms=60_000))
    wait_until(lambda: controller.noted(ReceiptKind.STARTED, object_id="lu-1"))
    time.sleep(1)

    village.kill()
    killed_at = time.monotonic()
    village.start()
    wait_until(lambda: any(s[0] == "siren" and s[1] > killed_at for s in heard(ear)), 15)

    again = next(span for span in heard(ear) if span[0] == "siren" and span[1] > killed_at)
    assert again[1] - killed_at < 10
