"""What each device model is, as data: one TOML file a model and the loader that checks it.

Nothing is read when this package is imported, and it imports neither program.
"""

from firmware_profiles.errors import Problem, ProfileError, ProfileInvalid, ProfileMissing
from firmware_profiles.loader import load_profile, profile_names
from firmware_profiles.models import (
    AmplifierRelay,
    CacheLimits,
    ClockFacts,
    OutputProfile,
    PanicInput,
    Profile,
    Requirements,
    Sensor,
    VolumeLaw,
)
from firmware_profiles.wake import DtmfWake, NoWake, RdsWake

__all__ = [
    "AmplifierRelay",
    "CacheLimits",
    "ClockFacts",
    "DtmfWake",
    "NoWake",
    "OutputProfile",
    "PanicInput",
    "Problem",
    "Profile",
    "ProfileError",
    "ProfileInvalid",
    "ProfileMissing",
    "RdsWake",
    "Requirements",
    "Sensor",
    "VolumeLaw",
    "load_profile",
    "profile_names",
]
