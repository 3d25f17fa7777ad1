"""The proof of what a source released names the source where people are named else."""

from sqlalchemy import update

from controller.emergencies.models import AlertRevision
from tests.console.conftest import Console, signed_in
from tests.console.night import fall
from tests.console.test_pages import plain


def test_the_proof_names_the_source_by_whose_policy_it_went_out(console: Console) -> None:
    night = fall(console)
    alert_id = night.fired()
    with night.console.sessions.begin() as session:
        session.execute(update(AlertRevision).values(by_source="cap:kttv"))

    text = plain(signed_in(night.console, "an").get(f"/desk/alerts/{alert_id}/proof").text)

    assert "Tự phát theo chính sách của nguồn cảnh báo: cap:kttv" in text
