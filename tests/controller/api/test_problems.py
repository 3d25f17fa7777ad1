"""RFC 9457: whatever goes wrong, programs get a problem document with a sentence for people."""

import io
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from controller.web.api import PUBLIC, allow
from tests.controller.api.world import World
from tests.controller.cast import AN_BINH


def read(answer: TestResponse, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.get_json(force=True)
    assert body["status"] == status
    assert body["type"].startswith("urn:truyenthanh:")
    assert body["vi"]
    assert body["en"]
    return body


def test_an_unknown_address(world: World) -> None:
    read(world.call("an", "GET", "/nowhere"), 404)


def test_an_unknown_method_tells_the_known_ones(world: World) -> None:
    answer = world.call("an", "PUT", "/library")

    read(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_missing_token_says_how_to_bring_one(world: World) -> None:
    answer = world.call("", "GET", "/library")

    read(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_missing_object_and_a_missing_right_in_both_languages(world: World) -> None:
    missing = read(world.call("an", "GET", "/programmes/p-none"), 404)
    refused = read(world.call("tech", "POST", "/programmes", json={}), 403)

    assert missing["code"] == "missing"
    assert missing["vi"] == "Không tìm thấy chương trình p-none"
    assert refused["code"] == "forbidden"


def test_wrong_fields_are_named(world: World) -> None:
    body = read(world.call("an", "POST", "/programmes", json={"title": 5, "x": 1}), 422)

    assert {one["field"] for one in body["errors"]} == {"area_id", "title", "x"}


@pytest.mark.parametrize("sent", [b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b"[" * 100_000])
def test_what_is_no_json_object(world: World, sent: bytes) -> None:
    answer = world.call("an", "POST", "/programmes", data=sent, content_type="application/json")

    read(answer, 422)


def test_a_body_that_is_too_large(world: World) -> None:
    answer = world.call("an", "POST", "/programmes", json={"title": "x" * 2_000_000})

    read(answer, 413)


def test_an_upload_that_is_no_sound_is_refused_with_the_librarys_sentence(world: World) -> None:
    form = {"area_id": AN_BINH, "title": "2026", "kind": "music"}
    answer = world.call(
        "an", "POST", "/library", data=form | {"file": (io.BytesIO(b"not audio"), "a.mp3")}
    )

    assert read(answer, 422)["code"] == "not_audio"


def test_the_language_of_the_title_is_the_askers(world: World) -> None:
    client = world.app.test_client()

    english = client.get("/api/v1/library", headers={"Accept-Language": "en"}).get_json(force=True)
    vietnamese = client.get("/api/v1/library").get_json(force=True)

    assert english["title"] == english["en"]
    assert vietnamese["title"] == vietnamese["vi"]


def test_a_bug_tells_nothing_and_is_written_down(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @allow(PUBLIC)
    def broken() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/api/v1/broken", "broken", broken)

    answer = app.test_client().get("/api/v1/broken")

    read(answer, 500)
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


def test_too_many_requests(world: World) -> None:
    for _ in range(6):
        body = {"login": "an", "password": "sai"}
        answer = world.call("", "POST", "/tokens", json=body)

    assert read(answer, 429)["code"] == "too_many_attempts"
    assert int(answer.headers["Retry-After"]) >= 1


def test_an_upload_beyond_the_setting_is_refused(world: World) -> None:
    held = world.app.extensions["truyenthanh.access"]
    world.app.extensions["truyenthanh.access"] = replace(held, upload_max_bytes=5000)
    form = {"area_id": AN_BINH, "title": "Nhạc", "kind": "music"}

    answer = world.call(
        "an", "POST", "/library", data=form | {"file": (io.BytesIO(b"x" * 6000), "a.mp3")}
    )

    read(answer, 413)
