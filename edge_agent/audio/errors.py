"""What can go wrong with sound. Each error carries its facts and builds its own sentence."""

from pathlib import Path


class AudioError(Exception):
    """The root of this package's errors."""


class FileMissing(AudioError):
    """An audio file cannot be opened."""

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"Thiếu tệp âm thanh / audio file missing: {path.name} ({why})")


class FileDamaged(AudioError):
    """An audio file is not the one that was promised."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"Tệp hỏng, không phát / file damaged, not played: {path.name}")


class DecoderDied(AudioError):
    """The decoding process ended before its time."""

    def __init__(self, returncode: int | None) -> None:
        self.returncode = returncode
        super().__init__(f"Bộ giải mã dừng / decoder died: {returncode}")


class DeviceFailed(AudioError):
    """The sound device refused to open or to take sound."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"Thiết bị âm thanh lỗi / sound device failed: {why}")


class DeviceMissing(DeviceFailed):
    """No sound device has the wanted name."""

    def __init__(self, wanted: str, present: tuple[str, ...]) -> None:
        self.wanted, self.present = wanted, present
        super().__init__(f"không có / none called {wanted!r}; có / there is {', '.join(present)}")
