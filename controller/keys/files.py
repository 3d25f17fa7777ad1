"""Secret files: written whole or not at all, readable by their owner only.

Where the folder is opened to its group (0750), what the web half needs (`SHARED`) is readable by
the group too; roots, the drill and the alert key stay their owner's alone.
"""

import os
import tempfile
from pathlib import Path

from controller.keys.errors import KeyClosed

FOLDER_MODE = 0o700
FILE_MODE = 0o600
SHARED_FOLDER_MODE = 0o750
SHARED_FILE_MODE = 0o640
SHARED = ("trust.json", "ca.pem", "ca.key", "server.pem", "server.key", "programme-")
"""Names, or how they begin, of what signs no alert: enrolment, TLS servers, plans."""


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)


def read_private(path: Path) -> bytes:
    """Return what is in a file; `KeyClosed` where this process may not."""
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise KeyClosed(name=path.name) from error


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once: temporary file, fsync, rename, fsync of the folder.

    Its mode is 0600, or 0640 for what is shared in a shared folder. Raises `KeyClosed`.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except PermissionError as error:
        raise KeyClosed(name=path.name) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _mode_of(path))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def exposed_files(folder: Path) -> tuple[str, ...]:
    """Return the names that more people than they should may read or write; empty is right."""
    allowed = {folder: SHARED_FOLDER_MODE if _is_shared(folder) else FOLDER_MODE}
    allowed |= {path: _mode_of(path) for path in sorted(folder.iterdir())}
    return tuple(path.name for path, mode in allowed.items() if path.stat().st_mode & 0o77 & ~mode)


def _mode_of(path: Path) -> int:
    is_for_group = path.name.startswith(SHARED) and _is_shared(path.parent)
    return SHARED_FILE_MODE if is_for_group else FILE_MODE


def _is_shared(folder: Path) -> bool:
    return folder.stat().st_mode & 0o777 == SHARED_FOLDER_MODE


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
