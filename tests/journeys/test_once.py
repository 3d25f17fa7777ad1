"""The whole path as `./run demo --once` goes it, through PyAudio into a sound server."""

from pathlib import Path

from controller.demo.once import play_once


def test_a_bulletin_is_planned_played_heard_and_receipted(tmp_path: Path) -> None:
    told: list[str] = []

    report = play_once(tmp_path, tmp_path / "heard", None, lambda vi, _en: told.append(vi))

    assert report["failures"] == []
    assert report["devices"] == report["slots_planned"] == report["slots_played"] == 3
    assert report["receipts"] >= 9  # received, started, finished: of each
    assert abs(report["start_error_ms"]["max"]) < 2000  # how good it is, the bench says
    assert report["start_skew_ms"]["max"] < 2000
    heard = [Path(one["file"]) for one in report["heard"]]
    assert [file.exists() for file in heard] == [True] * 3
    assert told
