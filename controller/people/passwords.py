"""Passwords: what is accepted, and how they are kept (argon2id, OWASP's 19 MiB and 2 passes)."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from controller.errors import Invalid

SHORTEST, LONGEST = 12, 200
COMMON_STEMS = (
    "password", "matkhau", "truyenthanh", "qwerty", "admin", "letmein", "iloveyou", "vietnam",
    "anhyeuem", "123456", "abcdef", "000000", "111111", "888888", "999999", "welcome", "dragon",
)  # fmt: skip
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordWeak(Invalid):
    """A password that is too easy to guess; facts `field`, `why_vi`, `why_en`."""

    code = "password_weak"


def require_strong(password: str, login: str) -> None:
    """Raise `PasswordWeak` unless there are 12 to 200 characters, not common, not the login."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise _weak(f"cần từ {SHORTEST} ký tự", f"needs at least {SHORTEST} characters")
    plain = left = _letters(password)
    for stem in (_letters(login), *COMMON_STEMS):
        left = left.replace(stem, "") if stem else left
    if len(set(plain)) < 5 or len(left) < 5:
        raise _weak(
            "quá dễ đoán hoặc giống tên đăng nhập", "is too easy to guess or too like the login"
        )


def hash_password(password: str) -> str:
    """Return what is stored; ~20 ms of work."""
    return _HASHER.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Return whether the password fits; takes as long where there is nothing to compare with."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def first_password() -> str:
    """Return a password to be told once and changed at the first sign-in: 80 random bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _weak(why_vi: str, why_en: str) -> PasswordWeak:
    return PasswordWeak(field="password", why_vi=why_vi, why_en=why_en)
