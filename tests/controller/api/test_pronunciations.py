"""The dictionary over the JSON API: the day of a program that keeps one in step."""

import pytest

from tests.controller.api.world import World
from tests.controller.cast import AN_BINH, TAN_LAP

PATH = "/pronunciations"
ENTRY = {"area_id": AN_BINH, "written": "KXQ", "spoken": "khu xóm Quán", "kind": "name"}


def test_an_entry_is_added_found_changed_and_removed(world: World) -> None:
    made = world.call("an", "POST", PATH, json=ENTRY)
    own = f"{PATH}/{made.json['id']}"  # type: ignore[index] # a JSON object came
    found = world.call("an", "GET", PATH, query_string={"area_id": AN_BINH, "search": "xom quan"})
    changed = world.call("binh", "PUT", own, json={"spoken": "khu Quán", "kind": "acronym"})

    assert made.status_code == 201
    assert [one["written"] for one in found.json["items"]] == ["KXQ"]  # type: ignore[index] # a JSON object
    assert changed.json["spoken"] == "khu Quán"  # type: ignore[index] # a JSON object
    assert changed.json["changed_by"] == "binh"  # type: ignore[index] # a JSON object
    assert world.call("an", "DELETE", own).status_code == 204
    assert world.call("an", "GET", own).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"spoken": "khu 3"}, 422, "invalid", "không dùng “3”: khu ba"),
        ({"written": "cấp 8"}, 422, "invalid", "từ hay số thường"),
        ({"written": "KQS"}, 409, "conflict", "đã có cách đọc của “KQS”"),
        ({"area_id": "vn-99"}, 404, "missing", "vn-99"),
        ({"area_id": TAN_LAP}, 403, "forbidden", "Bạn không có quyền"),
    ],
)
def test_a_refusal_is_a_problem_in_two_languages(
    world: World, change: dict[str, str], status: int, code: str, words: str
) -> None:
    refused = world.call("an", "POST", PATH, json=ENTRY | change)

    assert refused.status_code == status
    assert refused.mimetype == "application/problem+json"
    said = refused.get_json()
    assert said["type"] == f"urn:truyenthanh:{code}"
    assert words in said["vi"]
    assert said["en"] != said["vi"]


def test_what_waits_is_listed_and_dismissed(world: World) -> None:
    listed = world.call("an", "GET", f"{PATH}/unread", query_string={"area_id": AN_BINH})
    (word,) = listed.get_json()["items"]

    assert (word["text"], word["count"], word["example"]) == ("ABQ", 1, "Tin từ ABQ.")
    assert world.call("an", "DELETE", f"{PATH}/unread/{word['id']}").status_code == 204
    assert world.call("an", "GET", f"{PATH}/unread").get_json()["total"] == 0


def test_a_dictionary_goes_out_and_comes_in_as_csv(world: World) -> None:
    out = world.call("an", "GET", f"{PATH}/csv", query_string={"area_id": AN_BINH})
    text = out.get_data(as_text=True)

    taken = world.call("tan", "POST", f"{PATH}/csv", json={"area_id": TAN_LAP, "csv": text})
    refused = world.call(
        "tan", "POST", f"{PATH}/csv", json={"area_id": TAN_LAP, "csv": text + "KXQ,khu 3,name,\n"}
    )

    assert out.mimetype == "text/csv"
    assert taken.get_json() == {"added": 1, "changed": 0, "same": 0}
    assert refused.status_code == 422
    assert "Dòng 3" in refused.get_json()["vi"]


def test_readings_of_one_bulletin_are_checked_and_kept_with_it(world: World) -> None:
    body = {"area_id": AN_BINH, "title": "Họp", "text": "Họp tại KXQ."}
    own = [{"written": "KXQ", "spoken": "khu riêng"}]

    made = world.call("an", "POST", "/library/bulletins", json=body | {"pronunciations": own})
    wrong = [{"written": "KXQ", "spoken": "khu 3"}]
    refused = world.call("an", "POST", "/library/bulletins", json=body | {"pronunciations": wrong})

    assert made.get_json()["pronunciations"] == own
    assert refused.status_code == 422


def test_the_description_tells_of_the_dictionary(world: World) -> None:
    described = world.app.test_client().get("/api/v1/openapi.json").get_json()

    paths = {path for path in described["paths"] if path.startswith("/api/v1/pronunciations")}
    assert paths == {
        "/api/v1/pronunciations", "/api/v1/pronunciations/{entry_id}",
        "/api/v1/pronunciations/csv", "/api/v1/pronunciations/unread",
        "/api/v1/pronunciations/unread/{unread_id}",
    }  # fmt: skip
