"""What a browser is told to allow, the secret that signs its forms, and CSRF for every page.

`/api/`, `/audio/` and `/cap/` are not pages: a token or the hash is the right there, or what is
there is for everybody; no cookie is read.
"""

import secrets
from pathlib import Path

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from controller.config import Config

UPLOADS = frozenset({"library.upload_post"})
ORDINARY_BYTES = 1_000_000
NOT_PAGES = ("/api/", "/audio/", "/cap/")
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "style-src 'self' 'nonce-{nonce}'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)


def secure(app: Flask, config: Config) -> None:
    """Put the rules of this module on an app that listens on loopback, behind a proxy or none."""
    proxied = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
    app.wsgi_app = proxied  # type: ignore[method-assign] # the way that Flask documents
    app.secret_key = secret_key(config)
    app.config.update(
        SESSION_COOKIE_NAME="tt_forms",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may lie open over lunch
    )
    csrf = CSRFProtect(app)

    @app.before_request
    def check_csrf() -> None:
        if is_page():
            is_upload = request.endpoint in UPLOADS
            request.max_content_length = config.upload_max_bytes if is_upload else ORDINARY_BYTES
            csrf.protect()

    app.after_request(_headers)
    app.jinja_env.globals["csp_nonce"] = nonce


def is_page() -> bool:
    """Return whether this request is for a page and not for the JSON API or for audio."""
    return not request.path.startswith(NOT_PAGES)


def nonce() -> str:
    """Return the word that allows a style made by our own scripts in this answer."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _headers(answer: Response) -> Response:
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    if is_page():
        answer.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce())
        answer.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def secret_key(config: Config) -> str:
    """Return the configured secret, or one that is made once and kept in the data folder."""
    if config.secret_key:
        return config.secret_key.get_secret_value()
    file = config.data_dir / "secret_key"
    if not file.exists():
        _write_private(file, secrets.token_urlsafe(48))
    return file.read_text(encoding="utf-8")


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(file)
