"""The console and the JSON API of every subject, put together into one Flask app."""

from dataclasses import dataclass

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from controller.apis import register_apis
from controller.cap.vocabulary import read_vocabulary
from controller.config import Config
from controller.console import add_console
from controller.db import Clock, Sessions
from controller.keys import Keyring
from controller.library.audio_api import make_audio_api
from controller.library.speech import Reader
from controller.library.store import AssetStore
from controller.library.workshop import Workshop
from controller.people import second_factor
from controller.people.access import Access
from controller.people.brake import Brake
from controller.people.vault import give_vault
from controller.warnings.parts import install_warnings
from controller.warnings.public import make_public_cap
from controller.web.api import make_openapi
from controller.web.security import secret_key

PUBLIC_CAP = "240 per minute"
"""How often one address may ask for our alerts as CAP."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the web half needs of the rest; `clock` returns now, so that tests choose it."""

    config: Config
    sessions: Sessions
    read_sessions: Sessions
    keyring: Keyring
    store: AssetStore
    reader: Reader
    clock: Clock


def make_web_app(parts: WebParts) -> Flask:
    """Return the console and the JSON API."""
    app = make_openapi("Truyền Thanh")
    give_vault(parts.sessions, secret_key(parts.config))
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    register_apis(
        app,
        access=Access(parts.sessions, parts.read_sessions, parts.clock, Brake()),
        store=parts.store,
        reader=parts.reader,
        keyring=parts.keyring,
        config=parts.config,
        verify=second_factor.verify,
        limiter=limiter,
    )
    app.register_blueprint(make_audio_api(parts.store))
    public = make_public_cap(parts.config, parts.read_sessions, parts.clock)
    limiter.limit(PUBLIC_CAP)(public)
    app.register_blueprint(public)
    workshop = Workshop(parts.store, parts.reader, parts.config)
    install_warnings(app, read_vocabulary(parts.config.cap_tables))
    add_console(app, parts.config, limiter, workshop, parts.read_sessions)
    return app
