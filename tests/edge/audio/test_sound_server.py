"""The real thing: PyAudio into a PulseAudio of our own, and what its loudspeaker gave."""

import time
from collections.abc import Callable, Iterator

import pytest

from edge_agent.audio.events import (
    DriverBack,
    DriverLost,
    OrderFinished,
    OrderStarted,
)
from edge_agent.audio.player import OutputPlayer
from edge_agent.audio.portaudio import PortAudioDriver
from edge_agent.audio.sources import PlayOrder, TonePart
from tests.edge.audio.conftest import Ear, MakeFile, SoundServer, Told

SETTLED_S = 2.3  # a fresh null sink stands still for almost two seconds


@pytest.fixture
def player(sound_server: SoundServer, told: Told) -> Iterator[OutputPlayer]:
    output = OutputPlayer("out", PortAudioDriver("pulse"), told)
    output.start()
    yield output
    sound_server.thaw()
    output.stop()


def test_a_file_is_heard_at_its_instant(
    player: OutputPlayer, told: Told, ear: Ear, make_file: MakeFile
) -> None:
    part = make_file(seconds=1)
    order = PlayOrder("slot", time.monotonic() + SETTLED_S, None, (part,))

    player.prepare(order)
    player.play(order)
    told.wait(OrderFinished)
    time.sleep(0.3)

    [(begin, end)] = ear.sounds()
    assert abs(begin - order.start_at) < 0.02
    assert end - begin == pytest.approx(1.0, abs=0.05)
    assert told.wait(OrderStarted).at == pytest.approx(order.start_at, abs=0.005)


def test_a_siren_pre_empts_within_a_tenth_of_a_second(
    player: OutputPlayer, told: Told, ear: Ear
) -> None:
    """R2: from the order to the sound, while a programme plays."""
    time.sleep(SETTLED_S)
    start = time.monotonic()
    quiet = TonePart("test", 10_000, gain_db=-30)
    player.play(PlayOrder("routine", start, None, (quiet,)))
    time.sleep(0.5)

    ordered_at = time.monotonic()
    player.play(PlayOrder("alert", ordered_at, None, (TonePart("siren", 500),)))
    told.wait(OrderFinished, number=2)
    time.sleep(0.2)

    loud = ear.sounds(level=5_000)
    assert loud[0][0] - ordered_at < 0.25  # 0.08 s on an idle machine: the bench holds it to 0.1
    assert [e.id for e in told.all(OrderFinished)] == ["routine", "alert"]


def test_a_frozen_sound_server_is_reported_and_the_order_goes_on_at_its_place(
    player: OutputPlayer,
    told: Told,
    ear: Ear,
    sound_server: SoundServer,
    make_file: MakeFile,
) -> None:
    part = make_file(seconds=6, beeps=(0.5, 5.0))
    start = time.monotonic()
    player.play(PlayOrder("slot", start, None, (part,)))
    time.sleep(1)

    sound_server.freeze()
    told.wait(DriverLost)
    sound_server.thaw()
    told.wait(DriverBack)
    told.wait(OrderFinished)
    time.sleep(0.3)

    assert time.monotonic() - start < 60
    beeps = [begin for begin, _ in ear.sounds()]
    assert beeps[-1] - start == pytest.approx(5.0, abs=0.05)


def test_a_killed_sound_server_is_reported_and_found_again(
    player: OutputPlayer,
    told: Told,
    sound_server: SoundServer,
    new_ear: Callable[[], Ear],
    make_file: MakeFile,
) -> None:
    part = make_file(seconds=9, beeps=(8.0,))
    start = time.monotonic()
    player.play(PlayOrder("slot", start, None, (part,)))
    time.sleep(0.5)

    sound_server.kill()
    lost = told.wait(DriverLost)
    sound_server.start()
    back = told.wait(DriverBack)
    again = new_ear()
    told.wait(OrderFinished, 30)
    time.sleep(0.3)
    beeps = again.sounds()

    assert lost.reason
    assert back.after_s > 0
    assert beeps[0][0] - start == pytest.approx(8.0, abs=0.05)


def test_stopping_takes_at_most_a_second_with_the_sound_server_frozen(
    player: OutputPlayer, told: Told, sound_server: SoundServer
) -> None:
    player.play(PlayOrder("slot", time.monotonic(), None, (TonePart("siren", 60_000),)))
    told.wait(OrderStarted)
    sound_server.freeze()
    time.sleep(0.3)

    began = time.monotonic()
    player.stop()
    player.stop()

    assert time.monotonic() - began < 2.0  # 0.8 s each way of a loaded machine
    assert told.wait(OrderFinished).reason == "stopped"


def test_a_player_whose_server_never_answers_says_so_and_ends_its_orders(
    sound_server: SoundServer, told: Told
) -> None:
    sound_server.freeze()
    output = OutputPlayer("out", PortAudioDriver("pulse"), told)
    output.start()
    output.play(PlayOrder("slot", time.monotonic(), None, (TonePart("siren", 1000),)))

    told.wait(DriverLost)
    finished = told.wait(OrderFinished)
    output.stop()
    sound_server.thaw()

    assert finished.played_ms == 0


def test_progress_stands_still_while_the_writer_is_held(
    player: OutputPlayer, sound_server: SoundServer
) -> None:
    before = player.progress()
    time.sleep(0.3)
    assert player.progress() > before

    sound_server.freeze()
    time.sleep(0.5)
    held = player.progress()
    time.sleep(0.5)

    assert player.progress() == held
