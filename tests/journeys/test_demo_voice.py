"""The demo speaks as a site does: its own voice, the normaliser, the dictionary of its commune."""

from pathlib import Path

import pytest

from controller.demo import scene
from controller.demo.stage import Stage
from controller.emergencies.speech import Studio
from controller.library.speech import FakeVoice
from controller.people.rights import machine_owner
from controller.pronunciation.service import add_entry


def test_the_demo_reads_figures_and_names_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = FakeVoice()
    monkeypatch.setattr("controller.app.default_voice", lambda _folder: voice)
    monkeypatch.setattr(scene, "BULLETIN", "Họp lúc 7h30 tại KXQ.")
    monkeypatch.setattr(scene, "DRILL_TEXT", "Suối đạt báo động III, cao 3,25m.")
    stage = Stage(tmp_path)
    commune = scene.found_commune(stage.app)
    with stage.app.sessions.begin() as session:
        add_entry(session, actor=machine_owner("demo"), area_id=scene.COMMUNE, written="KXQ",
                  spoken="khu xóm Quán", kind="acronym", now=scene.now())  # fmt: skip

    scene.keep_bulletin(stage.app, stage.store, stage.reader, commune)
    studio = Studio(stage.store, stage.reader, stage.config.target_lufs)
    scene.prepare_template(stage.app, studio, commune)

    stage.app.stop()
    assert voice.said == [
        "Họp lúc bảy giờ ba mươi phút tại khu xóm Quán.",
        "Suối đạt báo động ba, cao ba phẩy hai mươi lăm mét.",
    ]
