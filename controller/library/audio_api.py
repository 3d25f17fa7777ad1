"""`GET /audio/{sha256}`: the bytes of an asset, for devices and for listening in the console.

The content is public: whoever knows the hash may have it, and it proves itself by it. It never
changes, so everybody may keep it for ever. Range and If-Range let a device resume.
"""

from flask import Blueprint, Response, request, send_file

from controller.library.errors import AssetMissing
from controller.library.store import AssetStore
from controller.web.problems import handle_problems, problem

YEAR_S = 31_536_000


def make_audio_api(store: AssetStore) -> Blueprint:
    """Return the blueprint that serves the assets of a store."""
    api = Blueprint("audio", __name__)

    @api.get("/audio/<sha256>")
    def audio(sha256: str) -> Response:
        return _served(store, sha256)

    handle_problems(api)
    return api


def _served(store: AssetStore, sha256: str) -> Response:
    if not store.has(sha256):
        missing = AssetMissing(sha256=sha256[:64])
        return problem(404, missing.code, missing.vi, missing.en)
    answer = send_file(
        store.path(sha256).resolve(),
        mimetype="audio/ogg",
        conditional=True,
        etag=sha256,
        max_age=YEAR_S,
    )
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    answer.headers.pop("Last-Modified", None)  # the ETag says more; a rename may change the date
    if request.method == "HEAD":
        answer.headers["Accept-Ranges"] = "bytes"
    return answer
