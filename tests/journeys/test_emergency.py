"""Emergencies end to end: officers at the API, the real controller, broker and agents, heard."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.demo import scene
from controller.demo.stage import pause
from controller.emergencies.wording import FIRST
from controller.people import audit
from controller.programmes.schedule import delete_rule
from tests.journeys import ear
from tests.journeys.horns import A_WHILE, EVERYWHERE, TEXT, Horns, Json, is_said, now, played, until
from wire.alert import AlertStatus


@contextmanager
def a_programme(horns: Horns) -> Iterator[datetime]:
    """Let the rising tone play everywhere meanwhile; yield when it began."""
    file = ear.programme(horns.folder)
    sha = scene.keep_upload(horns.app, horns.stage.store, horns.commune, file, "Nhạc")
    items: list[dict[str, object]] = [{"kind": "asset", "sha256": sha}]
    programme = scene.approve_programme(horns.app, horns.commune, "Buổi sáng", items)
    start = scene.whole_second_after(timedelta(seconds=8))
    length = timedelta(seconds=ear.PROGRAMME_S)
    rule = scene.schedule_once(horns.app, horns.commune, programme, start, length)
    until(lambda: all(horns.playing()))
    yield start
    with horns.app.sessions.begin() as session:
        delete_rule(session, actor=horns.commune.operator, rule_id=rule, now=now())
    until(lambda: not any(horns.playing()))


def test_two_officers_release_a_flood_alert_which_is_heard_everywhere_and_accounted_for(
    horns: Horns,
) -> None:
    """R4, R11, R18: over a programme, with siren, words, all-clear, and the programme again."""
    with a_programme(horns) as start, horns.witness() as witness:
        began = now()
        pause(A_WHILE)
        alert = horns.release(repeat={"count": 3, "gap_s": 2})
        until(lambda: horns.counts(alert)["heard"] == 3)
        sha, words = horns.audio_of(alert)
        _, clear = horns.audio_of(alert, "all_clear_audio")
        until(lambda: is_said(words, witness, began))
        cancelled = now()
        horns.cancel(alert, all_clear=True)
        until(lambda: horns.stopped(alert) == 3)
        until(lambda: is_said(clear, witness, cancelled))
        pause(timedelta(milliseconds=len(clear) * 1000 // ear.RATE) + A_WHILE)
        ended = now()
        heard = [
            (witness.samples((began, cancelled), device), witness.samples((began, ended), device))
            for device in EVERYWHERE
        ]

    for until_cancel, sound in heard:
        told = [kind for kind in ear.order(sound) if kind != "voice"]
        assert (told[:2], told[-1]) == (["programme", "siren"], "programme")
        said, cleared = ear.find(words, until_cancel), ear.find(clear, sound)
        assert ear.kinds(sound).index("siren") / 10 < said.at_s < cleared.at_s
        assert ear.seconds_above(700, sound) > 1, "a siren, and no chime"
        assert said.gain > 0.9, "at forced volume, where a programme is played at half of it"
        assert ear.loudness("siren", sound) > 3 * ear.loudness("programme", sound)
        place_s = (ended - start).total_seconds() - 1.5
        assert ear.pitch_hz(sound[-2 * ear.RATE :]) == pytest.approx(ear.pitch_at(place_s), abs=5)
    assert horns.counts(alert)["finished"] == 3
    assert {(one["code"], one["detail"]) for one in horns.reach(alert)} == {("cancelled", sha)}
    assert_accounted_for(horns, alert, sha)


def test_a_drill_says_so_and_is_no_siren(horns: Horns) -> None:
    """R19: one officer releases it without a code; the horns play what was approved as a drill."""
    with horns.witness() as witness:
        began = now()
        drill = horns.release(status="drill")
        sha, words = horns.audio_of(drill)
        until(lambda: is_said(words, witness, began))
        horns.cancel(drill)
        until(lambda: horns.counts(drill)["finished"] == 3)
        heard = played(witness, began)

    said = drill["revisions"][0]["spoken"]["vi"]
    assert said.startswith(FIRST[AlertStatus.DRILL]["vi"])
    assert said.endswith(FIRST[AlertStatus.DRILL]["vi"])
    for sound in heard:
        assert ear.seconds_of("siren", sound) > 1, "as low as the beginning of a siren, and a tone"
        assert ear.seconds_above(700, sound) < 0.5, "but a chime"
    assert {one["detail"] for one in horns.reach(drill)} == {sha}
    sent = horns.first.get(f"/alerts/{drill['id']}/proof")
    assert [one["factor"] for one in sent["releases"]] == [""]


def test_a_device_that_was_off_joins_and_one_that_was_off_for_the_cancel_never_sounds_it(
    horns: Horns,
) -> None:
    """R4, R9, R11, R14: also after a restart, and with its data from before the cancel."""
    horns.agents[2].stop()
    alert = horns.release(siren_ms=60_000)
    until(lambda: horns.counts(alert)["heard"] == 2)
    until(lambda: horns.counts(alert)["not_reached"] == 1)
    assert [one["device_id"] for one in _not_reached(horns, alert)] == [horns.devices[2]]

    horns.bring_back(2)
    until(lambda: horns.counts(alert)["heard"] == 3)
    assert horns.reach(alert)[2]["code"] == "joined"
    assert _not_reached(horns, alert) == []

    horns.agents[2].stop()
    before = shutil.copytree(horns.agents[2].folder, horns.folder / "before")
    horns.cancel(alert)
    until(lambda: horns.stopped(alert) == 2)
    with horns.witness() as witness:
        began = now()
        horns.bring_back(2)
        until(lambda: horns.stopped(alert) == 3)
        horns.restart(2)
        horns.agents[2].stop()
        shutil.rmtree(horns.agents[2].folder)
        shutil.move(before, horns.agents[2].folder)
        horns.bring_back(2)
        pause(A_WHILE)
        sound = witness.samples((began, now()), 2)
    assert set(ear.kinds(sound)) == {"silence"}
    assert len(horns.receipts(alert, 2, "started")) == 1


def _not_reached(horns: Horns, alert: Json) -> list[Json]:
    found: list[Json] = horns.first.get(f"/alerts/{alert['id']}/not-reached")["items"]
    return found


def test_with_the_audio_gone_a_device_speaks_itself_or_by_its_pack(horns: Horns) -> None:
    """Never silence: the address of the audio is dead, one device has no voice of its own."""
    until(lambda: all(horns.holds_pack(number) for number in EVERYWHERE), 120)
    horns.agents[2].stop()
    mute = horns.agent(2, {"PATH": str(without_a_voice(horns.folder))})
    horns.agents[2] = mute
    horns.bring_back(2)
    with horns.witness() as witness:
        began = now()
        alert = horns.first.draft(texts={"vi": f"{TEXT} Mang theo đèn pin."})  # never heard before
        horns.stage.store.path(alert["revisions"][0]["audio"]["vi"]["sha256"]).unlink()
        horns.release_drafted(alert)
        until(lambda: horns.counts(alert)["heard"] == 3)
        until(lambda: all(ear.seconds_of("voice", s) > 2 for s in played(witness, began)))
        horns.cancel(alert)
        until(lambda: horns.counts(alert)["finished"] == 3)
        heard = played(witness, began)
    assert [one["detail"] for one in horns.reach(alert)] == ["device_voice", "device_voice", "pack"]
    for sound in heard:
        assert ear.seconds_of("siren", sound) > 1
        assert ear.seconds_of("voice", sound) > 1


def without_a_voice(folder: Path) -> Path:
    """Return a folder of programs in which espeak-ng is missing."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "ffmpeg").symlink_to(shutil.which("ffmpeg") or "ffmpeg")
    return programs


def assert_accounted_for(horns: Horns, alert: Json, sha: str) -> None:
    """The proof names who did what, the exact words and their hash; the chain is whole."""
    proof = horns.second.get(f"/alerts/{alert['id']}/proof")
    done = [(entry["action"], entry["who"]) for entry in proof["entries"]]
    first, second = horns.first.login, horns.second.login
    assert done == [
        ("alert.draft", first),
        ("alert.submit", first),
        ("alert.confirm", first),
        ("alert.release", second),
        ("alert.send", "system"),
        ("alert.cancel", first),
        ("alert.send", "system"),
    ]
    sent = proof["entries"][4]["facts"]
    assert sent["texts"] == alert["revisions"][0]["spoken"]
    assert TEXT in sent["texts"]["vi"]
    assert (sent["audio"], sent["released_by"]) == ({"vi": sha}, [first, second])
    assert {(one["login"], one["factor"]) for one in proof["releases"]} == {
        (first, "totp"),
        (second, "totp"),
    }
    assert {(one["login"], one["sha256"]) for one in proof["hearings"]} == {
        (first, sha),
        (second, sha),
    }
    assert {one["detail"] for one in proof["clusters"]} == {sha}
    with horns.app.sessions() as session:
        assert audit.verify(session, proof["audit_head"]) is None
