"""The shape of a profile: frozen values with units in their names, and the rules between them.

No number has a default here: each stands in a TOML file beside its source.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from firmware_profiles.fields import GpioPin, Identifier, Line, Milliseconds, Part, broken
from firmware_profiles.wake import DtmfWake, NoWake, RdsWake


class OutputProfile(Part):
    """One stream of sound of the device, as its driver must open it.

    `device` is a part of the PortAudio device name; `channel` (0-based) is the one channel of the
    card that this output feeds, or None for all; `buffer_ms` is the sound queued at the device,
    `latency_ms` what lies behind that buffer before it is heard (measured; 0 where unknown).
    An addressed output calls the clusters named by a slot; otherwise all its clusters sound.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
    driver: Literal["portaudio", "wav", "silent"]
    device: Line | None = None
    channel: Annotated[int, Field(ge=0, le=31)] | None = None
    sample_rate_hz: Literal[8000, 16000, 24000, 32000, 44100, 48000, 96000]
    channels: Annotated[int, Field(ge=1, le=32)]
    buffer_ms: Annotated[int, Field(ge=5, le=2000)]
    latency_ms: Annotated[int, Field(ge=0, le=500)] = 0
    format: Literal["s16", "s24", "s32", "f32"]
    cluster_kind: Literal["ip", "fm", "wired"]
    max_clusters: Annotated[int, Field(ge=1, le=999)]
    addressed: bool
    wake: Annotated[NoWake | RdsWake | DtmfWake, Field(discriminator="method")]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.driver == "portaudio") != (self.device is not None):
            raise broken(
                "device phải có với driver portaudio, và chỉ với nó",
                "device goes with the driver portaudio, and only with it",
            )
        if self.channel is not None and self.channel >= self.channels:
            raise broken(
                f"channel = {self.channel} nhưng thẻ chỉ có {self.channels} kênh (đếm từ 0)",
                f"channel = {self.channel} but the card has {self.channels} channels (from 0)",
            )
        if self.addressed and self.wake.method == "none":
            raise broken(
                "ngõ ra gọi theo địa chỉ cần wake là rds hoặc dtmf",
                "an addressed output needs a wake method, rds or dtmf",
            )
        return self


class AmplifierRelay(Part):
    """The relay that feeds the amplifier: on `warm_up_ms` before sound, off after the release."""

    gpio_pin: GpioPin
    active_high: bool
    warm_up_ms: Milliseconds
    release_after_ms: Milliseconds


class PanicInput(Part):
    """The local emergency input: a button on a pin (to ground), or a file that appears.

    It must be held for `hold_ms`; a relative `file` lies in the agent's own data folder.
    """

    gpio_pin: GpioPin | None = None
    file: Line | None = None
    hold_ms: Milliseconds

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.gpio_pin is None) == (self.file is None):
            raise broken("cần đúng một: gpio_pin hoặc file", "give one of gpio_pin and file")
        return self


class Sensor(Part):
    """Something the device can measure: `value = raw * scale` in `unit`.

    Read from a file (`path`, may hold `*`) or from a pin (0 or 1). A sensor that is not there is
    reported as absent, never as zero.
    """

    kind: Literal["mains", "battery", "temperature", "undervoltage", "amplifier_current"]
    path: Annotated[str, Field(pattern=r"^/sys/")] | None = None
    gpio_pin: GpioPin | None = None
    scale: Annotated[float, Field(gt=0)]
    unit: Literal["bool", "celsius", "mv", "ma"]

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.path is None) == (self.gpio_pin is None):
            raise broken("cần đúng một: path hoặc gpio_pin", "give one of path and gpio_pin")
        return self


class VolumeLaw(Part):
    """Gain relative to full scale: the settable range, the first value, and that of emergencies."""

    min_db: Annotated[float, Field(ge=-96, le=0)]
    max_db: Annotated[float, Field(ge=-96, le=0)]
    default_db: float
    forced_db: float
    ramp_ms: Annotated[int, Field(ge=0, le=5000)]

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.min_db <= self.default_db <= self.forced_db <= self.max_db:
            raise broken(
                "phải có min_db <= default_db <= forced_db <= max_db",
                "min_db <= default_db <= forced_db <= max_db must hold",
            )
        return self


class CacheLimits(Part):
    """How much audio the device keeps: at most `max_bytes`, and always a part of the disk free."""

    max_bytes: Annotated[int, Field(ge=16 * 2**20)]
    keep_free_percent: Annotated[int, Field(ge=5, le=50)]


class ClockFacts(Part):
    """Whether a battery clock is fitted, and how far the clock may wander without a source."""

    rtc: bool
    holdover_ppm: Annotated[float, Field(gt=0, le=500)]


class Requirements(Part):
    """The least memory and storage with which the agent is expected to work."""

    memory_mib: Annotated[int, Field(ge=64)]
    storage_mib: Annotated[int, Field(ge=256)]


class Profile(Part):
    """One device model, complete; `id` is the name of its file."""

    id: Identifier
    title_vi: Line
    title_en: Line
    notes_vi: Line
    notes_en: Line
    network: Literal["ethernet", "wifi", "4g", "none"]
    outputs: tuple[OutputProfile, ...]
    amplifier: AmplifierRelay | None = None
    panic_input: PanicInput | None = None
    sensors: tuple[Sensor, ...]
    reserved_gpio_pins: tuple[GpioPin, ...]
    volume: VolumeLaw
    cache: CacheLimits
    clock: ClockFacts
    watchdog_seconds: Annotated[int, Field(ge=2, le=120)]
    requirements: Requirements

    @model_validator(mode="after")
    def _names_each_output_once(self) -> Self:
        ids = [output.id for output in self.outputs]
        if not ids:
            raise broken("cần ít nhất một ngõ ra", "at least one output is needed")
        if len(set(ids)) < len(ids):
            raise broken("hai ngõ ra trùng id", "two outputs have the same id")
        return self

    @model_validator(mode="after")
    def _uses_each_pin_once(self) -> Self:
        pins = list(self.reserved_gpio_pins)
        parts = (self.amplifier, self.panic_input, *self.sensors)
        pins += [part.gpio_pin for part in parts if part and part.gpio_pin is not None]
        twice = sorted({pin for pin in pins if pins.count(pin) > 1})
        if twice:
            raise broken(f"chân GPIO dùng hai lần: {twice}", f"GPIO pins used twice: {twice}")
        return self
