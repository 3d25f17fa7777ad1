"""The claim code: typed by a tired technician, and the only thing a new device believes."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.encoding import json_object
from wire.enrolment import FINGERPRINT_BYTES, SECRET_BYTES, Bundle, ClaimCode, parse_claim_code
from wire.errors import Malformed

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "https-bundle-1.json").read_text(encoding="utf-8")
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

codes = st.builds(
    ClaimCode,
    st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    st.binary(min_size=FINGERPRINT_BYTES, max_size=FINGERPRINT_BYTES),
)


@settings(derandomize=True, deadline=None)
@given(codes, st.integers(0, 2**32))
def test_a_claim_code_survives_being_typed(code: ClaimCode, seed: int) -> None:
    seeded = random.Random(seed)
    typed = str(code).replace("-", seeded.choice(["", " ", "-", " - "]))
    typed = "".join(seeded.choice([letter.lower(), letter]) for letter in f" {typed}\n")
    typed = typed.translate(str.maketrans("OIB", "018")) if seeded.random() < 0.5 else typed

    assert parse_claim_code(typed) == code


def test_a_claim_code_is_seven_groups_of_six() -> None:
    groups = GOLDEN["claim_code"].split("-")

    assert [len(group) for group in groups] == [6] * 7


def test_every_typing_error_of_one_letter_gives_no_code_or_another_code() -> None:
    code = parse_claim_code(GOLDEN["claim_code"])
    letters = str(code).replace("-", "")
    same = []

    for at in range(len(letters)):
        for letter in LETTERS.replace(letters[at], ""):
            typed = letters[:at] + letter + letters[at + 1 :]
            try:
                if parse_claim_code(typed) == code:
                    same.append(typed)
            except Malformed:
                continue

    assert same == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "A",
        GOLDEN["claim_code"][:-1],
        GOLDEN["claim_code"] + "A",
        "é" * 42,
        "9" * 42,
        "=" * 42,
        "A" * 100_000,
        "\ud800" * 42,
        "A" * 40 + "==",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_is_no_claim_code_is_refused_in_words(text: str) -> None:
    with pytest.raises(Malformed):
        parse_claim_code(text)


def test_the_fingerprint_is_of_the_bundle_and_of_nothing_else() -> None:
    bundle = Bundle.model_validate(GOLDEN["payload"])
    more = Bundle.model_validate(GOLDEN["payload"] | {"greeting": "xin chào"})
    swapped = Bundle(roots=bundle.roots[::-1], authorities=bundle.authorities)

    assert bundle.fingerprint().hex() == GOLDEN["fingerprint"]
    assert more.fingerprint() == bundle.fingerprint()
    assert swapped.fingerprint() != bundle.fingerprint()
    assert parse_claim_code(GOLDEN["claim_code"]).fingerprint == bundle.fingerprint()
    assert parse_claim_code(GOLDEN["claim_code"]).secret_hash == GOLDEN["secret_hash"]


def test_the_controller_never_needs_the_secret_itself() -> None:
    code = parse_claim_code(GOLDEN["claim_code"])

    assert code.secret.hex() not in code.secret_hash
    assert len(bytes.fromhex(code.secret_hash)) == 32
    assert json_object(json.dumps({"hash": code.secret_hash}).encode())
