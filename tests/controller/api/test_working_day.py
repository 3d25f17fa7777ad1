"""A working day over the JSON API: everything that the pages do."""

import io
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.library.music import start_chime
from controller.people.models import AuditEntry, Person
from controller.people.passwords import hash_password
from controller.records.models import Broadcast
from controller.replan import Replan
from tests.controller.api.world import World
from tests.controller.cast import AN_BINH


@pytest.fixture
def session(web_sessions: Sessions) -> Session:
    """A session on the same database."""
    return web_sessions()


def test_an_operator_plans_a_bulletin_and_the_approver_lets_it_out(
    world: World, session: Session
) -> None:
    upload = world.call(
        "an",
        "POST",
        "/library",
        data={
            "file": (io.BytesIO(start_chime()), "chuông.wav"),
            "area_id": AN_BINH,
            "title": "2026",
            "kind": "chime",
        },
    ).get_json()
    spoken = world.call(
        "an",
        "POST",
        "/library/bulletins",
        json={"area_id": AN_BINH, "title": "Họp thôn", "text": "Mời bà con đi họp thôn tối nay."},
    ).get_json()
    programme = world.call(
        "an", "POST", "/programmes", json={"area_id": AN_BINH, "title": "Bản tin chiều"}
    ).get_json()
    items = [{"kind": "asset", "sha256": one["sha256"]} for one in (upload, spoken)]
    path = f"/programmes/{programme['id']}"
    version = world.call("an", "POST", f"{path}/versions", json={"items": items}).get_json()
    submitted = world.call("an", "POST", f"{path}/versions/1/submit")
    own = world.call("an", "POST", f"{path}/versions/1/approve", json={})
    unheard = world.call("binh", "POST", f"{path}/versions/1/approve", json={})
    heard = {"sha256": spoken["sha256"]}
    told = world.call("binh", "POST", f"{path}/versions/1/heard", json=heard).get_json()
    approved = world.call("binh", "POST", f"{path}/versions/1/approve", json={}).get_json()
    rule = {
        "dtstart": "2026-11-02T17:00:00",
        "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "target_clusters": ["c-market"],
    }
    preview = world.call("an", "POST", f"{path}/rules/preview", json=rule).get_json()
    made = world.call("an", "POST", f"{path}/rules", json=rule).get_json()

    assert upload["title"] == "2026"
    assert upload["original_name"] == "chuông.wav"
    assert len(upload["sound"]["peaks"]) > 10
    assert spoken["text"].startswith("Mời bà con")
    assert version["duration_ms"] == sum(one["sound"]["duration_ms"] for one in (upload, spoken))
    assert (submitted.status_code, own.status_code) == (200, 403)
    assert unheard.status_code == 409
    assert "“Họp thôn”" in unheard.get_json(force=True)["vi"]
    assert [(one["title"], one["is_heard"]) for one in told["items"]] == [("Họp thôn", True)]
    assert approved["state"] == "approved"
    assert approved["decided_by"] == "binh"
    assert preview["total"] == 10
    assert preview["items"][0]["start"] == "2026-11-02T10:00:00Z"
    assert made["is_active"] is True
    assert "c-market" in session.scalars(select(Replan.cluster_id)).all()
    assert session.scalars(select(AuditEntry.action)).all()[-1] == "schedule.create"


def test_one_occurrence_is_moved_and_comes_back(world: World) -> None:
    rule, original = world.ids["rule_id"], world.ids["original"]
    path = f"/rules/{rule}/occurrences/{original}"

    moved = world.call("an", "PUT", path, json={"moved_to": "2026-11-02T18:30:00"}).get_json()
    coming = world.call("an", "GET", f"/rules/{rule}/occurrences").get_json()["items"]
    restored = world.call("an", "DELETE", path).get_json()

    assert moved["moves"] == {original: "2026-11-02T18:30:00"}
    assert coming[0]["start"] == "2026-11-02T11:30:00Z"
    assert coming[0]["original"] == original
    assert restored["moves"] == {}


def test_the_sound_is_served_by_its_hash_to_anyone_in_ranges(world: World) -> None:
    spoken = world.call(
        "an",
        "POST",
        "/library/bulletins",
        json={"area_id": AN_BINH, "title": "Tin", "text": "Mời bà con đi họp thôn tối nay."},
    ).get_json()
    client, address = world.app.test_client(), f"/audio/{spoken['sha256']}"

    with client.get(address) as whole, client.get(address, headers={"Range": "bytes=10-19"}) as cut:
        assert whole.status_code == 200
        assert whole.data[:4] == b"OggS"
        assert len(whole.data) == spoken["sound"]["bytes"]
        assert (cut.status_code, cut.data) == (206, whole.data[10:20])


def test_login_and_password_make_a_token_that_works(world: World, session: Session) -> None:
    person = session.scalars(select(Person).where(Person.login == "an")).one()
    person.password_hash = hash_password("một mật khẩu dài")
    session.commit()

    body = {"login": "an", "password": "một mật khẩu dài", "name": "máy tính", "valid_days": 7}
    made = world.call("", "POST", "/tokens", json=body)
    headers = {"Authorization": f"Bearer {made.get_json()['token']}"}
    me = world.app.test_client().get("/api/v1/me", headers=headers).get_json()

    assert made.status_code == 201
    assert me["login"] == "an"
    assert me["grants"] == [{"role": "operator", "area_id": AN_BINH}]


def test_a_new_account_must_change_its_password_first(world: World, session: Session) -> None:
    body = {"login": "hoa", "full_name": "Hoa", "role": "operator", "area_id": AN_BINH}
    made = world.call("chief", "POST", "/people", json=body).get_json()
    sign_in = {"login": "hoa", "password": made["password"]}
    token = world.call("", "POST", "/tokens", json=sign_in).get_json()["token"]
    client, headers = world.app.test_client(), {"Authorization": f"Bearer {token}"}

    before = client.get("/api/v1/library", headers=headers)
    change = {"old": made["password"], "new": "trời nắng chang chang 2026"}
    changed = client.put("/api/v1/me/password", headers=headers, json=change)
    after = client.get("/api/v1/me", headers=headers)

    assert before.get_json(force=True)["code"] == "password_change_needed"
    assert changed.status_code == 204
    assert after.status_code == 401
    assert session.scalars(select(Person.must_change_password)).all().count(True) == 0


def test_the_logbook_tells_what_became_of_my_devices(
    world: World, session: Session, now: datetime
) -> None:
    planned = {"output": "main", "programme_id": "p.1", "title": "Tin", "why": ""}
    for device, ago in (("d-anbinh1", 1), ("d-anbinh1", 30), ("d-tanlap1", 1)):
        start = now - timedelta(hours=ago)
        session.add(
            Broadcast(
                device_id=device,
                slot=f"slot-{ago}",
                planned_start_at=start,
                planned_end_at=start + timedelta(minutes=1),
                state="played",
                **planned,
            )
        )
    session.commit()

    last_day = world.call("an", "GET", "/logbook").get_json()
    longer = world.call(
        "an", "GET", "/logbook", query_string={"from_at": "2026-10-01T00:00:00+07:00"}
    ).get_json()

    assert [(one["device_id"], one["slot"]) for one in last_day["items"]] == [
        ("d-anbinh1", "slot-1")
    ]
    assert longer["total"] == 2


def test_pages_of_a_list_are_bounded(world: World) -> None:
    first = world.call("administrator@tinh", "GET", "/people", query_string={"limit": 2}).get_json()
    too_many = world.call("administrator@tinh", "GET", "/people", query_string={"limit": 500})

    assert len(first["items"]) == 2
    assert first["total"] > 10
    assert too_many.status_code == 422
