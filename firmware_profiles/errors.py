"""What can be wrong with a profile, said in Vietnamese and English; each names the file and key."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One thing wrong: `file` (`devices/x.toml`), dotted `key` (empty: whole file), and why."""

    file: str
    key: str
    vi: str
    en: str


class ProfileError(Exception):
    """Anything wrong with a profile; `vi` and `en` are whole sentences to show to people."""

    vi: str
    en: str

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi, en)
        self.vi = vi
        self.en = en

    def __str__(self) -> str:
        return f"{self.vi} / {self.en}"


class ProfileMissing(ProfileError):  # our errors say what is wrong
    """No device model has this name; `known` are the names there are, sorted."""

    def __init__(self, name: str, folder: Path, known: tuple[str, ...]) -> None:
        names = ", ".join(known)
        super().__init__(
            f"Không có mẫu thiết bị “{name}” trong {folder}; có: {names}.",
            f'No device profile "{name}" in {folder}; there are: {names}.',
        )
        self.name = name
        self.folder = folder
        self.known = known


class ProfileInvalid(ProfileError):  # our errors say what is wrong
    """A profile file breaks the rules; `problems` holds every fault found, never empty."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            " ".join(f"{p.file}: {f'khóa “{p.key}”: ' if p.key else ''}{p.vi}." for p in problems),
            " ".join(f"{p.file}: {f'key {p.key}: ' if p.key else ''}{p.en}." for p in problems),
        )
        self.problems = problems
