"""The kinds of values that profiles are made of, and how a rule between them complains."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

# Header pins of a Raspberry Pi by BCM number; 0 and 1 belong to the HAT's EEPROM
# (Raspberry Pi documentation, "GPIO and the 40-pin header").
GpioPin = Annotated[int, Field(ge=2, le=27)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=400)]
Milliseconds = Annotated[int, Field(ge=0, le=250_000)]  # products offer up to 250 s


class Part(BaseModel):
    """A frozen piece of a profile: unknown keys and values of another type are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def broken(vi: str, en: str) -> PydanticCustomError:
    """Return the error of a rule between values, with its reason in both languages."""
    # Braces in a message would be read as a template, so the sentences travel as context.
    return PydanticCustomError("profile_rule", "{en}", {"vi": vi, "en": en})
