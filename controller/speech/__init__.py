"""Vietnamese read aloud: a written text becomes the words that are spoken. Pure."""

from controller.speech.dictionary import Dictionary, Entry, LineBad, layers, parse, shipped
from controller.speech.normalise import normalise
from controller.speech.ordinary import is_ordinary
from controller.speech.settings import Region, Settings, settings_of
from controller.speech.spoken import Span, SpeechWarning, Spoken
from controller.speech.tokens import folded as same_signs

__all__ = [
    "Dictionary",
    "Entry",
    "LineBad",
    "Region",
    "Settings",
    "Span",
    "SpeechWarning",
    "Spoken",
    "is_ordinary",
    "layers",
    "normalise",
    "parse",
    "same_signs",
    "settings_of",
    "shipped",
]
