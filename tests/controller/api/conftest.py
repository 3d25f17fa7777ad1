"""The real web app over SQLite, tokens for everyone of the cast, and one of each thing."""

from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from controller.config import Config
from controller.db import Sessions, make_sessions
from controller.keys import Keyring
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.site import WebParts, make_web_app
from tests.controller.api.world import World, make_world


@pytest.fixture
def web_sessions(sqlite: Engine) -> Sessions:
    """Sessions on SQLite alone: the use cases are tried on both databases elsewhere."""
    return make_sessions(sqlite)


@pytest.fixture
def app(
    sqlite: Engine,
    web_sessions: Sessions,
    keyring: Keyring,
    config: Config,
    now: datetime,
    tmp_path: Path,
) -> Flask:
    """The app as `serve` makes it, with a voice that hums."""
    store = AssetStore(tmp_path / "assets")
    store.start()
    parts = WebParts(
        config=config,
        sessions=web_sessions,
        read_sessions=make_sessions(sqlite, read_only=True),
        keyring=keyring,
        store=store,
        reader=Reader(FakeVoice(), tmp_path / "speech"),
        clock=lambda: now,
    )
    made = make_web_app(parts)
    made.config["RATELIMIT_ENABLED"] = False
    return made


@pytest.fixture
def world(app: Flask, web_sessions: Sessions, now: datetime) -> World:
    """The cast with their things and tokens, committed."""
    with web_sessions.begin() as session:
        return make_world(app, session, now)
