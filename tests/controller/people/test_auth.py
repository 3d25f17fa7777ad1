from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from controller.db import Sessions
from controller.errors import Invalid, Missing
from controller.people import passwords
from controller.people.auth import (
    SignInRefused,
    actor_of_session,
    actor_of_token,
    create_token,
    revoke_token,
    sign_in,
    sign_out,
    tokens_of,
    touch_session,
)
from controller.people.brake import Brake, TooManyAttempts
from controller.people.models import ApiToken, AuditEntry, Role, SignIn
from controller.people.passwords import (
    PasswordWeak,
    first_password,
    hash_password,
    is_right,
    require_strong,
)
from controller.people.rights import actor_of
from controller.people.service import (
    change_password,
    deactivate_person,
    find_person,
    grant_role,
    person_by_login,
    reset_password,
    revoke_role,
)
from tests.controller.cast import AN_BINH, VILLAGE, introduce

PASSWORD = "lũ về lúc nửa đêm"
HERE = "203.0.113.7"


@pytest.fixture
def sessions(sessions: Sessions, now: datetime) -> Sessions:
    """The cast is there, and `an` has a password."""
    with sessions.begin() as session:
        introduce(session, now)
        person_by_login(session, "an").password_hash = hash_password(PASSWORD)
    return sessions


def test_a_right_password_opens_a_session(sessions: Sessions, now: datetime) -> None:
    secret, actor = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)

    with sessions() as session:
        found = actor_of_session(session, secret, now)
        stored = session.scalars(select(SignIn)).one()
    assert found == actor
    assert actor.paths([Role.OPERATOR]) == (f"/vn/vn-31/{AN_BINH}/",)
    assert secret not in (stored.secret_hash, str(stored.id))


@pytest.mark.parametrize(("login", "password"), [("an", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_login_and_a_wrong_password_are_refused_alike_and_recorded(
    sessions: Sessions, now: datetime, login: str, password: str
) -> None:
    with pytest.raises(SignInRefused):
        sign_in(sessions, login, password, HERE, Brake(), now)

    with sessions() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.who) == ("sign_in.refused", login)
    assert entry.facts == {"address": HERE}


def test_a_sixth_failure_within_a_minute_has_to_wait(sessions: Sessions, now: datetime) -> None:
    """R47."""
    brake = Brake()
    for second in range(5):
        with pytest.raises(SignInRefused):
            sign_in(sessions, "an", "wrong", HERE, brake, now + timedelta(seconds=second))

    with pytest.raises(TooManyAttempts) as refused:
        sign_in(sessions, "AN", PASSWORD, "198.51.100.1", brake, now + timedelta(seconds=10))

    assert refused.value.facts == {"wait_s": 50}
    sign_in(sessions, "an", PASSWORD, HERE, brake, now + timedelta(seconds=61))


def test_an_address_that_tries_many_accounts_has_to_wait(now: datetime) -> None:
    """R47."""
    brake = Brake()
    for number in range(20):
        brake.count_failure(f"person-{number}", HERE, now)

    with pytest.raises(TooManyAttempts):
        brake.require_free("another", HERE, now)
    brake.require_free("another", "198.51.100.1", now)


def test_the_brake_forgets_rather_than_grows(now: datetime) -> None:
    brake = Brake()
    for number in range(30_000):
        brake.count_failure(f"person-{number}", HERE, now)

    assert len(brake._failures) <= 20_000


def test_a_session_ends_when_idle_and_at_its_end(sessions: Sessions, now: datetime) -> None:
    secret, _ = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)

    with sessions() as session:
        assert actor_of_session(session, secret, now + timedelta(minutes=119)) is not None
        assert actor_of_session(session, secret, now + timedelta(minutes=120)) is None
        for hour in range(1, 13):
            touch_session(session, secret, now + timedelta(hours=hour))
        assert actor_of_session(session, secret, now + timedelta(hours=11, minutes=59))
        assert actor_of_session(session, secret, now + timedelta(hours=12)) is None


def test_signing_out_ends_a_session(sessions: Sessions, now: datetime) -> None:
    secret, _ = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)

    with sessions() as session:
        sign_out(session, secret)

        assert actor_of_session(session, secret, now) is None
        assert actor_of_session(session, "", now) is None


@pytest.mark.parametrize("change", ["grant", "revoke", "deactivate", "reset", "password"], ids=str)
def test_sessions_and_tokens_die_with_any_change_of_rights(
    sessions: Sessions, now: datetime, change: str
) -> None:
    """R47: at once, promised within 60 s."""
    secret, an = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)
    with sessions.begin() as session:
        token = create_token(session, an, "script", now, timedelta(days=30))
        chief = actor_of(session, person_by_login(session, "chief"))
        person_id = an.person_id or 0
        match change:
            case "grant":
                grant_role(session, chief, person_id, Role.TECHNICIAN, VILLAGE, now)
            case "revoke":
                revoke_role(session, chief, person_id, Role.OPERATOR, AN_BINH, now)
            case "deactivate":
                deactivate_person(session, chief, person_id, now)
            case "reset":
                reset_password(session, chief, person_id, now)
            case _:
                change_password(session, an, PASSWORD, "một mật khẩu rất mới", now)

    with sessions() as session:
        assert actor_of_session(session, secret, now) is None
        assert actor_of_token(session, token, now) is None


def test_a_token_has_its_persons_rights_until_it_ends(sessions: Sessions, now: datetime) -> None:
    _, an = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)
    with sessions.begin() as session:
        token = create_token(session, an, "script", now, timedelta(days=30))

    with sessions() as session:
        assert actor_of_token(session, token, now) == an
        assert actor_of_token(session, token, now + timedelta(days=30)) is None
        assert actor_of_token(session, token + "x", now) is None
        stored = session.scalars(select(ApiToken)).one()
        assert token not in stored.secret_hash
        assert [one.name for one in tokens_of(session, an, now)] == ["script"]


def test_only_its_owner_revokes_a_token(sessions: Sessions, now: datetime) -> None:
    _, an = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)
    with sessions.begin() as session:
        token = create_token(session, an, "script", now, timedelta(days=30))
        token_id = session.scalars(select(ApiToken.id)).one()
        chief = actor_of(session, person_by_login(session, "chief"))

        with pytest.raises(Missing):
            revoke_token(session, chief, token_id, now)
        revoke_token(session, an, token_id, now)

        assert actor_of_token(session, token, now) is None


def test_a_token_lives_a_year_at_most(sessions: Sessions, now: datetime) -> None:
    _, an = sign_in(sessions, "an", PASSWORD, HERE, Brake(), now)

    with sessions() as session, pytest.raises(Invalid):
        create_token(session, an, "script", now, timedelta(days=400))


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "matkhau123456", "aaaaaaaaaaaaa", "an.nguyen2026", "Admin123456!!"],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordWeak):
        require_strong(password, "an.nguyen" if "nguyen" in password else "binh")


@pytest.mark.parametrize("password", [PASSWORD, "correct horse battery", "Trống-đồng-Đông-Sơn"])
def test_a_long_sentence_is_a_good_password(password: str) -> None:
    require_strong(password, "an")


def test_first_passwords_are_strong_and_never_the_same() -> None:
    made = {first_password() for _ in range(200)}

    for password in made:
        require_strong(password, "an")
    assert len(made) == 200


def test_a_stored_password_says_nothing_of_itself() -> None:
    stored = hash_password(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert is_right(stored, PASSWORD)
    assert not is_right(stored, PASSWORD + " ")
    assert not is_right(None, PASSWORD)
    assert not is_right("!", PASSWORD)


def test_an_unknown_login_costs_as_much_work_as_a_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    hasher = passwords._HASHER

    class Counting:
        def hash(self, password: str) -> str:
            return hasher.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            compared.append(stored.rsplit("$", 2)[0])
            return hasher.verify(stored, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())

    is_right(hash_password(PASSWORD), "wrong")
    is_right(None, "wrong")

    assert len(compared) == 2
    assert compared[0] == compared[1]


def test_ones_own_password_needs_the_old_one(sessions: Sessions, now: datetime) -> None:
    with sessions() as session:
        an = actor_of(session, person_by_login(session, "an"))

        with pytest.raises(Invalid):
            change_password(session, an, "wrong", "một mật khẩu rất mới", now)
        with pytest.raises(PasswordWeak):
            change_password(session, an, PASSWORD, PASSWORD, now)
        with pytest.raises(PasswordWeak):
            change_password(session, an, PASSWORD, "ngắn", now)
        assert find_person(session, an.person_id or 0).generation == 0
