"""What the machine itself knows of the time, if it is honest about it: kernel, battery, boot id."""

import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path

TIME_ERROR = 5
STA_UNSYNC = 0x40


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), the fields that we read; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_char * 256),
    )


def kernel_error_s() -> float | None:
    """Return how wrong the kernel says its clock may be; None when it is not synchronised."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state in {-1, TIME_ERROR} or timex.status & STA_UNSYNC:
        return None
    return float(timex.maxerror) / 1e6


def system_now() -> datetime:
    """Return the system's wall clock, whatever it is worth."""
    return datetime.fromtimestamp(time.time(), UTC)


def battery_now(path: Path = Path("/sys/class/rtc/rtc0/since_epoch")) -> datetime | None:
    """Return the time of the battery clock; None without one."""
    try:
        return datetime.fromtimestamp(int(path.read_text(encoding="ascii")), UTC)
    except (OSError, ValueError, OverflowError):
        return None


def boot_id(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """Return what tells one boot from another; monotonic instants hold within one."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
