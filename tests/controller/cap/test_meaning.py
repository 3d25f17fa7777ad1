"""What no schema can say: instants, shapes, references, scopes, older versions."""

from datetime import timedelta

import pytest

from controller.cap.meaning import understand
from controller.cap.message import Message
from controller.cap.reading import read
from controller.cap.reasons import CapRefused
from tests.controller.cap.messages import SENT, cap, info, place


def meant(content: bytes) -> tuple[Message, set[str]]:
    message, notes = understand(read(content))
    return message, {note.code for note in notes}


def reason_of(content: bytes) -> str:
    with pytest.raises(CapRefused) as refused:
        understand(read(content))
    assert refused.value.reason.vi
    return refused.value.reason.code


def times(**instants: str) -> str:
    return info(times="".join(f"<{name}>{at}</{name}>" for name, at in instants.items()))


def test_a_warning_without_an_end_holds_one_hour() -> None:
    message, notes = meant(cap())

    assert message.ends_at(message.infos[0]) == SENT + timedelta(hours=1)
    assert "expires_assumed" in notes


def test_no_warning_holds_longer_than_24_hours() -> None:
    message, notes = meant(cap(infos=times(expires="2026-12-24T08:00:00+07:00")))

    assert message.ends_at(message.infos[0]) == SENT + timedelta(hours=24)
    assert "expires_capped" in notes


@pytest.mark.parametrize(
    ("instants", "reason"),
    [
        ({"expires": "2026-11-02T07:59:59+07:00"}, "order"),
        (
            {"effective": "2026-11-03T08:00:00+07:00", "expires": "2026-11-02T09:00:00+07:00"},
            "order",
        ),
        ({"expires": "2026-11-02T09:00:00"}, "schema"),
        ({"expires": "2026-11-02T09:00:00Z"}, "schema"),
        ({"expires": "2026-02-30T09:00:00+07:00"}, "schema"),
        ({"expires": "2026-11-02T09:00:00,07:00"}, "schema"),
        ({"expires": "9999-11-02T09:00:00+07:00"}, "instant"),
    ],
)
def test_instants_that_make_no_sense_are_refused(instants: dict[str, str], reason: str) -> None:
    assert reason_of(cap(infos=times(**instants))) == reason


def test_an_event_may_begin_after_its_message_expires() -> None:
    later = times(onset="2026-11-04T08:00:00+07:00", expires="2026-11-02T12:00:00+07:00")

    assert meant(cap(infos=later))


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ("<polygon>1,1 1,2 2,2</polygon>", "polygon"),
        ("<polygon>1,1 1,2 2,2 2,1</polygon>", "polygon"),
        ("<polygon>91,1 1,2 2,2 91,1</polygon>", "polygon"),
        ("<polygon>1,181 1,2 2,2 1,181</polygon>", "polygon"),
        ("<polygon>1 1 1,2 2,2 1,1</polygon>", "polygon"),
        ("<polygon>nan,1 1,2 2,2 nan,1</polygon>", "polygon"),
        ("<polygon>1e1,1 1,2 2,2 1e1,1</polygon>", "polygon"),
        ("<circle>1,2</circle>", "circle"),
        ("<circle>1,2 -3</circle>", "circle"),
        ("<circle>1,2 inf</circle>", "circle"),
        ("<circle>100,2 3</circle>", "circle"),
    ],
)
def test_shapes_that_are_not_on_earth_or_not_closed_are_refused(shape: str, reason: str) -> None:
    assert reason_of(cap(infos=info(tail=place(shape)))) == reason


def test_empty_shapes_points_and_altitudes_are_noted_and_left_out() -> None:
    odd = "<polygon></polygon><circle>21,105.8 0.0</circle><altitude>100</altitude>"

    message, notes = meant(cap(infos=info(tail=place(odd))))

    assert message.infos[0].places[0].polygons == ()
    assert {"empty_shape", "point", "altitude"} <= notes


@pytest.mark.parametrize("kind", ["Update", "Cancel", "Ack", "Error"])
def test_what_answers_or_changes_must_say_what(kind: str) -> None:
    assert reason_of(cap(msg_type=kind)) == "references"
    assert reason_of(cap(msg_type=kind, more="<references/>")) == "references"


@pytest.mark.parametrize(
    ("references", "reason"),
    [
        ("a,b", "references"),
        ("a,,2026-11-02T07:00:00+07:00", "references"),
        ("a,b,2026-11-02T07:00:00", "instant"),
        ("a,b,2026-11-02T08:00:01+07:00", "order"),
        ("dubao@example.vn,VN-1,2026-11-02T08:00:00+07:00", "references"),
    ],
)
def test_references_are_three_parts_of_something_earlier(references: str, reason: str) -> None:
    more = f"<references>{references}</references>"

    assert reason_of(cap(msg_type="Update", more=more)) == reason


@pytest.mark.parametrize("kind", ["Cancel", "Ack", "Error"])
def test_a_cancel_and_an_answer_need_no_words(kind: str) -> None:
    more = "<references>a,b,2026-11-02T07:00:00+07:00</references>"

    message, _ = meant(cap(msg_type=kind, more=more, infos=""))

    assert message.infos == ()


def test_an_alert_without_content_is_refused() -> None:
    assert reason_of(cap(infos="")) == "info_missing"


def test_a_name_with_a_space_or_comma_could_not_be_referred_to() -> None:
    assert reason_of(cap(identifier="a b")) == "identity"
    assert reason_of(cap(sender="a,b")) == "identity"
    assert reason_of(cap(identifier="")) == "identity"


def test_a_scope_says_for_whom() -> None:
    assert reason_of(cap(scope="Restricted")) == "scope"
    assert reason_of(cap(scope="Private")) == "scope"
    assert meant(cap(scope="Private", more="<addresses>a@b</addresses>"))


def test_cap_1_1_is_read_with_its_instants() -> None:
    old = cap(namespace="urn:oasis:names:tc:emergency:cap:1.1", sent="2026-11-02T01:00:00.500Z")

    message, notes = meant(old)

    assert message.sent == SENT
    assert "old_version" in notes


def test_cap_1_0_is_read_where_it_is_clear() -> None:
    codes = "<eventCode>SAME=FFW</eventCode>"
    tail = "<area><areaDesc>x</areaDesc><geocode>GSO=29110</geocode></area>"
    one = info(certainty="Very Likely", codes=codes, tail=tail)
    old = {"namespace": "http://www.incident.com/cap/1.0", "infos": one}

    message, _ = meant(cap(**old))

    assert message.infos[0].certainty == "Likely"
    assert message.infos[0].event_codes == (("SAME", "FFW"),)
    assert message.infos[0].places[0].geocodes == (("GSO", "29110"),)
    assert reason_of(cap(**old).replace(b"<scope>Public</scope>", b"")) == "ambiguous"
    assert reason_of(cap(**old).replace(b"SAME=FFW", b"FFW")) == "ambiguous"


@pytest.mark.parametrize("namespace", ["urn:x", "urn:oasis:names:tc:emergency:cap:1.3", ""])
def test_other_namespaces_are_not_cap(namespace: str) -> None:
    assert reason_of(cap(namespace=namespace)) == "not_cap"
