"""What a device can measure of itself: read from /proc and /sys, absent when not there."""

import glob
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from firmware_profiles import Sensor


def measure(folder: Path, sensors: Iterable[Sensor] = ()) -> dict[str, float]:
    """Return measurements, their units in their names. Never raises."""
    found: dict[str, float | None] = {
        "uptime_s": _first_number(Path("/proc/uptime")),
        "load1": os.getloadavg()[0],
        "memory_free_mib": _memory_mib(),
        "agent_rss_mib": _own_mib(),
        "disk_free_percent": _disk_percent(folder),
    }
    for sensor in sensors:
        if sensor.path is not None:
            found[f"{sensor.kind}_{sensor.unit}"] = _sensor(sensor.path, sensor.scale)
    return {name: value for name, value in found.items() if value is not None}


def _first_number(path: Path) -> float | None:
    try:
        return float(path.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _memory_mib() -> float | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return next((round(int(kib) / 1024, 1) for kib in found), None)


def _own_mib() -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def _disk_percent(folder: Path) -> float | None:
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return None
    return round(100 * disk.free / disk.total, 1)


def _sensor(pattern: str, scale: float) -> float | None:
    paths = sorted(glob.glob(pattern))  # noqa: PTH207 - an absolute pattern
    value = _first_number(Path(paths[0])) if paths else None
    return None if value is None else round(value * scale, 3)
