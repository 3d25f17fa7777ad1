"""How sleeping receivers behind an output are opened and addressed before a programme."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from firmware_profiles.fields import Line, Milliseconds, Part, broken


class NoWake(Part):
    """The clusters of this output need no call: they sound whatever is played."""

    method: Literal["none"]


class RdsWake(Part):
    """Receivers are opened and addressed by RDS groups of the FM transmitter (IEC 62106).

    `lead_ms` is how long before the sound the groups start. Code "0000" means "not assigned":
    the site's own value must be filled in before anything may be woken.
    """

    method: Literal["rds"]
    lead_ms: Milliseconds
    group: Annotated[str, Field(pattern=r"^(1[0-5]|[0-9])[AB]$")]
    repeats: Annotated[int, Field(ge=1, le=100)]
    pi_code: Annotated[str, Field(pattern=r"^[0-9A-F]{4}$")]
    application_id: Annotated[str, Field(pattern=r"^[0-9A-F]{4}$")]
    alternative_frequencies_mhz: tuple[Annotated[float, Field(ge=54, le=108)], ...]
    encoder_serial_port: Line
    encoder_baud: Annotated[int, Field(ge=1200, le=115_200)]

    @property
    def is_assigned(self) -> bool:
        """Whether the site has filled in its own codes."""
        return "0000" not in (self.pi_code, self.application_id)


class DtmfWake(Part):
    """Receivers are opened and addressed by dual tones in the sound itself (ITU-T Q.23).

    The first call starts `lead_ms` before the programme, each further one `call_ms` earlier.
    `everyone` is the address all receivers answer to, so that a whole commune is one call;
    `level_db` is that of each of the two tones, relative to full scale.
    """

    method: Literal["dtmf"]
    lead_ms: Milliseconds
    tone_ms: Annotated[int, Field(ge=40, le=1000)]  # ITU-T Q.24: 40 ms must be recognised
    gap_ms: Annotated[int, Field(ge=40, le=1000)]  # as above
    address_digits: Annotated[int, Field(ge=1, le=8)]
    everyone: Annotated[str, Field(pattern=r"^[0-9A-D*#]{1,8}$")]
    open_prefix: Annotated[str, Field(pattern=r"^[0-9A-D*#]{0,8}$")]
    close_code: Annotated[str, Field(pattern=r"^[0-9A-D*#]{1,8}$")]
    repeats: Annotated[int, Field(ge=1, le=5)]
    level_db: Annotated[float, Field(ge=-40, le=0)]

    @property
    def call_ms(self) -> int:
        """How long calling one address takes, repeats included."""
        digits = len(self.open_prefix) + self.address_digits
        return digits * (self.tone_ms + self.gap_ms) * self.repeats

    @model_validator(mode="after")
    def _everyone_is_an_address(self) -> Self:
        if len(self.everyone) != self.address_digits:
            raise broken(
                f"everyone phải dài {self.address_digits} chữ số như address_digits",
                f"everyone must have {self.address_digits} digits, as address_digits says",
            )
        return self

    @model_validator(mode="after")
    def _one_call_fits(self) -> Self:
        if self.call_ms > self.lead_ms:
            raise broken(
                f"một lượt gọi dài {self.call_ms} ms, quá lead_ms = {self.lead_ms}",
                f"one call takes {self.call_ms} ms, more than lead_ms = {self.lead_ms}",
            )
        return self
