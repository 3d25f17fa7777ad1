"""From the bytes of a stranger to the horns of An Bình: taken in, proposed, taken up, released."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from controller.cap.inbox import take
from controller.cap.models import CapMessage, CapProposal, CapSource
from controller.cap.taking_up import dismiss, open_proposals, take_up
from controller.emergencies.models import Alert, AlertReach, AlertState
from controller.errors import ControllerError
from controller.people.rights import NotAllowed
from controller.stations.models import Cluster
from tests.controller.cap.messages import cap, certificate, info, place, signed
from tests.controller.cast import AN_BINH, TAN_LAP
from tests.controller.emergencies.conftest import Desk

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = certificate("Trung tâm dự báo", KEY)
MARKET = place("<circle>21.1,105.9 2</circle>")
ELSEWHERE = place("<circle>10.0,106.0 2</circle>")
WORDS = "<headline>Lũ về</headline><description>Nước lên nhanh</description>"


def warning(**parts: str) -> bytes:
    """Return a warning of a flood around the market."""
    said = {"infos": info(words=WORDS, tail=MARKET)} | parts
    return cap(**said)


def naming(identifier: str, kind: str, **parts: str) -> bytes:
    """Return an update or cancel of VN-1."""
    more = "<references>dubao@example.vn,VN-1,2026-11-02T08:00:00+07:00</references>"
    return warning(identifier=identifier, msg_type=kind, more=more, **parts)


class Inbox:
    """The use cases of the inbox on the desk of An Bình."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def source(self, name: str = "kttv", **values: Any) -> str:
        """Add a source of An Bình; open unless said."""
        asked: dict[str, Any] = {"area_id": AN_BINH, "kind": "folder", "is_open": True} | values
        with self.desk.sessions.begin() as session:
            session.add(
                CapSource(
                    id=name, name="Đài khí tượng", created_by="t", created_at=self.desk.at, **asked
                )
            )
        return name

    def take(self, content: bytes, source: str = "kttv") -> CapMessage:
        """Take a message in."""
        with self.desk.sessions.begin() as session:
            return take(session, content, session.get_one(CapSource, source), self.desk.at)

    def proposals(self) -> list[CapProposal]:
        """Return what waits for An Bình."""
        with self.desk.sessions() as session:
            return list(open_proposals(session, self.desk.cast.an, self.desk.at).rows)

    def take_up(self, who: Any = None) -> str:
        """Take up the only proposal."""
        (proposal,) = self.proposals()
        desk = self.desk
        who = who or desk.cast.an
        return take_up(desk.sessions, desk.sessions, desk.studio, who, proposal.id, desk.at)


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    """The inbox with one open source."""
    made = Inbox(desk)
    made.source()
    return made


def test_a_warning_becomes_a_proposal_and_released_sounds_exactly_there(
    inbox: Inbox, desk: Desk
) -> None:
    with desk.sessions.begin() as session:
        output = session.get_one(Cluster, "c-market").output_id
        for number, latitude in enumerate((21.101, 21.105, 21.5)):
            session.add(
                Cluster(
                    id=f"c-{number}",
                    output_id=output,
                    area_id=AN_BINH,
                    name=f"Cụm {number}",
                    latitude=latitude,
                    longitude=105.9,
                )
            )
    polygon = "<polygon>21.09,105.89 21.09,105.91 21.11,105.91 21.11,105.89 21.09,105.89</polygon>"

    row = inbox.take(warning(infos=info(words=WORDS, tail=place(polygon))))
    (proposal,) = inbox.proposals()
    alert_id = inbox.take_up()
    desk.release_newest(alert_id)
    desk.sender.step()

    assert (row.outcome, row.is_for_us) == ("accepted", True)
    assert sorted(proposal.clusters) == ["c-0", "c-1", "c-market"]
    alert = desk.alert(alert_id)
    assert (alert.status, alert.state, alert.hazard) == ("real", AlertState.RELEASED, "flood")
    assert "Lũ về. Nước lên nhanh." in alert.revisions[0].spoken["vi"]
    with desk.sessions() as session:
        reached = session.scalars(
            select(AlertReach.cluster_id).where(AlertReach.alert_id == alert_id)
        )
        assert sorted(reached) == ["c-0", "c-1", "c-market"]


def test_a_warning_for_another_place_is_kept_and_not_proposed(inbox: Inbox) -> None:
    row = inbox.take(warning(infos=info(tail=ELSEWHERE)))

    assert (row.outcome, row.is_for_us, inbox.proposals()) == ("accepted", False, [])


@pytest.mark.parametrize("status", ["Test", "Exercise", "System", "Draft"])
def test_what_is_not_actual_is_never_proposed(inbox: Inbox, status: str) -> None:
    row = inbox.take(warning(status=status))

    assert (row.outcome, inbox.proposals()) == ("ignored", [])


def test_a_signed_source_owes_its_signature(inbox: Inbox) -> None:
    pem = SIGNER.public_bytes(serialization.Encoding.PEM).decode()
    inbox.source("signs", is_open=False, pinned=pem)

    refused = inbox.take(warning(), "signs")
    assert (refused.outcome, refused.reason, inbox.proposals()) == ("refused", "unsigned", [])

    accepted = inbox.take(signed(warning(), KEY, SIGNER), "signs")
    assert (accepted.outcome, accepted.signature) == ("accepted", "valid")
    assert len(inbox.proposals()) == 1


def test_what_comes_twice_is_one_whatever_its_bytes(inbox: Inbox) -> None:
    first = inbox.take(warning())
    again = inbox.take(warning())
    spaced = inbox.take(warning().replace(b"<status>", b"\n  <status>"))

    assert first.id == again.id == spaced.id
    assert len(inbox.proposals()) == 1


def test_bytes_that_make_no_sense_are_kept_as_they_came(inbox: Inbox) -> None:
    row = inbox.take(b"\x00<!DOCTYPE x>")

    assert row.outcome == "refused"
    assert row.content == b"\x00<!DOCTYPE x>"


def test_a_cancel_ends_a_proposal_at_once(inbox: Inbox) -> None:
    inbox.take(warning())

    row = inbox.take(naming("VN-2", "Cancel", infos=""))

    assert (row.is_for_us, inbox.proposals()) == (True, [])


def test_a_cancel_that_came_first_keeps_its_warning_from_being_proposed(inbox: Inbox) -> None:
    inbox.take(naming("VN-2", "Cancel", infos=""))

    row = inbox.take(warning())

    assert (row.outcome, inbox.proposals()) == ("accepted", [])


def test_a_cancel_of_another_source_changes_nothing(inbox: Inbox) -> None:
    inbox.source("other")
    inbox.take(warning())

    inbox.take(naming("VN-2", "Cancel", infos=""), "other")

    assert len(inbox.proposals()) == 1


def test_a_cancel_of_what_sounds_is_proposed_by_an_open_source(inbox: Inbox, desk: Desk) -> None:
    inbox.take(warning())
    alert_id = inbox.take_up()
    desk.release_newest(alert_id)

    inbox.take(naming("VN-2", "Cancel", infos=""))

    (proposal,) = inbox.proposals()
    assert (proposal.action, proposal.alert_id) == ("cancel", alert_id)
    assert desk.alert(alert_id).state == AlertState.RELEASED
    assert inbox.take_up() == alert_id
    assert desk.alert(alert_id).state == AlertState.CANCELLED


def test_a_signed_cancel_stops_at_once_where_its_source_may(inbox: Inbox, desk: Desk) -> None:
    pem = SIGNER.public_bytes(serialization.Encoding.PEM).decode()
    inbox.source("signs", is_open=False, pinned=pem, stops_at_once=True)
    inbox.take(signed(warning(), KEY, SIGNER), "signs")
    alert_id = inbox.take_up()
    desk.release_newest(alert_id)

    inbox.take(signed(naming("VN-2", "Cancel", infos=""), KEY, SIGNER), "signs")

    assert desk.alert(alert_id).state == AlertState.CANCELLED
    assert inbox.proposals() == []


def test_an_unsigned_cancel_never_stops_at_once(inbox: Inbox, desk: Desk) -> None:
    inbox.source("loose", stops_at_once=True)
    inbox.take(warning(), "loose")
    alert_id = inbox.take_up()
    desk.release_newest(alert_id)

    inbox.take(naming("VN-2", "Cancel", infos=""), "loose")

    assert desk.alert(alert_id).state == AlertState.RELEASED


def test_an_update_replaces_a_proposal_and_updates_what_was_made_of_it(
    inbox: Inbox, desk: Desk
) -> None:
    inbox.take(warning())
    inbox.take(naming("VN-2", "Update"))
    (proposal,) = inbox.proposals()
    assert proposal.action == "alert"
    alert_id = inbox.take_up()
    desk.release_newest(alert_id)

    more = "<references>dubao@example.vn,VN-2,2026-11-02T08:00:00+07:00</references>"
    inbox.take(warning(identifier="VN-3", msg_type="Update", more=more))

    (proposal,) = inbox.proposals()
    assert (proposal.action, proposal.alert_id) == ("update", alert_id)
    assert inbox.take_up() == alert_id
    assert desk.alert(alert_id).revisions[-1].action == "update"
    assert desk.alert(alert_id).revisions[-1].state == "drafted"


def test_a_proposal_is_taken_up_once_and_not_when_it_is_over(inbox: Inbox, desk: Desk) -> None:
    inbox.take(warning())
    (proposal,) = inbox.proposals()
    asked = (desk.sessions, desk.sessions, desk.studio, desk.cast.an, proposal.id)
    take_up(*asked, desk.at)

    with pytest.raises(ControllerError, match="already"):
        take_up(*asked, desk.at)

    inbox.take(warning(identifier="VN-9"))
    (proposal,) = inbox.proposals()
    desk.wait(hours=2)
    assert inbox.proposals() == []
    with pytest.raises(ControllerError, match="over"):
        take_up(*asked[:4], proposal.id, desk.at)


def test_only_who_may_draft_there_takes_up_or_dismisses(inbox: Inbox, desk: Desk) -> None:
    inbox.take(warning())
    (proposal,) = inbox.proposals()

    with pytest.raises(NotAllowed):
        inbox.take_up(desk.cast.tech)
    with pytest.raises(ControllerError, match=str(proposal.id)):
        inbox.take_up(desk.cast.tan)
    desk.do(dismiss, desk.cast.an, proposal_id=proposal.id)

    assert inbox.proposals() == []
    with desk.sessions() as session:
        assert session.scalars(select(Alert)).all() == []


def test_a_warning_without_vietnamese_is_told_in_our_own_words(inbox: Inbox, desk: Desk) -> None:
    inbox.take(warning(infos=info(language="en", words=WORDS, tail=MARKET)))

    said = desk.alert(inbox.take_up()).revisions[0].content["texts"]

    assert said == {"vi": "Lũ, ngập lụt, cấp độ rủi ro thiên tai 4. Cảnh báo của Đài khí tượng."}


def test_a_code_of_an_area_above_means_all_of_ours_and_none_of_the_neighbours(
    inbox: Inbox,
) -> None:
    code = "<geocode><valueName>truyenthanh:area</valueName><value>{}</value></geocode>"
    inbox.take(warning(infos=info(tail=place(code.format(TAN_LAP)))))
    assert inbox.proposals() == []

    inbox.take(warning(identifier="VN-2", infos=info(tail=place(code.format("vn-31")))))

    (proposal,) = inbox.proposals()
    assert proposal.draft["areas"] == [AN_BINH]
    assert sorted(proposal.clusters) == ["c-market", "c-school"]
