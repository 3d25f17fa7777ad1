"""How texts are read, over the JSON API."""

from tests.controller.api.world import World
from tests.controller.cast import AN_BINH, PROVINCE, VILLAGE

ADMINISTRATOR = "administrator@an-binh"


def test_a_preview_tells_what_changes_by_which_rule_and_what_is_in_doubt(world: World) -> None:
    body = {"area_id": AN_BINH, "text": "ABCX: nước cao 3,25m."}

    told = world.call("an", "POST", "/speech/preview", json=body).get_json()

    (line,) = told["lines"]
    (changed,) = [piece for piece in line["pieces"] if piece["rule"]]
    (doubt,) = told["warnings"]
    assert told["spoken"] == "ABCX: nước cao ba phẩy hai mươi lăm mét." == line["spoken"]
    assert (changed["written"], changed["rule_vi"], changed["rule_en"]) == (
        "3,25m", "đơn vị đo", "unit",
    )  # fmt: skip
    assert (doubt["text"], doubt["start"], doubt["end"]) == ("ABCX", 0, 4)
    assert (doubt["vi"], doubt["en"]) == ("Chưa biết đọc: ABCX", "Not read: ABCX")


def test_a_sentence_of_it_is_spoken_alone(world: World) -> None:
    body = {"area_id": AN_BINH, "spoken": "Mời bà con đi họp."}

    spoken = world.call("an", "POST", "/speech/sentences", json=body)
    unknown = world.call("an", "POST", "/speech/sentences", json=body | {"voice": "nobody"})
    long = world.call("an", "POST", "/speech/sentences", json=body | {"spoken": "xin " * 101})

    assert (spoken.status_code, spoken.mimetype) == (200, "audio/wav")
    assert spoken.data[:4] == b"RIFF"
    assert (unknown.status_code, long.status_code) == (422, 422)


def test_an_area_sets_its_reading_and_what_is_below_has_it(world: World) -> None:
    path = f"/areas/{AN_BINH}/reading"

    changed = world.call(
        ADMINISTRATOR, "PUT", path, json={"region": "south", "speed": 130}
    ).get_json()
    below = world.call("an", "GET", f"/areas/{VILLAGE}/reading").get_json()
    above = world.call("an", "GET", f"/areas/{PROVINCE}/reading").get_json()

    assert (changed["own"]["region"], changed["own"]["thousand"]) == ("south", None)
    assert (below["effective"]["thousand"], below["effective"]["speed"]) == ("ngàn", 130)
    assert below["own"]["region"] is None
    assert above["effective"]["thousand"] == "nghìn"


def test_a_bulletin_is_spoken_as_its_area_reads_unless_it_says_otherwise(world: World) -> None:
    world.call(ADMINISTRATOR, "PUT", f"/areas/{AN_BINH}/reading", json={"speed": 100})
    body = {"area_id": AN_BINH, "title": "Tin", "text": "Mời bà con đi họp thôn tối nay."}

    slow = world.call("an", "POST", "/library/bulletins", json=body).get_json()
    fast = world.call("an", "POST", "/library/bulletins", json=body | {"speed": 200}).get_json()

    assert slow["sound"]["duration_ms"] > 1.8 * fast["sound"]["duration_ms"]
