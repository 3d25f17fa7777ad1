"""Vietnamese read aloud: a written text becomes the words that are spoken. Pure."""

from controller.speech.dictionary import Dictionary, Entry, LineBad, layers, parse, shipped
from controller.speech.normalise import normalise
from controller.speech.settings import Region, Settings, settings_of
from controller.speech.spoken import Span, SpeechWarning, Spoken

__all__ = [
    "Dictionary",
    "Entry",
    "LineBad",
    "Region",
    "Settings",
    "Span",
    "SpeechWarning",
    "Spoken",
    "layers",
    "normalise",
    "parse",
    "settings_of",
    "shipped",
]
