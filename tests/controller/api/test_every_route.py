"""R47: every route x role x area. Default deny, and no access across areas."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.people.access import is_document
from controller.people.models import Role
from controller.people.rights import ACTIONS
from controller.web.api import OWN_PASSWORD, PREFIX, PUBLIC, SIGNED_IN, allow, permission_of
from tests.controller.api.world import ALERT_SOUND, ORIGINAL, SOUND, World
from tests.controller.cast import AN_BINH, PROVINCE

RULE = {"dtstart": ORIGINAL.isoformat(), "rrule": "FREQ=DAILY", "target_areas": [AN_BINH]}
ALERT = {"area_id": AN_BINH, "status": "drill", "hazard": "flood", "level": 2} | {
    "texts": {"vi": "Nước lên."}
}
TEMPLATE = {"area_id": AN_BINH, "title": "Lũ", "hazard": "flood", "level": 2} | {
    "texts": {"vi": "Nước lên."}
}
BODIES: dict[str, dict[str, Any]] = {
    "create_area": {"id": "vn-31-an-binh-9", "name": "Thôn 9", "kind": "village"}
    | {"parent_id": AN_BINH},
    "edit_area": {"name": "Xã Khác"},
    "set_policy": {"allows_self_approval": True},
    "set_head": {"name": "Nguyễn Văn Thôn", "phone": "0912 345 678"},
    "move_area": {"parent_id": "vn"},
    "close_area": {"until": "2027-01-01"},
    "merge_areas": {"old_ids": ["vn-31-tan-lap"], "since": "2027-01-01"},
    "create_person": {"login": "moi", "full_name": "Mới", "role": "operator", "area_id": AN_BINH},
    "edit_person": {"full_name": "Khác"},
    "grant_role": {"role": "administrator", "area_id": AN_BINH},
    "create_station": {"area_id": AN_BINH, "name": "Đài hai"},
    "edit_station": {"name": "Đài khác"},
    "create_device": {"station_id": "s-an-binh", "name": "Hộp 2", "profile": "software"},
    "edit_device": {"name": "Hộp khác"},
    "create_output": {"name": "two"},
    "edit_output": {"volume_db": -3.0},
    "create_cluster": {"output_id": 1, "area_id": AN_BINH, "name": "Đình"},
    "edit_cluster": {"name": "Chợ mới"},
    "move_cluster": {"area_id": "vn-31-an-binh-1"},
    "speak_bulletin": {"area_id": AN_BINH, "title": "Tin", "text": "Mời bà con đi họp thôn."},
    "add_entry": {"area_id": AN_BINH, "written": "KXQ", "spoken": "khu xóm Quán"},
    "change_entry": {"spoken": "khu Quán"},
    "import_csv": {"area_id": AN_BINH, "csv": "written,spoken\nKXR,khu Rừng\n"},
    "change_reading": {"speed": 130},
    "preview_speech": {"area_id": AN_BINH, "text": "UBND xã họp."},
    "speak_one_sentence": {"area_id": AN_BINH, "spoken": "Mời bà con đi họp."},
    "create_programme": {"area_id": AN_BINH, "title": "Tin"},
    "change_programme": {"title": "Khác"},
    "add_version": {"items": [{"kind": "asset", "sha256": SOUND}]},
    "hear_version": {"sha256": SOUND},
    "approve_version": {"note": ""},
    "return_version": {"note": "Sửa"},
    "withdraw_version": {"note": ""},
    "create_rule": RULE,
    "preview_rule": RULE,
    "change_rule": RULE | {"rrule": "FREQ=WEEKLY"},
    "move_occurrence": {"moved_to": None},
    "close_incident": {"note": "Đã xử lý"},
    "look_at_alert": ALERT,
    "create_alert": ALERT,
    "change_alert": ALERT,
    "hear_alert": {"sha256": ALERT_SOUND},
    "create_template": TEMPLATE,
    "change_template": TEMPLATE | {"level": 3},
    "hear_template": {"sha256": ALERT_SOUND},
    "approve_template": {"version": 1},
    "create_release_rule": {"area_id": AN_BINH},
    "change_release_rule": {"area_id": AN_BINH, "people": 1},
    "plan_drill": {"area_id": AN_BINH, "title": "Diễn tập", "planned_at": "2026-12-01T00:00:00Z"},
    "change_drill": {"title": "Khác"},
    "dismiss_proposal": {"reason": "Đã gọi trạm thủy văn"},
    "create_source": {"id": "tinh", "area_id": AN_BINH, "kind": "mqtt", "is_open": True},
    "change_source": {"kind": "mqtt", "is_open": True, "name": "Đài khí tượng An Bình"},
    "approve_source": {"version": 1, "code": "123456"},
    "create_token": {"login": "an", "password": "sai-mat-khau"},
    "edit_me": {"full_name": "An"},
    "change_password": {"old": "x", "new": "y"},
}
FORMS = {"upload_item": {"area_id": AN_BINH, "title": "Tệp", "kind": "music"}, "import_areas": {}}
QUERIES = {"revoke_role": {"role": "operator", "area_id": AN_BINH}}
QUERIES |= {"export_entries": {"area_id": AN_BINH}}
ABOVE_A_COMMUNE = {"import_areas", "move_area", "merge_areas"}
EXPECTED = {"get_plan": {404}, "upload_item": {422}, "return_version": {409}}
EXPECTED |= {"submit_version": {409}, "end_alert": {409}, "score_drill": {409}}
EXPECTED |= {"dismiss_proposal": {409}, "approve_source": {409}}
"""No plan was made, /dev/null is no sound; the version is submitted already, then approved.

The alert is withdrawn by then: it has no end, and as a drill no score. The proposal
is taken up by then, and an open source asks for no release."""
MINE = {SIGNED_IN, OWN_PASSWORD}
SECRET = (
    "device_id",
    "programme_id",
    "rule_id",
    "alert_id",
    "template_id",
    "drill_id",
    "source_id",
)


def routes(app: Flask) -> list[tuple[str, str, str, str | None]]:
    """Return (name, method, path, permission) of every route below `/api/v1`."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/") or is_document(rule.endpoint):
            continue
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        permission = permission_of(app.view_functions[rule.endpoint])
        found.append((rule.endpoint.partition(".")[2], method, rule.rule, permission))
    return found


def send(world: World, who: str, name: str, method: str, rule: str) -> int:
    """Send a valid request about the things of An Bình, and return the status."""
    path = rule.removeprefix(PREFIX)
    for key, value in world.ids.items():
        path = path.replace(f"<{key}>", str(value)).replace(f"<int:{key}>", str(value))
    options: dict[str, Any] = {"query_string": QUERIES.get(name, {})}
    if name in FORMS:
        options |= {"data": FORMS[name] | {"file": ("/dev/null", "a.wav")}}
    elif method in {"POST", "PUT", "PATCH"}:
        known = BODIES | {"hold_drill": {"alert_id": world.ids["alert_id"]}}
        options |= {"json": known.get(name, {})}
    return world.call(who, method, path, **options).status_code


def test_every_route_declares_what_it_needs(app: Flask) -> None:
    known = {PUBLIC, *MINE, *ACTIONS}

    undeclared = [name for name, _, _, permission in routes(app) if permission not in known]

    assert undeclared == []
    assert [name for name, _, _, needs in routes(app) if needs == PUBLIC] == ["create_token"]


def test_a_route_that_declares_nothing_is_refused_to_everyone(world: World) -> None:
    world.app.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "secret")

    assert world.call("administrator@tinh", "GET", "/forgotten").status_code == 403


def test_a_route_of_an_unknown_permission_is_refused(world: World) -> None:
    world.app.add_url_rule("/api/v1/typo", "typo", allow("no.such.action")(lambda: "secret"))

    assert world.call("administrator@tinh", "GET", "/typo").status_code == 403


def test_nobody_gets_in_without_a_token(world: World) -> None:
    for name, method, rule, permission in routes(world.app):
        status = send(world, "", name, method, rule)

        assert status == 401, name
        assert permission is not None


@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_in_its_own_area_only_what_it_may(world: World, role: Role) -> None:
    for name, method, rule, permission in routes(world.app):
        if permission in {PUBLIC, *MINE} or role in ACTIONS[str(permission)].roles:
            continue
        status = send(world, f"{role}@an-binh", name, method, rule)

        assert status == 403, f"{role} {name}"


@pytest.mark.parametrize("role", list(Role))
def test_nobody_of_tan_lap_touches_or_sees_a_thing_of_an_binh(world: World, role: Role) -> None:
    for name, method, rule, permission in routes(world.app):
        is_about_a_thing = "<" in rule or name in BODIES or name in FORMS
        if permission in {PUBLIC, *MINE} or not is_about_a_thing:
            continue
        status = send(world, f"{role}@tan-lap", name, method, rule)

        assert status in {403, 404}, f"{role} {name} {status}"


@pytest.mark.parametrize("role", list(Role))
def test_lists_hold_nothing_of_the_neighbour(world: World, role: Role) -> None:
    secrets = {str(world.ids[key]) for key in SECRET}
    secrets |= {"VN-77", "s-an-binh", "c-market", "c-school", '"login":"an"'}
    for name, method, rule, permission in routes(world.app):
        if method != "GET" or "<" in rule or permission in {PUBLIC, *MINE}:
            continue
        answer = world.call(f"{role}@tan-lap", "GET", rule.removeprefix(PREFIX))

        assert not [secret for secret in secrets if secret in answer.text], name


def test_who_may_do_it_can_do_it_in_their_own_area(world: World) -> None:
    """The other tests prove nothing if their requests could not succeed."""
    known = sorted(routes(world.app), key=lambda one: one[1] == "DELETE" and 1000 - len(one[2]))
    for name, method, rule, permission in known:
        if permission in {PUBLIC, *MINE} or name in ABOVE_A_COMMUNE:
            continue
        role = min(ACTIONS[str(permission)].roles)
        status = send(world, f"{role}@an-binh", name, method, rule)

        assert status in EXPECTED.get(name, {200, 201, 204}), f"{role} {name} {status}"


def test_a_token_dies_when_a_role_of_its_person_changes(world: World) -> None:
    granted = world.call(
        "chief",
        "POST",
        f"/people/{world.ids['person_id']}/roles",
        json={"role": "approver", "area_id": AN_BINH},
    )

    assert granted.status_code == 204
    assert world.call("operator@an-binh", "GET", "/me").status_code == 401


def test_the_administrator_of_a_commune_makes_nobody_administrator_of_the_province(
    world: World,
) -> None:
    refused = world.call(
        "chief",
        "POST",
        f"/people/{world.ids['person_id']}/roles",
        json={"role": "administrator", "area_id": PROVINCE},
    )

    assert refused.status_code == 403


def test_the_documentation_is_served_locally_and_holds_no_foreign_address(world: World) -> None:
    client: FlaskClient = world.app.test_client()

    described = client.get("/api/v1/openapi.json").get_json()
    shown = client.get("/api/v1/swagger").text
    with client.get("/api/v1/swagger/js/swagger-ui-bundle.js") as script:
        served = script.status_code

    assert len(described["paths"]) > 30
    assert "http://" not in shown
    assert "https://" not in shown
    assert served == 200
