"""The words that are said: Vietnamese in full by the normaliser, other languages as written.

Pure. What people wrote is read by the dictionaries of the area that speaks; our own words by the
shipped dictionary alone, so that no entry of anybody turns a drill into something else (R19).
"""

from controller.errors import Invalid
from controller.library.reading import Reading
from controller.speech import Spoken, normalise

_AS_SHIPPED = Reading()
LONGEST_SAID = 4000
"""What a message takes (`wire.message.Text`)."""


class Announcer:
    """Says texts as an area has them read, and remembers what it read."""

    def __init__(self, reading: Reading = _AS_SHIPPED) -> None:
        self._reading = reading
        self._read: list[Spoken] = []

    @property
    def read(self) -> tuple[Spoken, ...]:
        """Return what people wrote and how it was read, with what could not be."""
        return tuple(self._read)

    def theirs(self, text: str, language: str) -> str:
        """Return what people wrote in the words that are said."""
        if not is_vietnamese(language):
            return text
        spoken = self._reading.normalised(text)
        self._read.append(spoken)
        return spoken.text

    def ours(self, text: str, language: str) -> str:
        """Return words of ours as they are said, whatever the dictionary of an area holds."""
        return normalise(text, self._reading.settings).text if is_vietnamese(language) else text


def is_vietnamese(language: str) -> bool:
    """Return whether a language tag means Vietnamese."""
    return language.partition("-")[0] == "vi"


def require_sayable(texts: dict[str, str]) -> None:
    """Raise Invalid where the words for a text are more than a message takes."""
    if any(len(text) > LONGEST_SAID for text in texts.values()):
        raise Invalid(
            field="texts",
            why_vi=f"đọc thành lời thì dài quá {LONGEST_SAID} chữ; hãy viết ngắn lại",
            why_en=f"is over {LONGEST_SAID} letters when read in words; write less",
        )
