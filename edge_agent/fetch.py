"""Getting one file over HTTPS: resumed with Range and If-Range, verified before it is believed."""

import errno
import hashlib
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent.errors import AssetUnavailable
from wire.enrolment import AUDIO_PATH
from wire.plan import Asset

if TYPE_CHECKING:
    import httpx

TIMEOUT_S: Final = 10.0
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Fetch = Callable[[str, Asset, Path, Callable[[], bool]], None]


class HttpFetch:
    """Fetches from `audio_url` + `/audio/{sha256}`. `tls` makes the context of each connection."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls

    def __call__(
        self, audio_url: str, asset: Asset, part: Path, is_stopped: Callable[[], bool]
    ) -> None:
        """Leave the complete, verified and synced file at `part`, or raise AssetUnavailable.

        What came before a break stays at `part` for the next time; what is wrong does not.
        """
        import httpx  # noqa: PLC0415 - a device that has all its files never pays for it

        url = f"{audio_url.rstrip('/').removesuffix(AUDIO_PATH.rstrip('/'))}{AUDIO_PATH}"
        try:
            with httpx.Client(verify=self._tls(), timeout=TIMEOUT_S, trust_env=False) as client:
                _download(client, f"{url}{asset.sha256}", asset, part, is_stopped)
            _verify(part, asset)
        except httpx.HTTPError as error:
            raise AssetUnavailable(asset.sha256, "network", repr(error)) from error
        except OSError as error:
            code = "disk_full" if error.errno in FULL else "disk"
            raise AssetUnavailable(asset.sha256, code, str(error)) from error


def _download(
    client: "httpx.Client", url: str, asset: Asset, part: Path, is_stopped: Callable[[], bool]
) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have == asset.bytes:
        return
    headers = {"Accept-Encoding": "identity"}
    if 0 < have < asset.bytes:
        headers |= {"Range": f"bytes={have}-", "If-Range": f'"{asset.sha256}"'}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code not in {200, 206}:
            raise AssetUnavailable(asset.sha256, f"http_{answer.status_code}", url)
        goes_on = answer.status_code == 206 and "Range" in headers
        if goes_on and not _begins_at(answer.headers.get("Content-Range", ""), have):
            raise AssetUnavailable(asset.sha256, "bad_range", url)
        _write(answer, asset, part, have if goes_on else 0, is_stopped)


def _write(
    answer: "httpx.Response", asset: Asset, part: Path, have: int, is_stopped: Callable[[], bool]
) -> None:
    with part.open("ab" if have else "wb") as file:
        try:
            for block in answer.iter_raw():
                have += len(block)
                if have > asset.bytes or is_stopped():
                    break
                file.write(block)
        finally:
            file.flush()
            os.fsync(file.fileno())
    if have > asset.bytes:
        part.unlink(missing_ok=True)
        raise AssetUnavailable(asset.sha256, "too_long", f"more than {asset.bytes} bytes")
    if have < asset.bytes:
        raise AssetUnavailable(asset.sha256, "broken_off", f"{have} of {asset.bytes} bytes")


def holds(path: Path, sha256: str) -> bool:
    """Return whether a file is there and has the promised SHA-256."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _verify(part: Path, asset: Asset) -> None:
    if not holds(part, asset.sha256):
        part.unlink(missing_ok=True)
        raise AssetUnavailable(asset.sha256, "damaged", "other bytes than promised")


def _begins_at(content_range: str, have: int) -> bool:
    return content_range.startswith(f"bytes {have}-")
