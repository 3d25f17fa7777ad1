"""Sources of warnings are written down, changed, approved and retired by whom it takes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import select

from controller.cap.approving import OwnSource, approve_release, approved_level
from controller.cap.finding import SourceMissing, retired_sources, source_of, sources
from controller.cap.models import CapSource, SourceKind
from controller.cap.registering import (
    SourceDraft,
    TerminalOnly,
    change_source,
    draft_of,
    register_source,
    retire_source,
)
from controller.emergencies.errors import OnlyPeople, SameHand
from controller.errors import Conflict, Invalid
from controller.people.models import AuditEntry, Role
from controller.people.rights import Actor, NotAllowed, machine_owner
from controller.people.service import create_person
from tests.controller.cap.messages import certificate
from tests.controller.cast import AN_BINH, PROVINCE, person
from tests.controller.emergencies.conftest import GOOD, Desk, WrongCode, verify

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = (
    certificate("Trung tâm dự báo", KEY, days=(-30, 3650))
    .public_bytes(serialization.Encoding.PEM)
    .decode()
)
MQTT = SourceDraft(kind=SourceKind.MQTT, pinned=PEM, releases_upto=3)
ROOT = machine_owner("console:root")


def register(desk: Desk, draft: SourceDraft = MQTT, who: Actor | None = None, **more: Any) -> None:
    """Write a source of An Bình down, as its administrator unless said."""
    asked = {"source_id": "kttv", "area_id": AN_BINH, "draft": draft} | more
    desk.do(register_source, who or desk.cast.chief, **asked)


def change(desk: Desk, who: Actor | None = None, **values: Any) -> None:
    """Change some of it."""
    draft = replace(draft_of(source(desk)), **values)
    desk.do(change_source, who or desk.cast.chief, source_id="kttv", draft=draft)


def approve(desk: Desk, who: Actor | None = None, version: int = 1, code: str = GOOD) -> None:
    """Let it release by itself, as somebody who may release in An Bình."""
    asked = {"source_id": "kttv", "version": version, "verify": verify, "code": code}
    desk.do(approve_release, who or desk.boss, **asked)


def source(desk: Desk) -> CapSource:
    """Return the source as it stands."""
    with desk.sessions() as session:
        return session.get_one(CapSource, "kttv")


def test_an_administrator_of_the_area_or_above_writes_a_source_down(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        register(desk, who=desk.cast.an)
    with pytest.raises(NotAllowed):
        register(desk, who=desk.cast.lap)
    with pytest.raises(NotAllowed):
        register(desk, area_id=PROVINCE)

    register(desk)

    kept = source(desk)
    assert (kept.kind, kept.name, kept.is_open, kept.area_id) == ("mqtt", "kttv", False, AN_BINH)
    with desk.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.object_type == "source")).one()
    assert (entry.who, entry.action, entry.facts["releases_upto"]) == ("chief", "cap.source", 3)


@pytest.mark.parametrize("name", ["controller", "d-anbinh1", "-x", "UPPER", "a/b", "x" * 41])
def test_no_source_has_a_name_of_ours_because_its_certificate_would(desk: Desk, name: str) -> None:
    with pytest.raises(Invalid):
        register(desk, source_id=name)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("place", {"kind": SourceKind.HTTP, "place": "http://a.vn/feed"}),
        ("place", {"kind": SourceKind.HTTP, "place": "https://me:secret@a.vn/feed"}),
        ("place", {"kind": SourceKind.HTTP, "place": ""}),
        ("place", {"kind": SourceKind.HTTP, "place": "https://[bad/feed"}),
        ("poll_s", {"kind": SourceKind.HTTP, "place": "https://a.vn/feed", "poll_s": 1}),
        ("hosts", {"kind": SourceKind.HTTP, "place": "https://a.vn/f", "hosts": ("a b",)}),
        ("poll_s", {"poll_s": 0}),
        ("name", {"name": "x" * 201}),
        ("pinned", {"pinned": "nothing"}),
        ("pinned", {"pinned": ""}),
        ("stops_at_once", {"pinned": "", "is_open": True, "stops_at_once": True}),
        ("releases_upto", {"releases_upto": 6}),
        ("releases_upto", {"is_open": True, "releases_upto": 1}),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_name_of_its_field(
    desk: Desk, field: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as told:
        register(desk, replace(MQTT, **({"releases_upto": 0} | values)))

    assert told.value.facts["field"] == field


def test_a_private_key_an_ended_and_a_weak_certificate_are_no_pins(desk: Desk) -> None:
    private = KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    ended = certificate("cũ", KEY, days=(-400, -1))
    small = certificate("nhỏ", weak, days=(-30, 3650))
    pems = [one.public_bytes(serialization.Encoding.PEM).decode() for one in (ended, small)]

    for pinned, why in zip([PEM + private, *pems], ["private", "ended", "weak"], strict=True):
        with pytest.raises(Invalid, match=why):
            register(desk, replace(MQTT, pinned=pinned))


def test_only_the_terminal_names_files_of_the_server(desk: Desk) -> None:
    """A page would otherwise read, and move, any file that the server can."""
    folder = SourceDraft(kind=SourceKind.FOLDER, place="/srv/cap", is_open=True)
    with pytest.raises(TerminalOnly):
        register(desk, folder)
    register(desk, folder, who=ROOT)

    with pytest.raises(TerminalOnly):
        change(desk, place="/etc")
    change(desk, poll_s=5)

    assert (source(desk).place, source(desk).poll_s) == ("/srv/cap", 5)


def test_a_source_releases_nothing_until_a_second_person_who_may_release_approves_it(
    desk: Desk,
) -> None:
    register(desk)
    assert approved_level(source(desk)) == 0

    with pytest.raises(NotAllowed):
        approve(desk, desk.cast.an)
    with pytest.raises(OnlyPeople):
        approve(desk, ROOT)
    with pytest.raises(WrongCode):
        approve(desk, code="wrong")
    approve(desk)

    assert approved_level(source(desk)) == 3
    with pytest.raises(Conflict, match="already"):
        approve(desk)


def test_nobody_approves_what_they_asked_for_nor_with_an_account_that_they_made(
    desk: Desk,
) -> None:
    with desk.sessions.begin() as session:
        both = person(session, "both", Role.ADMINISTRATOR, AN_BINH, desk.at)
        made, _ = create_person(
            session,
            both,
            login="puppet",
            full_name="Con rối",
            role=Role.ADMINISTRATOR,
            area_id=AN_BINH,
            now=desk.at,
        )
        puppet = Actor("puppet", made.id, ((Role.AUTHORITY, both.grants[0][1]),))
    both = replace(both, grants=(*both.grants, (Role.AUTHORITY, both.grants[0][1])))
    register(desk, who=both)

    with pytest.raises(OwnSource):
        approve(desk, both)
    with pytest.raises(SameHand):
        approve(desk, puppet)


def test_whatever_an_approval_was_about_voids_it_when_it_changes(desk: Desk) -> None:
    register(desk)
    approve(desk)

    change(desk, name="Đài khí tượng thủy văn", poll_s=30)
    assert approved_level(source(desk)) == 3

    other = certificate("khác", KEY, days=(-1, 3650))
    change(desk, pinned=PEM + other.public_bytes(serialization.Encoding.PEM).decode())
    assert (approved_level(source(desk)), source(desk).version) == (0, 2)
    with pytest.raises(Conflict, match="meanwhile"):
        approve(desk, version=1)
    approve(desk, version=2)
    change(desk, releases_upto=4)
    assert approved_level(source(desk)) == 0


def test_a_paused_source_releases_nothing(desk: Desk) -> None:
    register(desk)
    approve(desk)

    change(desk, is_on=False)
    assert approved_level(source(desk)) == 0
    change(desk, is_on=True)
    assert approved_level(source(desk)) == 3


def test_a_retired_source_is_shut_out_for_ever_and_so_is_its_name(desk: Desk) -> None:
    register(desk)
    with pytest.raises(SourceMissing):
        desk.do(retire_source, desk.cast.lap, source_id="kttv")
    with pytest.raises(NotAllowed):
        desk.do(retire_source, desk.cast.an, source_id="kttv")
    desk.do(retire_source, desk.cast.chief, source_id="kttv")
    desk.do(retire_source, desk.cast.chief, source_id="kttv")

    with pytest.raises(Conflict, match="retired"):
        register(desk)
    with pytest.raises(Conflict, match="retired"):
        change(desk)
    with desk.sessions() as session:
        assert retired_sources(session) == ("kttv",)
        assert sources(session, desk.cast.chief).rows == ()
        assert sources(session, desk.cast.chief, with_retired=True).total == 1


def test_sources_are_seen_in_their_own_areas_only_by_who_sees_warnings(desk: Desk) -> None:
    register(desk)

    with desk.sessions() as session:
        assert sources(session, desk.cast.an).total == 1
        for other in (desk.cast.tan, desk.cast.tech):
            assert sources(session, other).total == 0
            with pytest.raises(SourceMissing):
                source_of(session, other, "kttv")


def test_a_changed_source_is_asked_at_once(desk: Desk) -> None:
    register(desk, SourceDraft(kind=SourceKind.HTTP, place="https://a.vn/f", is_open=True))
    with desk.sessions.begin() as session:
        kept = session.get_one(CapSource, "kttv")
        kept.due_at, kept.etag = desk.at + timedelta(hours=1), "e1"

    change(desk, place="https://a.vn/g")

    assert (source(desk).due_at, source(desk).etag) == (None, "")
