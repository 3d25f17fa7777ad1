"""An alert from above concerns neighbours too: their clusters and phones are nobody's business."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select

from controller.areas.models import Area
from controller.db import Sessions
from controller.emergencies.content import Draft, content_of
from controller.emergencies.models import Alert, AlertReach, AlertRevision
from controller.stations.models import Cluster, Output
from tests.controller.api.world import World
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP

ALERT, OURS, THEIRS, PHONE = "a-province", "c-market", "c-lap", "0912 000 111"
URLS = ("clusters", "not-reached", "not-reached.csv", "proof", "progress")


@pytest.fixture
def sent(web_sessions: Sessions, world: World, now: datetime) -> World:
    """The province has alerted both communes; nobody has answered."""
    texts = {"vi": "Bão vào."}
    draft = Draft(area_id=PROVINCE, status="real", hazard="storm", level=4, texts=texts)
    asked_at = now - timedelta(minutes=1)
    with web_sessions.begin() as session:
        lap = session.get_one(Area, TAN_LAP)
        lap.head_name, lap.head_phone = "Bà Lập", PHONE
        theirs = select(Output.id).where(Output.device_id == world.cast.other_device.id)
        output_id = session.scalars(theirs).one()
        session.add(Cluster(id=THEIRS, output_id=output_id, area_id=TAN_LAP, name="Chợ Tân Lập"))
        facts = {"hazard": "storm", "level": 4, "status": "real", "state": "released"}
        places = {"area_id": PROVINCE, "publish_area_id": PROVINCE}
        times = {"created_at": asked_at, "released_at": asked_at}
        session.add(Alert(id=ALERT, created_by="tinh", **facts, **places, **times))
        content = content_of(draft, session.get_one(Area, PROVINCE), now).stored()
        session.add(
            AlertRevision(
                alert_id=ALERT, number=1, action="alert", state="released", content=content,
                spoken=texts, audio={}, all_clear={}, all_clear_audio={}, issued_at=asked_at,
                created_by="tinh", created_at=asked_at, rev=1, signed_at=asked_at,
                reach_laid_at=asked_at,
            )
        )  # fmt: skip
        session.flush()
        ours, others = world.cast.device.id, world.cast.other_device.id
        rows = [(OURS, ours, AN_BINH), (THEIRS, others, TAN_LAP)]
        session.execute(
            insert(AlertReach),
            [
                {"alert_id": ALERT, "cluster_id": cluster, "device_id": device, "area_id": area}
                | {"why": "in_area", "rev": 1, "asked_at": asked_at}
                for cluster, device, area in rows
            ],
        )
    return world


def test_a_commune_reads_of_its_own_clusters_only(sent: World) -> None:
    told = {url: sent.call("operator@an-binh", "GET", f"/alerts/{ALERT}/{url}") for url in URLS}

    assert {answer.status_code for answer in told.values()} == {200}
    for url, answer in told.items():
        assert THEIRS not in answer.text, url
        assert "Tân Lập" not in answer.text, url
        assert PHONE not in answer.text, url
    assert told["progress"].get_json()["counts"]["total"] == 1
    assert told["proof"].get_json()["counts"]["not_reached"] == 1


def test_the_province_reads_of_all_of_them(sent: World) -> None:
    told = {url: sent.call("authority@tinh", "GET", f"/alerts/{ALERT}/{url}") for url in URLS}

    assert told["progress"].get_json()["counts"]["total"] == 2
    assert told["clusters"].get_json()["total"] == 2
    assert PHONE in told["not-reached.csv"].text


@pytest.mark.parametrize(("cluster", "status"), [(OURS, 200), (THEIRS, 404), ("c-none", 404)])
def test_why_is_told_of_ones_own_clusters(sent: World, cluster: str, status: int) -> None:
    answer = sent.call("operator@an-binh", "GET", f"/alerts/{ALERT}/clusters/{cluster}/why")

    assert answer.status_code == status
