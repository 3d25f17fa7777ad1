import hashlib
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.library.audio_api import make_audio_api
from controller.library.store import AssetStore

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    store = AssetStore(tmp_path)
    store.start()
    with store.incoming() as incoming:
        incoming.write(CONTENT)
        incoming.keep()
    app = Flask("test")
    app.register_blueprint(make_audio_api(store))
    return app.test_client()


SHA256 = hashlib.sha256(CONTENT).hexdigest()
ADDRESS = f"/audio/{SHA256}"


def test_the_whole_file_may_be_kept_for_ever(client: FlaskClient) -> None:
    with client.get(ADDRESS) as answer:
        assert answer.status_code == 200
        assert answer.data == CONTENT
        assert answer.headers["ETag"] == f'"{SHA256}"'
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.mimetype == "audio/ogg"
        assert answer.cache_control.immutable
        assert answer.cache_control.max_age == 31_536_000


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=100-199", 100, 199), ("bytes=10000-", 10_000, 10_239), ("bytes=-5", 10_235, 10_239)],
)
def test_a_range_resumes_where_the_download_stopped(
    client: FlaskClient, asked: str, first: int, last: int
) -> None:
    with client.get(ADDRESS, headers={"Range": asked, "If-Range": f'"{SHA256}"'}) as answer:
        assert answer.status_code == 206
        assert answer.data == CONTENT[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_range_of_another_file_gets_the_whole_one(client: FlaskClient) -> None:
    with client.get(ADDRESS, headers={"Range": "bytes=5-9", "If-Range": '"other"'}) as answer:
        assert (answer.status_code, len(answer.data)) == (200, len(CONTENT))


def test_a_range_past_the_end_is_refused_with_the_length(client: FlaskClient) -> None:
    answer = client.get(ADDRESS, headers={"Range": "bytes=99999-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert answer.mimetype == "application/problem+json"


def test_head_tells_the_length_and_sends_nothing(client: FlaskClient) -> None:
    with client.head(ADDRESS) as answer:
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        assert answer.headers["Accept-Ranges"] == "bytes"


def test_who_has_it_already_gets_nothing(client: FlaskClient) -> None:
    with client.get(ADDRESS, headers={"If-None-Match": f'"{SHA256}"'}) as answer:
        assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("name", ["0" * 64, "x", "..%2F..%2Fetc%2Fpasswd", SHA256.upper()])
def test_what_is_not_there_is_a_problem_document(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/audio/{name}")

    assert answer.status_code == 404
    if answer.mimetype == "application/problem+json":
        assert answer.get_json(force=True)["code"] == "asset_missing"
