"""A drill as `./run demo --drill` runs it: over a bulletin, cancelled, and accounted for."""

import wave
from pathlib import Path

import numpy as np

from controller.demo.drill import play_drill

CHIME_HZ = (659, 523, 587, 392)


def test_a_drill_interrupts_a_bulletin_everywhere_and_the_bulletin_comes_back(
    tmp_path: Path,
) -> None:
    report = play_drill(tmp_path, tmp_path / "heard", lambda _vi, _en: None)

    assert report["failures"] == []
    assert report["clusters"] == report["heard_in"] == report["bulletins_back"] == 3
    assert report["failed"] == report["not_reached"] == 0
    assert report["released_to_sounding_ms"]["max"] < 5000  # how good it is, the bench says
    assert report["cancelled_to_stopped_ms"]["max"] < 10_000  # R4
    for one in report["heard"]:
        assert _has_chimed(Path(one["file"]))


def _has_chimed(file: Path) -> bool:
    """Whether the drill's chime was heard and never a siren (R19): its notes fill some second."""
    with wave.open(str(file)) as heard:
        rate = heard.getframerate()
        sound = np.frombuffer(heard.readframes(heard.getnframes()), dtype="<i2")
    whole = sound[: len(sound) // rate * rate].reshape(-1, rate).astype(np.float64)
    spectra = np.abs(np.fft.rfft(whole * np.hanning(rate)))  # a bin is 1 Hz
    near = sum(spectra[:, hz - 8 : hz + 9].sum(axis=1) for hz in CHIME_HZ)
    total = spectra[:, 100:12_000].sum(axis=1)
    return bool(np.any(near > 0.5 * np.maximum(total, 1)))
