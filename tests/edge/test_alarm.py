"""Alerts on a device by example: what sounds, from when until when, and what is written of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio.events import DriverLost, PartFailed
from edge_agent.audio.sources import FilePart, SilencePart, TonePart
from edge_agent.script import REMINDER
from tests.edge.alarm_house import (
    FLOOD_AUDIO,
    TAN_LAP,
    AlarmHouse,
    cluster,
)
from wire.alert import AlertAction, AlertStatus, Circle, Issuer, Repeat, Target
from wire.down import Cluster, OutputState
from wire.message import Origin
from wire.pack import Wording
from wire.plan import Asset
from wire.up import ReceiptKind

VOICE = FilePart(Path("/speech/1.wav"), "1" * 64, 4000)
PHRASE = FilePart(Path("/audio/pack"), "2" * 64, 3000)
AUDIO = {"vi": Asset(sha256=FLOOD_AUDIO, bytes=1000, duration_ms=5000)}
LONG = Repeat(count=1000, gap_s=0)


@pytest.fixture
def house() -> AlarmHouse:
    return AlarmHouse()


def what(part: object) -> str:
    match part:
        case TonePart(kind):
            return kind
        case FilePart(_, sha256):
            return {"1": "voice", "2": "phrase", "f": "audio", "e": "rhade"}[sha256[0]]
        case SilencePart():
            return "silence"
        case _:
            return "nothing"


def script_of(house: AlarmHouse, seconds: int, output: str = "main") -> list[str]:
    """Return what sounds in each second, the same as before left out."""
    heard = [what(house.part(output))]
    for _ in range(seconds * 4):
        house.pass_time(0.25)
        if what(house.part(output)) != heard[-1]:
            heard.append(what(house.part(output)))
    return heard


def test_the_siren_sounds_at_once_and_the_programme_is_back_at_its_place_afterwards(
    house: AlarmHouse,
) -> None:
    """R2, R3."""
    house.play_programme()
    house.pass_time(10)

    house.send(house.alert(repeat=Repeat(count=1, gap_s=0)))
    at_once, part = house.heard(), house.part()
    house.pass_time(60)

    assert (at_once, what(part)) == ("lu-1", "siren")
    assert house.heard() == "slot"
    order = house.order()
    assert order is not None
    assert order.start_at == 1000.0, "at the clock's place, not where it stopped"


def test_fetched_audio_is_said_after_the_siren_as_often_as_asked(house: AlarmHouse) -> None:
    house.shelf.files.add(FLOOD_AUDIO)

    house.send(house.alert(audio=AUDIO))

    heard = script_of(house, 40)
    assert heard == ["siren", "audio", "silence", "audio", "silence", "nothing"]
    assert house.voice.asked == []


def test_the_device_speaks_when_the_audio_has_not_come(house: AlarmHouse) -> None:
    alert = house.alert(audio=AUDIO)
    house.send(alert)
    house.pass_time(1)

    house.wordings.take(alert.texts["vi"], "vi", VOICE)
    house.alarm.look_again()

    assert script_of(house, 40)[:3] == ["siren", "voice", "silence"]
    assert house.voice.asked == [(alert.texts["vi"], "vi")]


def test_the_pack_speaks_for_the_hazard_when_the_device_cannot(house: AlarmHouse) -> None:
    house.phrases.phrases["flood", Wording.REAL, "vi"] = PHRASE

    house.send(house.alert())

    assert script_of(house, 40)[:3] == ["siren", "phrase", "silence"]


def test_with_nothing_to_say_it_with_the_siren_goes_on(house: AlarmHouse) -> None:
    house.send(house.alert(repeat=LONG))

    assert script_of(house, 100) == ["siren"]


def test_audio_that_comes_while_the_siren_sounds_is_said_at_its_place(house: AlarmHouse) -> None:
    house.send(house.alert(audio=AUDIO))
    house.pass_time(5)

    house.shelf.files.add(FLOOD_AUDIO)
    house.alarm.look_again()

    house.pass_time(0.75)
    assert what(house.part()) == "siren"
    house.pass_time(0.5)
    assert what(house.part()) == "audio"


def test_audio_that_comes_while_the_siren_stands_for_it_is_said_at_once(house: AlarmHouse) -> None:
    house.send(house.alert(audio=AUDIO))
    house.pass_time(8)

    house.shelf.files.add(FLOOD_AUDIO)
    house.alarm.look_again()
    house.turn()

    assert what(house.part()) == "audio"
    house.pass_time(4.5)
    assert what(house.part()) == "audio", "from its beginning"


def test_a_damaged_file_gives_way_to_the_next_best(house: AlarmHouse) -> None:
    house.shelf.files.add(FLOOD_AUDIO)
    house.phrases.phrases["flood", Wording.REAL, "vi"] = PHRASE
    house.send(house.alert(audio=AUDIO))
    house.pass_time(6.5)
    order = house.order()
    assert order is not None

    index = next(i for i, part in enumerate(order.parts) if isinstance(part, FilePart))
    house.stages["main"].hear(PartFailed(order.id, index, "other bytes"))
    house.turn()

    assert what(house.part()) == "phrase"


def test_languages_are_those_of_the_area_in_its_order(house: AlarmHouse) -> None:
    rhade = Asset(sha256="e" * 64, bytes=10, duration_ms=2000)
    house.shelf.files |= {FLOOD_AUDIO, rhade.sha256}
    house.gate.desired.languages = ("rad", "vi")
    house.alarm.desire(house.gate.desired)

    texts = {"vi": "Lũ", "rad": "Êa", "en": "Flood"}
    house.send(house.alert(texts=texts, audio=AUDIO | {"rad": rhade}))

    assert script_of(house, 30)[:5] == ["siren", "rhade", "silence", "audio", "silence"]


def test_a_long_gap_has_a_soft_tone_so_that_no_silence_lasts_ten_seconds(
    house: AlarmHouse,
) -> None:
    house.shelf.files.add(FLOOD_AUDIO)

    house.send(house.alert(audio=AUDIO, repeat=Repeat(count=2, gap_s=600)))

    house.pass_time(11.8)
    silent_s, longest_s, gap_s = 0.0, 0.0, 0.0
    while what(house.part()) != "audio":
        is_silent = what(house.part()) == "silence"
        silent_s = silent_s + 0.25 if is_silent else 0.0
        longest_s, gap_s = max(longest_s, silent_s), gap_s + 0.25
        assert is_silent or house.part() == REMINDER
        house.pass_time(0.25)
    assert longest_s <= 10
    assert gap_s <= 31


def test_rounds_come_again_and_the_programme_sounds_between(house: AlarmHouse) -> None:
    house.play_programme()
    house.shelf.files.add(FLOOD_AUDIO)
    house.send(house.alert(audio=AUDIO, repeat=Repeat(count=1, gap_s=0, every_s=60)))

    heard = []
    for _ in range(6):
        heard.append(house.heard())
        house.pass_time(30)

    assert heard == ["lu-1", "slot"] * 3
    house.pass_time(300)
    assert [kind for kind, _ in house.kinds()].count("started") == 1
    assert house.kinds()[-1] == ("finished", "")
    finished = house.store.receipts[-1]
    assert finished.played_ms == pytest.approx(5 * 11_600, abs=3000)


def test_a_drill_has_the_chime_and_never_the_siren(house: AlarmHouse) -> None:
    """R19."""
    for status in (AlertStatus.DRILL, AlertStatus.EXERCISE):
        house.send(house.alert(id=str(status), status=status, repeat=LONG))
        assert script_of(house, 20) == ["chime"]
        house.send(house.cancel(id=str(status), status=status))


def test_a_real_alert_is_at_forced_volume_above_the_ceiling_and_a_drill_is_not(
    house: AlarmHouse,
) -> None:
    house.send(house.alert())
    real = house.order()
    house.send(house.alert(id="t", status=AlertStatus.DRILL))
    house.send(house.cancel())
    drill = house.order()

    assert real is not None
    assert drill is not None
    assert real.gain_db == 12.0, "the output stands at -12 dB"
    assert drill.gain_db == 0.0


def test_a_cancel_silences_at_once_and_says_the_all_clear_where_it_was_heard(
    house: AlarmHouse,
) -> None:
    """R4."""
    house.play_programme()
    house.send(house.alert())
    house.pass_time(3)

    house.phrases.phrases["all_clear", Wording.REAL, "vi"] = PHRASE
    house.send(house.cancel(all_clear={"vi": "Hết nguy hiểm"}, siren_ms=3000))
    heard = script_of(house, 20)
    house.send(house.cancel(id="unheard", all_clear={"vi": "Hết nguy hiểm"}))

    assert heard == ["siren", "phrase", "silence", "test"]
    assert house.heard() == "slot"
    assert sorted(house.kinds()) == sorted([
        ("started", ""), ("received", ""), ("finished", "cancelled"), ("received", ""),
        ("executed", "all_clear"),
    ])  # fmt: skip


def test_a_cancel_that_comes_first_keeps_its_alert_from_ever_sounding(house: AlarmHouse) -> None:
    alert = house.alert()
    house.send(house.cancel())

    was_news = house.send(alert)
    house.pass_time(10)
    house.restart()
    house.pass_time(10)

    assert not was_news
    assert house.order() is None


def test_a_device_that_was_off_during_the_cancel_never_sounds_it(house: AlarmHouse) -> None:
    """R4, R14: it is on the disk and the cancel is not; the answer is waited for."""
    house.send(house.alert(repeat=LONG))
    house.pass_time(5)
    cancel = house.cancel()
    house.pass_time(60)

    house.restart()
    house.pass_time(1)
    house.answer([cancel])
    house.pass_time(20)
    quiet = house.order()
    house.send(cancel)
    house.pass_time(10)

    assert quiet is None
    assert house.order() is None
    assert ("finished", "cancelled") in house.kinds()


def test_an_old_alert_is_asked_for_and_sounds_when_the_answer_names_it(house: AlarmHouse) -> None:
    alert = house.alert(repeat=LONG)
    house.pass_time(40)

    house.send(alert)
    before = house.order()
    house.answer([alert])

    assert before is None
    assert house.questions == [1040.0]
    assert house.heard() == "lu-1"
    assert ("started", "joined") in house.kinds()


def test_without_an_answer_an_old_alert_sounds_as_unconfirmed_after_three_seconds(
    house: AlarmHouse,
) -> None:
    alert = house.alert(repeat=LONG)
    house.pass_time(40)
    house.send(alert)

    house.pass_time(2.75)
    before = house.order()
    house.pass_time(0.5)

    assert before is None
    assert house.heard() == "lu-1"
    assert ("started", "unconfirmed") in house.kinds()


def test_an_old_alert_that_the_controller_does_not_know_never_sounds(house: AlarmHouse) -> None:
    """R15: yesterday's alert, or one of another broker."""
    alert = house.alert()
    house.pass_time(60)

    house.send(alert)
    house.answer([])
    house.pass_time(400)

    assert house.players["main"].orders == []
    assert house.kinds() == [("received", ""), ("missed", "not_confirmed")]


def test_an_alert_whose_time_is_over_never_sounds(house: AlarmHouse) -> None:
    alert = house.alert()
    house.pass_time(301)

    house.send(alert)
    house.pass_time(10)

    assert house.players["main"].orders == []
    assert house.kinds() == [("missed", "expired"), ("received", "")]


def test_the_sound_ends_with_the_signed_end_and_nobody_there_to_say_so(house: AlarmHouse) -> None:
    """R5: by `ends_at` or `exp`, whichever is first."""
    at = house.now
    house.send(house.alert(repeat=LONG, exp=at + timedelta(seconds=30)))

    house.pass_time(29.75)
    before = house.heard()
    house.pass_time(0.5)

    assert before == "lu-1"
    assert house.order() is None


def test_without_any_time_an_alert_waits_three_seconds_and_ends_by_its_length(
    house: AlarmHouse,
) -> None:
    house.has_time = False
    house.restart()

    at = house.now
    house.send(house.alert(repeat=LONG, ends_at=at + timedelta(seconds=20)))
    first = house.order()
    house.pass_time(3.25)
    second = house.heard()
    house.pass_time(17.5)

    assert first is None
    assert second == "lu-1"
    assert house.order() is None


def test_steps_of_the_clock_change_nothing_of_what_sounds(house: AlarmHouse) -> None:
    house.send(house.alert(repeat=LONG))
    house.pass_time(100)

    later = house.now + timedelta(seconds=50)
    house.clock.learn_sync(later, house.ticker.at - 0.0001, house.ticker.at)
    house.pass_time(199)
    before = house.heard()
    house.pass_time(2)

    assert before == "lu-1"
    assert house.order() is None


def test_a_restart_goes_on_at_the_right_place(house: AlarmHouse) -> None:
    """R6."""
    house.shelf.files.add(FLOOD_AUDIO)
    alert = house.alert(audio=AUDIO, repeat=Repeat(count=3, gap_s=5))
    house.send(alert)
    house.pass_time(14)

    house.restart()
    house.pass_time(1)
    house.answer([alert])
    order = house.order()
    house.pass_time(60)

    assert order is not None
    assert order.start_at <= 1015.0
    assert house.kinds() == [("started", ""), ("received", ""), ("finished", "")]


def test_what_is_over_is_not_begun_anew_by_a_restart(house: AlarmHouse) -> None:
    alert = house.alert(repeat=Repeat(count=1, gap_s=0))
    house.send(alert)
    house.pass_time(60)

    house.restart()
    house.answer([alert])
    house.pass_time(10)

    assert house.players["main"].orders == []
    assert [kind for kind, _ in house.kinds()] == ["started", "received", "finished"]


def test_a_full_disk_silences_nothing_and_the_alert_is_kept_later(house: AlarmHouse) -> None:
    """R26."""
    house.store.is_full = True

    house.send(house.alert(repeat=LONG))
    house.pass_time(5)
    heard = house.heard()
    house.store.is_full = False
    house.gate.alerts.save()
    house.book.save()

    assert heard == "lu-1"
    assert list(house.store.kept) == [("an-binh", "lu-1")]
    assert ("started", "") in house.kinds()


def test_alerts_queue_by_level_and_none_is_lost(house: AlarmHouse) -> None:
    house.shelf.files.add(FLOOD_AUDIO)
    once = Repeat(count=1, gap_s=0)
    house.send(house.alert(id="cao", level=5, audio=AUDIO, repeat=once))
    house.pass_time(1)

    house.send(house.alert(id="thap", level=2, audio=AUDIO, repeat=once))
    house.send(house.alert(id="giua", level=3, audio=AUDIO, repeat=once))

    heard: list[str | None] = []
    for _ in range(50):
        if house.heard() not in heard[-1:]:
            heard.append(house.heard())
        house.pass_time(1)
    assert heard == ["cao", "giua", "thap", None]
    played = [r.played_ms or 0 for r in house.store.receipts if r.kind is ReceiptKind.FINISHED]
    assert len(played) == 3
    assert min(played) > 10_000, "each is heard whole"


def test_a_higher_origin_goes_before_and_the_other_goes_on_at_its_place(house: AlarmHouse) -> None:
    house.send(house.alert(id="xa", repeat=LONG))
    house.pass_time(5)
    province = Issuer(name="UBND tỉnh", origin=Origin.PROVINCE)

    house.send(house.alert(id="tinh", issuer=province, ends_at=house.now + timedelta(seconds=30)))
    during = house.heard()
    house.pass_time(31)

    assert during == "tinh"
    assert house.heard() == "xa"


def test_an_update_takes_over_and_each_revision_is_accounted_for(house: AlarmHouse) -> None:
    house.send(house.alert(repeat=LONG))
    house.pass_time(5)

    update = house.alert(action=AlertAction.UPDATE, level=4, repeat=LONG)
    house.send(update)
    house.pass_time(3)

    assert house.heard() == "lu-1"
    assert [one.rev for one in house.alarm.in_force()] == [update.rev]
    assert ("finished", "updated") in house.kinds()
    assert [kind for kind, _ in house.kinds()].count("started") == 2


def test_an_update_that_lowers_takes_effect_at_once_however_old(house: AlarmHouse) -> None:
    house.send(house.alert(level=5, repeat=LONG))
    lower = house.alert(action=AlertAction.UPDATE, level=2, repeat=LONG)
    higher = house.alert(action=AlertAction.UPDATE, level=4, repeat=LONG)
    house.pass_time(60)

    house.send(lower)
    after_lower = house.alarm.in_force()[0].rev
    house.send(higher)
    after_higher = house.alarm.in_force()[0].rev

    assert after_lower == lower.rev
    assert after_higher == lower.rev, "that one has to be confirmed"


def test_one_that_supersedes_takes_the_place_of_the_older_one(house: AlarmHouse) -> None:
    first = house.alert(id="a", repeat=LONG)
    house.send(first)
    house.send(house.alert(id="t", status=AlertStatus.DRILL, supersedes="a"))
    after_drill = house.heard()

    house.send(house.alert(id="b", supersedes="a", repeat=LONG))
    house.pass_time(3)

    assert after_drill == "a", "no drill ends a real one"
    assert house.heard() == "b"
    assert ("finished", "superseded") in house.kinds()


def two_outputs() -> tuple[OutputState, ...]:
    near = Cluster(id="cho", name="Chợ", areas=TAN_LAP, latitude=11.5, longitude=108.0)
    return (
        OutputState(id="main", clusters=(cluster("cum-1"), cluster("cum-2", TAN_LAP))),
        OutputState(id="second", clusters=(near,)),
    )


def test_only_outputs_with_clusters_that_are_meant_sound() -> None:
    house = AlarmHouse(two_outputs())

    house.send(house.alert())
    circle = Circle(latitude=11.5, longitude=108.0, radius_m=500)
    house.pass_time(3)
    first = (house.heard("main"), house.heard("second"))
    house.send(house.alert(id="vung", area="lam-dong", target=Target(shapes=(circle,))))
    house.send(house.alert(id="noi-khac", area="lam-dong", target=Target(areas=("don-duong",))))
    house.pass_time(3)

    assert first == ("lu-1", None)
    assert house.heard("second") == "vung"
    told = {(r.object_id, r.output): r for r in house.store.receipts if r.kind == "received"}
    assert told["lu-1", "main"].clusters == ("cum-1",)
    assert told["vung", "second"].clusters == ("cho",)
    assert told["noi-khac", None].code == "not_targeted"


def test_a_fault_in_one_output_silences_no_other() -> None:
    house = AlarmHouse(two_outputs())
    house.players["main"].is_deaf = True
    house.stages["main"].hear(DriverLost("gone"))

    house.send(house.alert(area="lam-dong", target=Target(areas=("lam-dong",))))
    house.pass_time(330)

    assert ("started", "") in house.kinds("second")
    assert house.kinds("main")[-1] == ("missed", "no_output")


def test_a_cold_amplifier_is_sounded_into_at_once_and_words_wait_until_it_is_warm(
    house: AlarmHouse,
) -> None:
    house.warm_s = 9.0
    house.shelf.files.add(FLOOD_AUDIO)

    house.send(house.alert(audio=AUDIO))

    assert what(house.part()) == "siren"
    assert house.stages["main"].sounds_at()[0] <= 1000.0, "the relay is needed now"
    house.pass_time(8.75)
    assert what(house.part()) == "siren"
    house.pass_time(0.5)
    assert what(house.part()) == "audio"


def test_every_receipt_names_the_alert_and_comes_once(house: AlarmHouse) -> None:
    alert = house.alert(repeat=Repeat(count=1, gap_s=0))
    house.send(alert)
    for _ in range(3):
        house.send(alert)
    house.pass_time(60)

    facts: list[Any] = [
        (r.kind, r.object_id, r.area, r.rev, r.clusters, r.detail) for r in house.store.receipts
    ]
    about = ("lu-1", "an-binh", alert.rev, ("cum-1",))
    assert sorted(facts) == sorted([
        ("started", *about, "siren"), ("received", *about, ""), ("finished", *about, "siren"),
    ])  # fmt: skip


def test_a_move_takes_the_alert_along(house: AlarmHouse) -> None:
    house.send(house.alert(repeat=LONG))
    house.pass_time(3)

    house.gate.desired.outputs = (OutputState(id="main", clusters=(cluster("c", TAN_LAP),)),)
    house.alarm.desire(house.gate.desired)
    house.pass_time(1)
    moved_away = house.order()
    house.gate.desired.outputs = house.outputs
    house.alarm.desire(house.gate.desired)

    assert moved_away is None
    assert ("finished", "not_targeted") in house.kinds()
