"""When a message is believed: time, critical fields, revocation, revisions, errors."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from pydantic import ValidationError

from wire import errors
from wire.errors import Expired, Malformed, NotUnderstood, Revoked, RolledBack, UntrustedIssuer
from wire.kinds import FROM_CONTROLLER, MESSAGES
from wire.message import next_revision
from wire.signing import Signer, digest, payload_of, public_x, sign, sign_payload, signer
from wire.trust import IssuingCertificate, Place, judge, judge_revision, judge_trust, pin
from wire.up import Receipt, ReceiptKind

Example = Callable[..., Any]
Issue = Callable[..., Signer]
Key = Callable[[int], OKPKey]

MINUTE = timedelta(minutes=1)
KINDS = [model.kind for model in FROM_CONTROLLER]


def judged(token: str, kind: str, cast: Any, now: datetime | None) -> Any:
    return judge(token, MESSAGES[kind], cast.pinned, cast.place, now)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"sync"}))
def test_a_message_is_believed_from_a_minute_before_its_iat_until_its_exp(
    kind: str, cast: Any, example: Example
) -> None:
    message = example(kind, exp=example(kind).iat + 5 * MINUTE)
    token = sign(message, cast.an_binh)

    assert judged(token, kind, cast, message.iat - MINUTE) == message
    assert judged(token, kind, cast, message.exp - timedelta(microseconds=1)) == message
    with pytest.raises(Expired, match="iat"):
        judged(token, kind, cast, message.iat - MINUTE - timedelta(microseconds=1))
    with pytest.raises(Expired, match="exp"):
        judged(token, kind, cast, message.exp)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_clock_only_time_is_not_judged(kind: str, cast: Any, example: Example) -> None:
    message = example(kind)

    assert judged(sign(message, cast.an_binh), kind, cast, None) == message
    with pytest.raises(errors.WireError):
        judged(sign(message, cast.tan_lap), kind, cast, None)


def test_a_sync_is_judged_by_the_time_it_brings(cast: Any, example: Example) -> None:
    """R32: a clock that boots in 1970 or in ten years must still find its way back."""
    fresh = sign(example("sync"), cast.an_binh)
    torn = sign(example("sync", now=cast.now + timedelta(days=1)), cast.an_binh)

    for clock in (None, cast.now - timedelta(days=20_000), cast.now + timedelta(days=3650)):
        assert judged(fresh, "sync", cast, clock) == example("sync")
        with pytest.raises(Expired):
            judged(torn, "sync", cast, clock)


def test_nobody_speaks_after_the_certificate_has_expired(cast: Any, example: Example) -> None:
    certificate, _ = cast.pinned.certificate(cast.an_binh.certificate)
    message = example("desired", exp=certificate.exp + timedelta(days=30))

    with pytest.raises(Expired):
        judged(sign(message, cast.an_binh), "desired", cast, certificate.exp)


def test_a_command_lives_at_most_five_minutes(cast: Any, example: Example) -> None:
    command = example("command", exp=example("command").iat + 5 * MINUTE + MINUTE / 60)

    with pytest.raises(Malformed, match="5 minutes"):
        judged(sign(command, cast.an_binh), "command", cast, cast.now)


@pytest.mark.parametrize("life_in_days", [0, -1, 401])
def test_a_certificate_lives_at_most_400_days(life_in_days: int, example: Example) -> None:
    certificate = example("cert")
    exp = certificate.iat + timedelta(days=life_in_days)

    with pytest.raises(Malformed, match="400 days"):
        example("cert", exp=exp)


@pytest.mark.parametrize(
    ("kind", "crit"),
    [
        ("alert", ["status", "target", "target.except", "exp"]),
        ("alert", ["target.shapes.radius_m", "target.shapes.points"]),
        ("plan", ["slots.ceiling_db", "programmes.items.fallback"]),
        ("desired", ["outputs.clusters.address"]),
    ],
)
def test_known_critical_fields_are_understood(
    kind: str, crit: list[str], cast: Any, example: Example
) -> None:
    assert judged(sign(example(kind, crit=crit), cast.an_binh), kind, cast, cast.now)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("alert", "only_if_raining"),
        ("alert", "target.floors"),
        ("alert", "target.exceptions.x"),
        ("alert", "exp.zone"),
        ("plan", "slots.echo"),
        ("plan", "slots..id"),
        ("plan", ""),
        ("plan", "."),
        ("sync", "\ud800"),
    ],
)
def test_an_unknown_critical_field_is_refused(
    kind: str, name: str, cast: Any, example: Example
) -> None:
    payload = payload_of(example(kind, crit=[])).replace(
        b'"crit":[]', f'"crit":["{name.encode("unicode_escape").decode()}"]'.encode()
    )

    with pytest.raises(NotUnderstood):
        judged(sign_payload(kind, payload, cast.an_binh), kind, cast, cast.now)


def test_an_unknown_field_that_is_not_critical_is_ignored(cast: Any, example: Example) -> None:
    payload = payload_of(example("plan")).replace(b'"crit":[]', b'"crit":[],"colour":"red"')

    plan = judged(sign_payload("plan", payload, cast.an_binh), "plan", cast, cast.now)

    assert plan == example("plan")


def test_a_revoked_controller_key_is_refused_whatever_certificate_it_shows_r17(
    cast: Any, issue: Issue, example: Example
) -> None:
    pinned = replace(cast.pinned, revoked=frozenset({cast.an_binh.kid}))
    again = issue("vn", number=3)

    for by in (cast.an_binh, again):
        with pytest.raises(Revoked):
            judge(sign(example("plan"), by), MESSAGES["plan"], pinned, cast.place, cast.now)


def test_a_certificate_checked_before_does_not_outlive_its_revoked_root(
    cast: Any, key: Key, issue: Issue, example: Example
) -> None:
    token = sign(example("plan"), cast.an_binh)
    by_the_spare = sign(example("plan"), issue("an-binh", number=5, root_number=2))
    judge(token, MESSAGES["plan"], cast.pinned, cast.place, cast.now)

    after = replace(cast.pinned, revoked=frozenset({key(1).thumbprint()}))

    with pytest.raises(Revoked):
        judge(token, MESSAGES["plan"], after, cast.place, cast.now)
    assert judge(by_the_spare, MESSAGES["plan"], after, cast.place, cast.now)


def test_a_trust_list_needs_a_pinned_root_that_is_not_revoked(
    cast: Any, key: Key, example: Example
) -> None:
    trust = example("trust")
    by_root, by_spare, by_stranger = (sign(trust, signer(key(n))) for n in (1, 2, 8))
    after = replace(cast.pinned, revoked=frozenset({key(1).thumbprint()}))

    assert judge_trust(by_root, cast.pinned, cast.now) == trust
    assert judge_trust(by_spare, after, cast.now) == trust
    with pytest.raises(Revoked):
        judge_trust(by_root, after, cast.now)
    with pytest.raises(UntrustedIssuer):
        judge_trust(by_stranger, cast.pinned, cast.now)
    with pytest.raises(Expired):
        judge_trust(by_root, cast.pinned, trust.exp)


def test_a_root_may_revoke_the_other_but_never_itself(
    cast: Any, key: Key, example: Example
) -> None:
    trust = example("trust", revoked=[key(1).thumbprint()])

    assert judge_trust(sign(trust, signer(key(2))), cast.pinned, cast.now) == trust
    with pytest.raises(Malformed):
        judge_trust(sign(trust, signer(key(1))), cast.pinned, cast.now)


def test_a_certificate_cannot_be_signed_by_a_controller(
    cast: Any, key: Key, example: Example
) -> None:
    """A stolen controller key makes no further keys."""
    grown = example("cert", subtree="vn", x=public_x(key(7)))
    by = signer(key(7), sign(grown, signer(cast.an_binh.key)))

    with pytest.raises(UntrustedIssuer):
        judged(sign(example("plan"), by), "plan", cast, cast.now)


def test_many_certificates_do_not_fill_the_memory(cast: Any, issue: Issue) -> None:
    pinned = pin([root.as_dict(private=False)["x"] for root in cast.pinned.roots.values()])

    for number in range(70):
        assert pinned.certificate(str(issue(f"a{number}").certificate))

    assert len(pinned._read) <= 64


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1), st.booleans())
def test_a_revision_is_news_only_when_higher(held: int, rev: int, is_same: bool) -> None:
    text = "same" if is_same else "other"

    if rev > held:
        assert judge_revision((held, digest("same")), rev, text)
    elif rev == held and is_same:
        assert not judge_revision((held, digest("same")), rev, text)
    else:
        with pytest.raises(RolledBack):
            judge_revision((held, digest("same")), rev, text)


def test_the_first_revision_is_news() -> None:
    assert judge_revision(None, 0, "first")


@settings(derandomize=True, deadline=None)
@given(
    st.integers(0, 2**52),
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1)),  # noqa: DTZ001  # made local below
)
def test_the_next_revision_always_grows_and_follows_the_clock(last: int, at: datetime) -> None:
    now = at.astimezone()

    rev = next_revision(last, now)

    assert rev > last
    assert rev >= int(now.timestamp() * 1000)


def test_a_message_cannot_be_changed_after_it_was_made(example: Example) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        example("plan").rev = 5


ERRORS: list[type[errors.WireError]] = [errors.WireError, *errors.WireError.__subclasses__()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_its_code_and_a_sentence_in_both_languages(
    error: type[errors.WireError],
) -> None:
    text = str(error("kid-1"))

    assert text == f"{error.vi} / {error.en}: kid-1"
    assert error.vi != error.en
    assert [other for other in ERRORS if other.code == error.code] == [error]
    assert [other for other in ERRORS if error.vi == other.vi or error.en == other.en] == [error]


def test_what_a_stranger_wrote_is_safe_in_a_log_line_and_in_a_receipt(example: Example) -> None:
    error = errors.Malformed("a\nERROR root\x1b[31m\ud800" + "x" * 5000)

    receipt = {"number": 1, "kind": "refused", "at": "2026-11-23T10:00:00Z", "detail": str(error)}

    assert str(error).isprintable()
    assert len(error.detail) == 200
    assert example("receipts", receipts=[receipt])


def test_what_a_mad_clock_or_a_broken_program_reports_fits_every_database(
    example: Example,
) -> None:
    """One receipt that cannot be stored would hold up all that follow it."""
    receipt = {"number": 1, "kind": "missed", "at": "2026-11-23T10:00:00Z"}
    mad = receipt | {"late_ms": 10**30, "clock_error_ms": -(10**30), "rev": 2**53 - 1}

    stored = example("receipts", receipts=[mad]).receipts[0]
    said = Receipt(number=1, kind=ReceiptKind.FAULT, at=stored.at, detail="ffmpeg:\0 broken")

    assert (stored.late_ms, stored.clock_error_ms) == (2**31 - 1, -(2**31 - 1))
    assert said.detail == "ffmpeg:  broken"
    with pytest.raises(Malformed):
        example("receipts", receipts=[receipt | {"number": 2**31}])


def test_an_unplaced_device_does_not_believe_the_whole_country(
    cast: Any, issue: Issue, example: Example
) -> None:
    token = sign(example("command"), issue("vn"))

    with pytest.raises(errors.OutOfScope):
        judge(token, MESSAGES["command"], cast.pinned, Place("d-anbinh01", ()), cast.now)


def test_a_certificate_names_a_real_key(example: Example, key: Key, cast: Any) -> None:
    for x in ("A" * 42 + "B", "é" * 43, "=" * 43, " " * 43):
        token = sign(example("cert", x=x), signer(key(1)))
        with pytest.raises(Malformed):
            cast.pinned.certificate(token)


def test_certificates_are_issued_for_a_subtree(example: Example) -> None:
    assert isinstance(example("cert"), IssuingCertificate)
    with pytest.raises(Malformed):
        example("cert", subtree="An Bình")
