"""TOTP and recovery codes: what counts once, what is slowed down, and what a thief cannot read."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.errors import Conflict, Forbidden, Missing
from controller.people.auth import actor_of_session, start_session
from controller.people.code_brake import TooManyCodes
from controller.people.models import (
    AuditEntry,
    Person,
    RecoveryCode,
    SecondFactor,
    WrongCode,
)
from controller.people.rights import Actor, machine_owner
from controller.people.second_factor import (
    Factor,
    SecondFactorMissing,
    SecondFactorWrong,
    begin,
    confirm,
    remove,
    remove_of,
    renew_recovery_codes,
    status_of,
    verify,
    who_has_one,
)
from controller.people.vault import Vault, VaultShut
from tests.controller.cast import Cast, introduce

STEP = timedelta(seconds=30)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890" of RFC 6238, appendix B


def set_up(session: Session, actor: Actor, now: datetime) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Turn the second factor of a person on two steps ago, so that the codes of now are fresh."""
    totp = pyotp.TOTP(begin(session, actor, now - 2 * STEP).secret)
    return totp, confirm(session, actor, totp.at(now - 2 * STEP), now - 2 * STEP)


def mine(actor: Actor) -> int:
    assert actor.person_id is not None
    return actor.person_id


def other_than(totp: pyotp.TOTP, now: datetime) -> str:
    """Return six digits that are none of the codes of now."""
    right = {totp.at(now + offset * STEP) for offset in (-1, 0, 1)}
    return next(f"{number:06}" for number in range(10) if f"{number:06}" not in right)


def test_a_code_of_now_proves_the_second_factor(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, _ = set_up(session, cast.an, now)

    assert verify(session, mine(cast.an), totp.at(now), now) is Factor.TOTP


def test_codes_are_those_of_the_standard(session: Session, cast: Cast, now: datetime) -> None:
    """RFC 6238, appendix B: 94287082 at 59 s, of which apps show the last six digits."""
    begin(session, cast.an, now)
    held = session.get_one(SecondFactor, mine(cast.an))
    held.sealed_secret = Vault("test").seal(RFC_SECRET, f"person {cast.an.person_id}")
    at = datetime.fromisoformat("1970-01-01T00:00:59+00:00")

    assert len(confirm(session, cast.an, "287 082", at)) == 10


def test_whoever_set_up_nothing_is_told_so(session: Session, cast: Cast, now: datetime) -> None:
    begin(session, cast.an, now)

    for actor in (cast.an, cast.binh):
        with pytest.raises(SecondFactorMissing):
            verify(session, mine(actor), "123456", now)
    with pytest.raises(Missing):
        confirm(session, cast.binh, "123456", now)


def test_a_step_of_time_counts_once(session: Session, cast: Cast, now: datetime) -> None:
    totp, _ = set_up(session, cast.an, now)
    verify(session, mine(cast.an), totp.at(now), now)

    for step in (0, -1):
        with pytest.raises(SecondFactorWrong):
            verify(session, mine(cast.an), totp.at(now + step * STEP), now)
    assert verify(session, mine(cast.an), totp.at(now + STEP), now) is Factor.TOTP


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_one_step_early_or_late_is_taken_and_no_more(
    session: Session, cast: Cast, now: datetime, steps: int, is_taken: bool
) -> None:
    totp, _ = set_up(session, cast.an, now - timedelta(hours=1))
    code = totp.at(now + steps * STEP)

    if is_taken:
        assert verify(session, mine(cast.an), code, now) is Factor.TOTP
    else:
        with pytest.raises(SecondFactorWrong):
            verify(session, mine(cast.an), code, now)


def test_the_code_that_turned_it_on_is_used_up(session: Session, cast: Cast, now: datetime) -> None:
    totp = pyotp.TOTP(begin(session, cast.an, now).secret)
    confirm(session, cast.an, totp.at(now), now)

    with pytest.raises(SecondFactorWrong):
        verify(session, mine(cast.an), totp.at(now), now)


def test_a_recovery_code_works_once_however_it_is_written(
    session: Session, cast: Cast, now: datetime
) -> None:
    _, codes = set_up(session, cast.an, now)
    typed = codes[3].upper().replace("-", " ")

    assert verify(session, mine(cast.an), typed, now) is Factor.RECOVERY
    with pytest.raises(SecondFactorWrong):
        verify(session, mine(cast.an), codes[3], now)
    assert status_of(session, mine(cast.an)).codes_left == 9


def test_the_codes_of_somebody_else_prove_nothing(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, codes = set_up(session, cast.an, now)
    set_up(session, cast.binh, now)

    for code in (totp.at(now), codes[0]):
        with pytest.raises(SecondFactorWrong):
            verify(session, mine(cast.binh), code, now)


def test_new_recovery_codes_void_the_old_ones(session: Session, cast: Cast, now: datetime) -> None:
    totp, old = set_up(session, cast.an, now)

    new = renew_recovery_codes(session, cast.an, totp.at(now), now)

    assert len(set(new)) == 10
    with pytest.raises(SecondFactorWrong):
        verify(session, mine(cast.an), old[0], now)
    assert verify(session, mine(cast.an), new[0], now) is Factor.RECOVERY


def test_what_is_on_is_not_set_up_again(session: Session, cast: Cast, now: datetime) -> None:
    totp, _ = set_up(session, cast.an, now)

    with pytest.raises(Conflict):
        begin(session, cast.an, now)
    with pytest.raises(Conflict):
        confirm(session, cast.an, totp.at(now), now)


def test_beginning_again_forgets_the_secret_before(
    session: Session, cast: Cast, now: datetime
) -> None:
    first = pyotp.TOTP(begin(session, cast.an, now).secret)
    begin(session, cast.an, now)

    with pytest.raises(SecondFactorWrong):
        confirm(session, cast.an, first.at(now), now)


def test_nothing_secret_is_stored_readably_or_audited(
    session: Session, cast: Cast, now: datetime
) -> None:
    enrolment = begin(session, cast.an, now)
    codes = confirm(session, cast.an, pyotp.TOTP(enrolment.secret).at(now), now)

    stored = [session.get_one(SecondFactor, mine(cast.an)).sealed_secret]
    stored += session.scalars(select(RecoveryCode.code_hash))
    stored += [str(facts) for facts in session.scalars(select(AuditEntry.facts))]
    for secret in (enrolment.secret, *codes):
        assert not [text for text in stored if secret in text or secret.replace("-", "") in text]


def test_a_sealed_secret_is_worth_nothing_in_another_row_or_under_another_key(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, codes = set_up(session, cast.an, now)
    set_up(session, cast.binh, now)
    sealed = session.get_one(SecondFactor, mine(cast.an)).sealed_secret
    session.get_one(SecondFactor, mine(cast.binh)).sealed_secret = sealed

    with pytest.raises(VaultShut):
        verify(session, mine(cast.binh), totp.at(now), now)
    with pytest.raises(VaultShut):
        Vault("another").open(sealed, f"person {cast.an.person_id}")
    assert verify(session, mine(cast.an), codes[0], now) is Factor.RECOVERY


def test_the_qr_code_and_the_address_are_what_apps_read(
    session: Session, cast: Cast, now: datetime
) -> None:
    enrolment = begin(session, cast.an, now)

    read = pyotp.parse_uri(enrolment.uri)
    assert (read.name, read.issuer, read.secret) == ("an", "Truyen Thanh", enrolment.secret)
    assert enrolment.qr_svg.startswith("<svg ")
    assert "<script" not in enrolment.qr_svg


def test_six_wrong_codes_a_minute_are_one_too_many_but_recovery_codes_go_on(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, codes = set_up(session, cast.an, now)
    for _ in range(5):
        with pytest.raises(SecondFactorWrong):
            verify(session, mine(cast.an), other_than(totp, now), now)

    with pytest.raises(TooManyCodes):
        verify(session, mine(cast.an), totp.at(now), now)

    assert verify(session, mine(cast.an), codes[0], now) is Factor.RECOVERY
    later = now + timedelta(minutes=1)
    assert verify(session, mine(cast.an), totp.at(later), later) is Factor.TOTP


def test_fifty_wrong_codes_are_enough_for_a_day(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, _ = set_up(session, cast.an, now)
    at = now
    for _ in range(50):
        at += timedelta(seconds=15)
        with pytest.raises(SecondFactorWrong):
            verify(session, mine(cast.an), other_than(totp, at), at)

    at += timedelta(hours=1)
    with pytest.raises(TooManyCodes):
        verify(session, mine(cast.an), totp.at(at), at)

    at += timedelta(days=1)
    assert verify(session, mine(cast.an), totp.at(at), at) is Factor.TOTP


@pytest.fixture
def an(sessions: Sessions, now: datetime) -> Actor:
    """Somebody who is committed, for what spans transactions."""
    with sessions.begin() as session:
        return introduce(session, now).an


def test_a_wrong_code_is_counted_and_audited_though_its_transaction_is_undone(
    sessions: Sessions, an: Actor, now: datetime
) -> None:
    with sessions.begin() as session:
        totp, _ = set_up(session, an, now)

    def release() -> None:
        with sessions.begin() as session:
            session.get_one(Person, an.person_id).full_name = "Undone"
            verify(session, mine(an), other_than(totp, now), now)

    for _ in range(5):
        with pytest.raises(SecondFactorWrong):
            release()

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(WrongCode)) == 5
        wrong = select(AuditEntry.who).where(AuditEntry.action == "second_factor.wrong")
        assert session.scalars(wrong).all() == ["an"] * 5
        assert session.get_one(Person, an.person_id).full_name == "An"
        with pytest.raises(TooManyCodes):
            verify(session, mine(an), totp.at(now), now)


def test_a_code_is_free_again_when_what_it_was_for_is_undone(
    sessions: Sessions, an: Actor, now: datetime
) -> None:
    with sessions.begin() as session:
        totp, _ = set_up(session, an, now)
    with sessions() as session:
        verify(session, mine(an), totp.at(now), now)
        session.rollback()

    with sessions.begin() as session:
        assert verify(session, mine(an), totp.at(now), now) is Factor.TOTP


@pytest.mark.parametrize("kind", [Factor.TOTP, Factor.RECOVERY])
def test_of_many_at_once_one_uses_a_code(
    sessions: Sessions, an: Actor, now: datetime, kind: Factor
) -> None:
    with sessions.begin() as session:
        totp, codes = set_up(session, an, now)
    code = totp.at(now) if kind is Factor.TOTP else codes[0]

    def use(_: int) -> bool:
        try:
            with sessions.begin() as session:
                verify(session, mine(an), code, now)
        except (SecondFactorWrong, TooManyCodes):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(24))) == 1


def test_removing_ones_own_takes_a_code_and_ends_the_sessions(
    session: Session, cast: Cast, now: datetime
) -> None:
    totp, _ = set_up(session, cast.an, now)
    secret = start_session(session, session.get_one(Person, cast.an.person_id), now)

    with pytest.raises(SecondFactorWrong):
        remove(session, cast.an, other_than(totp, now), now)
    assert actor_of_session(session, secret, now) is not None
    remove(session, cast.an, totp.at(now), now)

    assert actor_of_session(session, secret, now) is None
    assert not status_of(session, mine(cast.an)).is_on
    assert session.scalars(select(RecoveryCode)).all() == []


def test_an_administrator_removes_a_lost_one_below_them_and_only_there(
    session: Session, cast: Cast, now: datetime
) -> None:
    set_up(session, cast.an, now)
    set_up(session, cast.chief, now)
    secret = start_session(session, session.get_one(Person, cast.an.person_id), now)

    for actor in (cast.lap, cast.binh, cast.tech):
        with pytest.raises(Forbidden):
            remove_of(session, actor, mine(cast.an), now)
    with pytest.raises(Conflict):
        remove_of(session, cast.chief, mine(cast.chief), now)
    remove_of(session, cast.chief, mine(cast.an), now)

    assert actor_of_session(session, secret, now) is None
    assert who_has_one(session) == {cast.chief.person_id}
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert last is not None
    assert (last.who, last.action, last.facts) == ("chief", "second_factor.remove", {"login": "an"})


def test_removing_what_is_not_there_is_quiet(session: Session, cast: Cast, now: datetime) -> None:
    remove_of(session, machine_owner("console:root"), mine(cast.an), now)

    assert session.scalars(select(AuditEntry)).all() == []


def test_every_change_is_audited(session: Session, cast: Cast, now: datetime) -> None:
    totp, codes = set_up(session, cast.an, now)
    verify(session, mine(cast.an), codes[0], now)
    renew_recovery_codes(session, cast.an, totp.at(now), now)
    remove(session, cast.an, totp.at(now + STEP), now)

    deeds = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert [re.sub("second_factor.", "", deed) for deed in deeds] == [
        "begin", "on", "recovery", "codes", "remove",
    ]  # fmt: skip


def test_sessions_without_a_key_open_nothing(sessions: Sessions, an: Actor, now: datetime) -> None:
    sessions.configure(info={})

    with sessions() as session, pytest.raises(VaultShut):
        begin(session, an, now)
