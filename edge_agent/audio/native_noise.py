"""Keeps the native sound libraries from writing on our stderr.

Looking for devices, ALSA and JACK print some 80 lines about cards that are not there: at every
try, for as long as a device is lost. What matters comes back as an error and is logged once.
"""

import contextlib
import ctypes

ALSA_HANDLER = ctypes.CFUNCTYPE(
    None,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_char_p,
)
JACK_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


def _ignore(*_: object) -> None:
    """Say nothing."""


IGNORE_ALSA = ALSA_HANDLER(_ignore)  # kept for ever: the libraries hold their addresses
IGNORE_JACK = JACK_HANDLER(_ignore)


def hush() -> None:
    """Silence both libraries, where they are there. May be called again."""
    with contextlib.suppress(OSError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(IGNORE_ALSA)
    with contextlib.suppress(OSError):
        jack = ctypes.CDLL("libjack.so.0")
        jack.jack_set_error_function(IGNORE_JACK)
        jack.jack_set_info_function(IGNORE_JACK)
