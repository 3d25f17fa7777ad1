"""What a source may release without an officer, and everything that it may not (R18, R19, R43)."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from controller.cap.approving import approve_release
from controller.cap.models import CapMessage, CapProposal, CapSource, SourceKind
from controller.cap.registering import SourceDraft, change_source, draft_of, register_source
from controller.emergencies import lifecycle, releasing, rules
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert, AlertState, AlertTemplate
from controller.emergencies.prepared import (
    TemplateDraft,
    approve_template,
    retire_template,
    template_of,
    write_template,
)
from controller.people.models import AuditEntry, Role
from tests.controller.cap.messages import cap, certificate, info, place, signed
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, person
from tests.controller.emergencies.conftest import GOOD, Desk, verify
from tests.controller.emergencies.test_from_outside import Inbox
from tests.controller.emergencies.test_sending import messages

KEY, STRANGER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
SIGNER, OTHER = certificate("Trung tâm dự báo", KEY), certificate("Người lạ", STRANGER)
MARKET = place("<circle>21.1,105.9 2</circle>")
TEXT = "Lũ đang về. Bà con ven sông lên chỗ cao ngay."
ALL_CLEAR = "<responseType>AllClear</responseType>"
CAP_WORDS = "<headline>LỜI CỦA NGUỒN</headline><description>Không được đọc lên</description>"


def pem(one: Any = SIGNER) -> str:
    """Return a certificate as it is pinned."""
    found: str = one.public_bytes(serialization.Encoding.PEM).decode()
    return found


class Station(Inbox):
    """An Bình, with everything that a release without an officer takes, unless said."""

    def __init__(self, desk: Desk, area: str = AN_BINH, upto: int = 4) -> None:
        super().__init__(desk)
        self.template = a_template(desk)
        self.rule = one_person(desk)
        draft = SourceDraft(kind=SourceKind.MQTT, pinned=pem(), releases_upto=upto)
        with desk.sessions.begin() as session:
            self.keeper = person(session, "keeper", Role.ADMINISTRATOR, PROVINCE, desk.at)
        self.desk.do(register_source, self.keeper, source_id="kttv", area_id=area, draft=draft)
        self.approve()

    def approve(self, version: int = 1) -> None:
        """Let the source release."""
        self.desk.do(
            approve_release,
            self.desk.province,
            source_id="kttv",
            version=version,
            verify=verify,
            code=GOOD,
        )

    def hear(self, content: bytes | None = None, **parts: str) -> CapProposal:
        """Take a signed warning in; return what is proposed of it."""
        row = self.take(content or signed(warning(**parts), KEY, SIGNER))
        return self.proposal(row)

    def proposal(self, row: CapMessage) -> CapProposal:
        """Return the proposal of a message."""
        with self.desk.sessions() as session:
            mine = select(CapProposal).where(CapProposal.message_id == row.id)
            return session.scalars(mine).one()

    def alerts(self) -> list[Alert]:
        """Return every alert there is, oldest first."""
        with self.desk.sessions() as session:
            return list(session.scalars(select(Alert).order_by(Alert.created_at, Alert.id)))


def warning(**parts: str) -> bytes:
    """Return a grave flood warning around the market (level 4), sent just now."""
    said = {"infos": info(words=CAP_WORDS, tail=MARKET)} | parts
    return cap(**said)


def naming(kind: str, number: int, before: str = "VN-1", **parts: str) -> bytes:
    """Return an update or cancel of an earlier warning, signed."""
    more = f"<references>dubao@example.vn,{before},2026-11-02T08:00:00+07:00</references>"
    said = {"identifier": f"VN-{number}", "msg_type": kind, "more": more} | parts
    return signed(warning(**said), KEY, SIGNER)


def a_template(desk: Desk, *, preauthorise: bool = True) -> str:
    """Write a template of An Bình, and have it heard and approved by another."""
    draft = TemplateDraft(title="Lũ", hazard="flood", level=4, texts={"vi": TEXT})
    name = write_template(
        desk.sessions, desk.sessions, desk.studio, desk.cast.an, AN_BINH, draft, desk.at
    )
    with desk.sessions.begin() as session:
        audio = template_of(session, desk.boss, name).audio
        sha256 = audio["vi"]["sha256"]
        note_hearing(session, actor=desk.boss, about=name, audio=audio, sha256=sha256, now=desk.at)
        approve_template(
            session,
            actor=desk.boss,
            template_id=name,
            now=desk.at,
            version=1,
            preauthorise=preauthorise,
        )
    return name


def one_person(desk: Desk, hazard: str | None = None, countdown_s: int = 0) -> int:
    """Let one person fire pre-authorised templates in An Bình; return the rule."""
    with desk.sessions.begin() as session:
        made = rules.set_rule(
            session,
            actor=desk.cast.chief,
            now=desk.at,
            area_id=AN_BINH,
            people=1,
            preauthorised_only=True,
            hazard=hazard,
            countdown_s=countdown_s,
        )
        return made.id


@pytest.fixture
def station(desk: Desk) -> Station:
    """An Bình, ready for a release without an officer."""
    return Station(desk)


def test_a_signed_source_releases_the_template_and_not_one_word_of_its_own(
    station: Station, desk: Desk
) -> None:
    proposal = station.hear()
    desk.sender.step()

    assert (proposal.state, proposal.held, proposal.closed_by) == ("released", "", "cap:kttv")
    alert = desk.alert(str(proposal.alert_id))
    (row,) = alert.revisions
    with desk.sessions() as session:
        template = session.get_one(AlertTemplate, station.template)
    (message,) = messages(desk)
    assert (alert.state, alert.status, alert.level) == (AlertState.RELEASED, "real", 4)
    assert row.spoken == {"vi": TEXT} == message.texts
    assert row.audio == template.audio
    assert message.audio["vi"].sha256 == template.audio["vi"]["sha256"]
    assert (message.approvals, message.repeat.every_s) == (("cap:kttv",), 0)
    assert "NGUỒN" not in message.model_dump_json() + str(row.content)
    assert message.ends_at - message.starts_at == timedelta(minutes=30)


def test_it_is_told_who_let_it_out_and_no_person_is_named_for_it(
    station: Station, desk: Desk
) -> None:
    alert_id = station.hear().alert_id
    desk.sender.step()

    with desk.sessions() as session:
        told = session.scalars(
            select(AuditEntry).where(AuditEntry.object_id == alert_id).order_by(AuditEntry.number)
        ).all()
        policy = session.scalars(select(AuditEntry).where(AuditEntry.action == "cap.release")).one()
    assert [(one.action, one.who) for one in told] == [
        ("alert.draft", "cap:kttv"),
        ("alert.release", "cap:kttv"),
        ("alert.send", "system"),
    ]
    assert told[2].facts["released_by"] == ["cap:kttv"]
    assert (policy.who, policy.facts["approved_by"], policy.facts["message"]) == (
        "cap:kttv",
        "tinh",
        "VN-1",
    )


def test_it_reaches_what_is_meant_within_the_area_of_the_source_and_nothing_else(
    station: Station, desk: Desk
) -> None:
    code = "<geocode><valueName>truyenthanh:area</valueName><value>vn</value></geocode>"

    alert_id = station.hear(infos=info(tail=place(code))).alert_id

    alert = desk.alert(str(alert_id))
    assert (alert.area_id, alert.publish_area_id) == (AN_BINH, AN_BINH)
    assert alert.revisions[0].content["target"]["areas"] == [AN_BINH]


def test_a_countdown_of_the_rule_counts_and_an_officer_undoes_it(
    station: Station, desk: Desk
) -> None:
    one_person(desk, hazard="flood", countdown_s=60)

    alert_id = str(station.hear().alert_id)
    desk.sender.step()
    assert desk.alert(alert_id).state == AlertState.COUNTING
    desk.do(releasing.undo, desk.cast.an, alert_id=alert_id)
    desk.wait(minutes=2)
    desk.sender.step()

    alert = desk.alert(alert_id)
    assert (alert.state, alert.released_at) == (AlertState.DRAFTED, None)
    assert (alert.revisions[-1].by_source, alert.revisions[-1].created_by) == ("", "an")


@pytest.mark.parametrize(
    ("held", "parts"),
    [
        ("level_above", {"infos": info(severity="Extreme", tail=MARKET)}),
        ("sent_long_ago", {"sent": "2026-11-02T07:20:00+07:00"}),
        ("hazard_unsure", {"infos": info(event="Người ngoài hành tinh", tail=MARKET)}),
        ("no_threat", {"infos": info(certainty="Unlikely", tail=MARKET)}),
        ("no_threat", {"infos": info(response=ALL_CLEAR, tail=MARKET)}),
        ("several_things", {"infos": info(tail=MARKET) + info(event="Cháy rừng", tail=MARKET)}),
        (
            "begins_later",
            {
                "infos": info(
                    times="<effective>2026-11-02T09:00:00+07:00</effective>"
                    "<expires>2026-11-02T12:00:00+07:00</expires>",
                    tail=MARKET,
                )
            },
        ),
        ("no_template", {"infos": info(event="Cháy rừng", tail=MARKET)}),
        ("no_template", {"infos": info(severity="Moderate", tail=MARKET)}),
    ],
)
def test_what_a_message_must_not_be_is_only_proposed_and_says_why(
    station: Station, desk: Desk, held: str, parts: dict[str, str]
) -> None:
    proposal = station.hear(None, **parts)

    assert (proposal.state, proposal.held) == ("open", held)
    assert proposal.held_vi
    assert proposal.held_en
    assert proposal.held_vi != proposal.held_en
    assert station.alerts() == []
    assert station.take_up(desk.cast.an), "an officer may still take it up"


@pytest.mark.parametrize("status", ["Test", "Exercise", "Draft", "System"])
def test_nothing_that_is_not_actual_comes_near(station: Station, status: str) -> None:
    row = station.take(signed(warning(status=status), KEY, SIGNER))

    assert (row.outcome, row.signature, station.alerts()) == ("ignored", "valid", [])


@pytest.mark.parametrize(
    "content",
    [
        warning(),
        signed(warning(), STRANGER, OTHER),
        signed(warning(), KEY, SIGNER).replace(b"21.1,105.9 2", b"21.1,105.9 9"),
    ],
    ids=["unsigned", "of a stranger", "changed"],
)
def test_what_is_not_signed_under_a_pin_is_not_even_proposed(
    station: Station, content: bytes
) -> None:
    row = station.take(content)

    assert (row.outcome, station.proposals(), station.alerts()) == ("refused", [], [])


def test_an_open_source_never_releases_whatever_its_row_says(station: Station, desk: Desk) -> None:
    """Also what it sends signed: who reads its row alone must not be able to open the way."""
    with desk.sessions.begin() as session:
        session.get_one(CapSource, "kttv").is_open = True

    assert station.hear().held == "unapproved"
    assert station.proposal(station.take(warning(identifier="VN-2"))).held == "unapproved"
    assert station.alerts() == []


def test_a_source_that_was_changed_waits_for_its_second_person_again(
    station: Station, desk: Desk
) -> None:
    with desk.sessions() as session:
        draft = draft_of(session.get_one(CapSource, "kttv"))
    for upto, held in ((3, "unapproved"), (0, "only_proposes")):
        values = {field: getattr(draft, field) for field in draft.__slots__}
        changed = SourceDraft(**values | {"releases_upto": upto})
        desk.do(change_source, station.keeper, source_id="kttv", draft=changed)

        assert station.hear(identifier=f"VN-{upto}").held == held


def test_a_message_of_before_that_comes_again_releases_nothing_twice(
    station: Station, desk: Desk
) -> None:
    content = signed(warning(), KEY, SIGNER)
    alert_id = str(station.hear(content).alert_id)
    desk.sender.step()
    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.sender.step()

    station.take(content)
    station.take(signed(warning(), KEY, SIGNER))

    assert len(station.alerts()) == 1


def test_what_people_stopped_the_source_does_not_sound_again_that_day(
    station: Station, desk: Desk
) -> None:
    alert_id = str(station.hear().alert_id)
    desk.sender.step()
    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.sender.step()

    again = station.hear(identifier="VN-2")
    updated = station.hear(naming("Update", 3))

    assert (again.held, updated.held) == ("stopped_lately", "stopped_lately")
    assert len(station.alerts()) == 1


def test_what_the_source_took_back_itself_it_may_send_anew(station: Station, desk: Desk) -> None:
    one_person(desk, hazard="flood", countdown_s=60)
    first = station.hear()
    station.take(naming("Cancel", 2, infos=""))
    assert desk.alert(str(first.alert_id)).state == AlertState.WITHDRAWN

    assert station.hear(identifier="VN-3").state == "released"


@pytest.mark.parametrize("how", [releasing.withdraw, releasing.undo])
def test_what_people_held_back_in_its_countdown_is_theirs(
    station: Station, desk: Desk, how: Any
) -> None:
    one_person(desk, hazard="flood", countdown_s=60)
    first = station.hear()
    desk.do(how, desk.cast.an, alert_id=first.alert_id)

    assert station.hear(identifier="VN-2").held == "stopped_lately"


def test_a_source_never_takes_the_place_of_what_sounds_there(station: Station, desk: Desk) -> None:
    officers = desk.release(level=2)

    proposal = station.hear()

    assert (proposal.held, officers in proposal.held_en) == ("already_sounds", True)
    assert desk.alert(officers).state == AlertState.RELEASED


def test_nor_of_an_alert_of_the_province_that_sounds_there_too(
    station: Station, desk: Desk
) -> None:
    whole = desk.draft(desk.province, area_id=PROVINCE, areas=(PROVINCE,))
    desk.submit(desk.province, whole)
    with desk.sessions.begin() as session:
        second = person(session, "pho", Role.AUTHORITY, PROVINCE, desk.at)
    for who in (desk.province, second):
        desk.hear(who, whole)
        desk.confirm(who, whole)
    desk.sender.step()

    assert station.hear().held == "already_sounds"


def test_two_warnings_are_one_alert_unless_the_second_is_an_update(
    station: Station, desk: Desk
) -> None:
    first = station.hear()
    desk.sender.step()
    again = station.hear(identifier="VN-2")
    updated = station.hear(naming("Update", 3))
    desk.sender.step()

    assert again.held == "already_sounds"
    assert (updated.state, updated.alert_id) == ("released", first.alert_id)
    alert = desk.alert(str(first.alert_id))
    assert [(one.action, one.by_source) for one in alert.revisions] == [
        ("alert", "cap:kttv"),
        ("update", "cap:kttv"),
    ]


def test_what_an_officer_wrote_into_it_is_theirs_from_then_on(station: Station, desk: Desk) -> None:
    alert_id = str(station.hear().alert_id)
    desk.sender.step()
    desk.rewrite(desk.cast.an, alert_id)

    updated = station.hear(naming("Update", 2))

    assert (updated.held, updated.action, updated.alert_id) == ("officers", "update", alert_id)


def test_what_an_officer_took_up_the_source_updates_by_proposal_only(
    station: Station, desk: Desk
) -> None:
    with desk.sessions.begin() as session:
        session.get_one(CapSource, "kttv").releases_upto = 3
    station.hear()
    alert_id = station.take_up()
    desk.release_newest(alert_id)
    with desk.sessions.begin() as session:
        session.get_one(CapSource, "kttv").releases_upto = 4

    updated = station.hear(naming("Update", 2))

    assert (updated.held, updated.alert_id) == ("officers", alert_id)


def test_its_signed_cancel_stops_at_once_what_it_released_itself(
    station: Station, desk: Desk
) -> None:
    alert_id = str(station.hear().alert_id)
    desk.sender.step()

    station.take(naming("Cancel", 2, infos=""))
    desk.sender.step()

    assert desk.alert(alert_id).state == AlertState.CANCELLED
    assert station.proposals() == []


def test_its_cancel_of_what_an_officer_changed_is_proposed(station: Station, desk: Desk) -> None:
    alert_id = str(station.hear().alert_id)
    desk.sender.step()
    desk.rewrite(desk.cast.an, alert_id)

    station.take(naming("Cancel", 2, infos=""))

    (proposal,) = station.proposals()
    assert (proposal.action, desk.alert(alert_id).state) == ("cancel", AlertState.RELEASED)


def test_where_the_rules_ask_for_two_people_a_source_is_one(station: Station, desk: Desk) -> None:
    desk.do(rules.remove_rule, desk.cast.chief, rule_id=station.rule)

    proposal = station.hear()

    assert (proposal.held, "two people" in proposal.held_en.lower()) == ("needs_people", True)
    assert station.alerts() == []


def test_above_a_commune_it_is_only_proposed(desk: Desk) -> None:
    station = Station(desk, area=PROVINCE)
    with desk.sessions.begin() as session:
        template = session.get_one(AlertTemplate, station.template)
        template.area_id = PROVINCE
        before = desk.at - timedelta(days=2)
        rules.set_rule(session, actor=station.keeper, area_id=PROVINCE, people=1, now=before)
    codes = "".join(
        f"<geocode><valueName>truyenthanh:area</valueName><value>{name}</value></geocode>"
        for name in (AN_BINH, TAN_LAP)
    )

    wide = station.hear(infos=info(tail=place(codes)))
    narrow = station.hear(identifier="VN-2")

    assert (wide.held, "above a commune" in wide.held_en) == ("needs_people", True)
    assert narrow.state == "released"


def test_who_relaxed_the_rule_today_does_not_profit_by_their_own_source(
    station: Station, desk: Desk
) -> None:
    with desk.sessions.begin() as session:
        rules.set_rule(
            session, actor=station.keeper, area_id=AN_BINH, hazard="flood", people=1, now=desk.at
        )

    assert station.hear().held == "needs_people"


def test_after_five_in_ten_minutes_the_sixth_is_proposed(station: Station, desk: Desk) -> None:
    for number in range(5):
        proposal = station.hear(identifier=f"VN-{number}")
        desk.sender.step()
        assert proposal.state == "released"
        station.take(naming("Cancel", 10 + number, before=f"VN-{number}", infos=""))
        desk.sender.step()

    sixth = station.hear(identifier="VN-6")
    desk.wait(minutes=11)
    later = station.hear(identifier="VN-7")

    assert (sixth.state, sixth.held, later.state) == ("open", "too_often", "released")


def test_what_went_out_by_one_source_does_not_again_by_another(
    station: Station, desk: Desk
) -> None:
    """Somebody plays a message back where the same forecaster is believed too."""
    content = signed(warning(), KEY, SIGNER)
    draft = SourceDraft(kind=SourceKind.MQTT, pinned=pem(), releases_upto=4)
    desk.do(register_source, station.keeper, source_id="copy", area_id=AN_BINH, draft=draft)
    with desk.sessions.begin() as session:
        session.get_one(CapSource, "copy").releases_approved_by = "tinh"
        session.get_one(AlertTemplate, station.template).minutes = 5
    station.hear(content)
    desk.sender.step()
    desk.wait(minutes=6)
    desk.sender.step()

    again = station.proposal(station.take(content, "copy"))

    assert (again.held, len(station.alerts())) == ("out_already", 1)


@pytest.mark.parametrize("how", ["not preauthorised", "retired", "of a neighbour"])
def test_a_template_that_is_not_ready_is_none(station: Station, desk: Desk, how: str) -> None:
    if how == "of a neighbour":
        with desk.sessions.begin() as session:
            session.get_one(AlertTemplate, station.template).area_id = TAN_LAP
    else:
        desk.do(retire_template, desk.cast.an, template_id=station.template)
    if how == "not preauthorised":
        a_template(desk, preauthorise=False)

    assert station.hear().held == "no_template"


def test_of_two_templates_the_nearest_areas_speaks(station: Station, desk: Desk) -> None:
    above = a_template(desk)
    with desk.sessions.begin() as session:
        session.get_one(AlertTemplate, above).area_id = PROVINCE
        session.get_one(AlertTemplate, above).approved_at = desk.at + timedelta(hours=1)

    alert = desk.alert(str(station.hear().alert_id))

    assert alert.template_id == station.template


def test_a_bug_in_releasing_leaves_the_proposal(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("controller.cap.releasing.release_unattended", breaks)

    proposal = station.hear()

    assert (proposal.state, proposal.held, station.alerts()) == ("open", "release_failed", [])
