"""Makes the stages of a device: one for every output of its profile, each with its player."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge_agent.audio.outputs import DriverChoice, make_driver
from edge_agent.audio.player import OutputPlayer
from edge_agent.calls import Calls, Line
from edge_agent.events import Heard
from edge_agent.inbox import Inbox
from edge_agent.performance import Volume
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from firmware_profiles import DtmfWake, OutputProfile, Profile
from wire.down import Desired

SOONEST_S: Final = 0.25
"""Beyond the device's buffer, so long before its instant an order must be given to sound whole."""


def make_stages(
    folder: Path,
    profile: Profile,
    desired: Desired | None,
    inbox: Inbox,
    book: ReceiptBook,
    on_bad_file: Callable[[str], None],
    ready_at: Callable[[float], float],
) -> dict[str, Stage]:
    """Return stages by output id; a `wav` output writes `heard-<output>.wav` in `folder`.

    `ready_at` tells from which instant (monotonic) the amplifier is warm if switched on at one.
    """
    wanted = {output.id: output for output in desired.outputs} if desired else {}
    stages = {}
    for output in profile.outputs:
        state = wanted.get(output.id)
        player = _player(folder, profile, output, inbox, state.delay_ms if state else 0)
        volume_db = state.volume_db if state else profile.volume.default_db
        volume = Volume(profile.volume.min_db, profile.volume.max_db, volume_db)
        stages[output.id] = Stage(
            output.id,
            output.driver,
            player,
            book,
            volume,
            time.monotonic,
            on_bad_file,
            calls=_calls(output, player, book),
            ready_at=ready_at,
            wake_fault=_wake_fault(output),
        )
    return stages


def _calls(output: OutputProfile, player: OutputPlayer, book: ReceiptBook) -> Calls | None:
    if not (output.addressed and isinstance(output.wake, DtmfWake)):
        return None
    soonest_s = SOONEST_S + (output.buffer_ms + output.latency_ms) / 1000
    return Calls(Line(output.id, output.wake, soonest_s), player, book)


def _wake_fault(output: OutputProfile) -> str:
    """Return what is wrong with an output that should call its clusters by means we have not."""
    is_known = isinstance(output.wake, DtmfWake)
    return "wake_unsupported" if output.addressed and not is_known else ""


def _player(
    folder: Path, profile: Profile, output: OutputProfile, inbox: Inbox, delay_ms: int
) -> OutputPlayer:
    path = folder / f"heard-{output.id}.wav"
    choice = DriverChoice(output.driver, output.device or "default", path, output.latency_ms)
    driver = make_driver(choice)
    return OutputPlayer(
        output.id,
        driver,
        lambda event: inbox.post(Heard(output.id, event)),
        rate=output.sample_rate_hz,
        channels=output.channels,
        channel=output.channel,
        volume_ramp_ms=profile.volume.ramp_ms,
        buffer_ms=output.buffer_ms,
        delay_ms=delay_ms,
    )
