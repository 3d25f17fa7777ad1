"""The console on a seeded database: the cast, a station with its day, and somebody signed in."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cheroot.wsgi import Server
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from controller.config import Config
from controller.db import Sessions, make_engine, make_sessions
from controller.keys import Keyring
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.site import WebParts, make_web_app
from controller.tables import Base
from tests.console.seed import PASSWORD, seed

NOW = datetime(2026, 11, 2, 9, 58, tzinfo=UTC)
"""Monday 2 November 2026, 16:58 in An Bình: two minutes before the afternoon session."""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span


@dataclass(frozen=True)
class Console:
    """The app, what is below it, and the clock."""

    app: Flask
    config: Config
    sessions: Sessions
    keyring: Keyring
    clock: Clock


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys for Vietnam, made once."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    Keyring.create(folder, "vn", ("programme", "drill", "alert"), NOW)
    return folder


@pytest.fixture
def console(tmp_path: Path, made_keys: Path) -> Iterator[Console]:
    """The console over the seeded cast."""
    engine = make_engine(f"sqlite:///{tmp_path / 'tt.db'}")
    Base.metadata.create_all(engine)
    sessions, clock = make_sessions(engine), Clock()
    keyring = Keyring.open(made_keys)
    store = AssetStore(tmp_path / "assets")
    store.start()
    with sessions.begin() as session:
        seed(session, keyring, store, clock())
    parts = WebParts(
        config=Config.model_validate({"data_dir": tmp_path}),
        sessions=sessions,
        read_sessions=make_sessions(engine, read_only=True),
        keyring=keyring,
        store=store,
        reader=Reader(FakeVoice(), tmp_path / "speech"),
        clock=clock,
    )
    yield Console(make_web_app(parts), parts.config, sessions, keyring, clock)
    engine.dispose()


@pytest.fixture
def address(console: Console) -> Iterator[str]:
    """The console on a free port of this machine."""
    server = Server(("127.0.0.1", 0), console.app, numthreads=8)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    thread.join(timeout=10)


@pytest.fixture
def phone(chromium: Browser, address: str) -> Iterator[Page]:
    """A browser as small as a phone; it must ask nobody but the console, and log no error."""
    context = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=address)
    page, asked, errors = context.new_page(), set[str](), list[str]()
    page.on("request", lambda request: asked.add(request.url.split("?")[0]))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: _note(told.type, told.text, errors))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert errors == []


def _note(kind: str, text: str, errors: list[str]) -> None:
    """Remember what went wrong; that the server refused something is the test's business."""
    if kind == "error" and "Failed to load resource" not in text and "Response Status" not in text:
        errors.append(text)


def csrf(client: FlaskClient) -> str:
    """Return the token of the sign-in form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert found
    return found[1]


def signed_in(console: Console, login: str) -> FlaskClient:
    """Return a client with the session of one of the cast."""
    client = console.app.test_client()
    form = {"login": login, "password": PASSWORD, "csrf_token": csrf(client)}
    assert client.post("/sign-in", data=form).status_code == 303
    return client
