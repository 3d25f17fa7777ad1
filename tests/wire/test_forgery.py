"""R13 in a seeded short form: of thousands of mutated signed messages, none is accepted."""

import base64
import hashlib
import hmac
import json
import random
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from wire.encoding import MAX_PAYLOAD_BYTES, from_base64url, json_object
from wire.errors import Forged, Malformed, WireError
from wire.kinds import MESSAGES
from wire.signing import MAX_TOKEN_BYTES, Signer, new_key, sign_payload, signer

Receive = Callable[[str | bytes, str], Any]
Golden = Callable[[str], dict[str, Any]]
Mutation = Callable[[random.Random, str], str]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MUTATIONS_PER_KIND = 600


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(part: str) -> bytes:
    return from_base64url(part.encode())


def with_header(token: str, **changes: Any) -> str:
    header, payload, signature = token.split(".")
    fields = json.loads(unb64(header)) | changes
    kept = {name: value for name, value in fields.items() if value is not ...}
    return f"{b64(json.dumps(kept, separators=(',', ':')).encode())}.{payload}.{signature}"


def resigned(token: str, key: OKPKey) -> str:
    header, payload, _ = token.split(".")
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return f"{header}.{payload}.{b64(private.sign(f'{header}.{payload}'.encode()))}"


def change_a_letter(seeded: random.Random, token: str) -> str:
    at = seeded.randrange(len(token))
    return token[:at] + seeded.choice(ALPHABET + ".=+/ \n\0é") + token[at + 1 :]


def insert_a_letter(seeded: random.Random, token: str) -> str:
    at = seeded.randrange(len(token) + 1)
    return token[:at] + seeded.choice(ALPHABET + "= \n\r\t.") + token[at:]


def delete_letters(seeded: random.Random, token: str) -> str:
    at = seeded.randrange(len(token))
    return token[:at] + token[at + seeded.randint(1, 8) :]


def swap_the_case(seeded: random.Random, token: str) -> str:
    at = seeded.choice([at for at, letter in enumerate(token) if letter.isalpha()])
    return token[:at] + token[at].swapcase() + token[at + 1 :]


def pad_a_part(seeded: random.Random, token: str) -> str:
    parts = token.split(".")
    parts[seeded.randrange(3)] += seeded.choice(["=", "==", "===", "A", "\n", " ", "%3D"])
    return ".".join(parts)


def set_spare_bits(seeded: random.Random, token: str) -> str:
    parts = token.split(".")
    chosen = seeded.randrange(3)
    last = ALPHABET.index(parts[chosen][-1])
    parts[chosen] = parts[chosen][:-1] + ALPHABET[last ^ seeded.choice([1, 2, 3])]
    return ".".join(parts)


def flip_a_bit(seeded: random.Random, token: str) -> str:
    parts = token.split(".")
    chosen = seeded.randrange(3)
    raw = bytearray(unb64(parts[chosen]))
    raw[seeded.randrange(len(raw))] ^= 1 << seeded.randrange(8)
    parts[chosen] = b64(bytes(raw))
    return ".".join(parts)


def drop_the_signature(seeded: random.Random, token: str) -> str:
    header, payload, signature = token.split(".")
    empty = f"{header}.{payload}"
    return seeded.choice([empty, empty + ".", empty + "..", f".{payload}.{signature}"])


def change_the_algorithm(seeded: random.Random, token: str) -> str:
    names: list[Any] = ["none", "None", "HS256", "EdDSA", "ES256", "ed25519", "", None, 7, []]
    return with_header(token, alg=seeded.choice(names))


def sign_with_the_public_key_as_secret(seeded: random.Random, token: str) -> str:
    header, payload, _ = with_header(token, alg="HS256").split(".")
    secret = seeded.choice([b"", b"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"])
    tag = hmac.new(secret, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return f"{header}.{payload}.{b64(tag)}"


def change_the_header(seeded: random.Random, token: str) -> str:
    changes: list[dict[str, Any]] = [
        {"kid": "x"},
        {"kid": "\ud800"},
        {"kid": ...},
        {"typ": "tt-alert"},
        {"typ": ...},
        {"cert": ...},
        {"cert": token},
        {"zip": "GZ"},
        {"zip": ...},
        {"crit": ["rev"]},
        {"crit": "zip"},
        {"b64": False, "crit": ["b64"]},
        {"jwk": {"kty": "OKP"}},
        {"x5u": "https://attacker.example"},
    ]
    return with_header(token, **seeded.choice(changes))


def sign_as_a_stranger(seeded: random.Random, token: str) -> str:
    stranger = OKPKey.generate_key("Ed25519")
    kid = seeded.choice([{}, {"kid": stranger.thumbprint()}])
    return resigned(with_header(token, **kid), stranger)


def repeat_a_name(seeded: random.Random, token: str) -> str:
    parts = token.split(".")
    chosen = seeded.randrange(2)
    parts[chosen] = b64(b'{"rev":9,"alg":"none",' + unb64(parts[chosen])[1:])
    return ".".join(parts)


MUTATIONS: tuple[Mutation, ...] = (
    change_a_letter,
    insert_a_letter,
    delete_letters,
    swap_the_case,
    pad_a_part,
    set_spare_bits,
    flip_a_bit,
    drop_the_signature,
    change_the_algorithm,
    sign_with_the_public_key_as_secret,
    change_the_header,
    sign_as_a_stranger,
    repeat_a_name,
)


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_no_mutation_of_a_signed_message_is_accepted_r13(
    kind: str, golden: Golden, receive: Receive
) -> None:
    seeded = random.Random(f"R13 {kind}")
    token = golden(kind)["token"]
    accepted = []

    for number in range(MUTATIONS_PER_KIND):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        mutant = mutation(seeded, token)
        try:
            receive(mutant, kind)
        except WireError:
            continue
        if mutant != token:
            accepted.append((mutation.__name__, mutant))

    assert accepted == []


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_a_message_of_one_kind_is_never_taken_for_another(
    kind: str, golden: Golden, receive: Receive
) -> None:
    for other in MESSAGES.keys() - {kind}:
        with pytest.raises(WireError):
            receive(golden(other)["token"], kind)


def test_a_certificate_that_nobody_signed_for_this_key_does_not_help(
    cast: Any, golden: Golden, receive: Receive
) -> None:
    """A stranger's key with the real certificate, and the real key with another's certificate."""
    payload = json.dumps(golden("plan")["payload"]).encode()
    stranger = new_key()
    borrowed = Signer(stranger, stranger.thumbprint(), cast.an_binh.certificate)
    claimed = Signer(stranger, cast.an_binh.kid, cast.an_binh.certificate)
    swapped = Signer(cast.tan_lap.key, cast.tan_lap.kid, cast.an_binh.certificate)

    for by in (borrowed, claimed, swapped):
        with pytest.raises(Forged):
            receive(sign_payload("plan", payload, by), "plan")


def test_a_root_made_at_home_is_no_root(
    issue: Callable[..., Signer], golden: Golden, receive: Receive
) -> None:
    by = issue("an-binh", number=7, root_number=8)

    with pytest.raises(WireError, match="not from a pinned root"):
        receive(sign_payload("plan", json.dumps(golden("plan")["payload"]).encode(), by), "plan")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param('{"rev":1,"rev":2}', id="a name twice"),
        pytest.param('{"a":{"b":1,"b":1}}', id="a name twice inside"),
        pytest.param("[]", id="no object"),
        pytest.param("[" * 50_000, id="too deep"),
        pytest.param('{"rev":' + "9" * 5000 + "}", id="too long a number"),
        pytest.param("\ufeff{}", id="byte order mark"),
        pytest.param('{"crit":{}}', id="crit is no list"),
        pytest.param('{"crit":[1]}', id="crit holds a number"),
        pytest.param('{"crit":null}', id="crit is null"),
        pytest.param('{"a":["\\u0000"]}', id="NUL"),
    ],
)
def test_a_signed_payload_that_is_not_one_plain_object_is_malformed(
    payload: str, cast: Any, receive: Receive
) -> None:
    token = sign_payload("health", payload.encode(), cast.device)

    with pytest.raises(Malformed):
        receive(token, "health")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rev", "5"),
        ("rev", 5.0),
        ("rev", True),
        ("rev", -1),
        ("rev", 2**53),
        ("iat", 1_795_428_000),
        ("iat", "2026-11-23T10:00:00"),
        ("iat", "0001-01-01T00:00:00+14:00"),
        ("exp", "9999-12-31T23:59:59Z"),
        ("epoch", "7"),
        ("epoch", 2**53),
        ("plan_rev", -1),
        ("measurements", {"x": "1"}),
        ("measurements", {"x": float("nan")}),
        ("measurements", {"x": float("inf")}),
        ("jti", "a b"),
        ("device", "d-anbinh01\n"),
    ],
)
def test_a_field_has_one_spelling_only(
    field: str, value: object, cast: Any, golden: Golden, receive: Receive
) -> None:
    payload = json.dumps(golden("health")["payload"] | {field: value}).encode()

    with pytest.raises(Malformed):
        receive(sign_payload("health", payload, cast.device), "health")


def test_except_has_no_second_name_on_the_wire(cast: Any, golden: Golden, receive: Receive) -> None:
    payload = golden("alert")["payload"] | {"crit": [], "target": {"exceptions": ["an-binh-9"]}}

    message = receive(sign_payload("alert", json.dumps(payload).encode(), cast.an_binh), "alert")

    assert message.target.exceptions == ()


def test_a_deflate_bomb_is_refused_before_it_grows(cast: Any, receive: Receive) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(b" " * (64 * MAX_PAYLOAD_BYTES)) + packer.flush()
    header = {"alg": "Ed25519", "typ": "tt-plan", "kid": cast.an_binh.kid}
    header |= {"cert": cast.an_binh.certificate, "zip": "DEF", "crit": ["zip"]}
    unsigned = f"{b64(json.dumps(header).encode())}.{b64(bomb)}."

    token = resigned(unsigned, cast.an_binh.key)

    assert len(token) < MAX_TOKEN_BYTES
    with pytest.raises(Malformed, match="more than 1048576 bytes"):
        receive(token, "plan")


def test_a_payload_of_exactly_the_limit_passes_the_limit(cast: Any, receive: Receive) -> None:
    """It fails for what it says, not for its length; one byte more is not even signed."""
    largest = b'{"a":"' + b"x" * (MAX_PAYLOAD_BYTES - 8) + b'"}'

    with pytest.raises(Malformed, match="Field required"):
        receive(sign_payload("plan", largest, cast.an_binh), "plan")
    with pytest.raises(Malformed, match="bytes"):
        sign_payload("plan", largest + b" ", cast.an_binh)


def test_a_text_about_nul_is_not_nul() -> None:
    assert json_object(rb'{"a":"\\u0000"}') == {"a": r"\u0000"}
    with pytest.raises(Malformed):
        json_object(rb'{"a":"\\\u0000"}')


def test_what_no_receiver_could_read_is_not_signed(cast: Any) -> None:
    long_name = signer(cast.an_binh.key, "x" * 5000)

    with pytest.raises(Malformed):
        sign_payload("live", b" " * MAX_TOKEN_BYTES, cast.an_binh)
    with pytest.raises(Malformed):
        sign_payload("live", b"{}", long_name)
