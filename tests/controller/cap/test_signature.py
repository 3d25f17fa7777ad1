"""Signatures: only pinned certificates are trust (docs/promises.md R43)."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from controller.cap.judging import Outcome, Policy, Verdict, judge
from controller.cap.signature import Standing
from tests.controller.cap.messages import NOW, Key, cap, certificate, info, signed

KEY: Key = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY: Key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CA_KEY: Key = ec.generate_private_key(ec.SECP256R1())
CA = certificate("Đài KTTV", CA_KEY, is_authority=True)
LEAF = certificate("CAP", KEY, issuer=(CA, CA_KEY))
SELF = certificate("CAP", OTHER_KEY)
SIGNED = signed(cap(), KEY, LEAF)


def verdict(content: bytes, *pinned: x509.Certificate, is_open: bool = False) -> Verdict:
    return judge(content, Policy(pinned, is_open=is_open), NOW)


@pytest.mark.parametrize("pinned", [CA, LEAF], ids=["authority", "signer"])
def test_a_signature_under_a_pinned_certificate_is_valid(pinned: x509.Certificate) -> None:
    found = verdict(SIGNED, pinned)

    assert (found.outcome, found.signature) == (Outcome.ACCEPTED, Standing.VALID)


def test_rsa_and_a_chain_over_another_authority_are_valid() -> None:
    middle_key = ec.generate_private_key(ec.SECP256R1())
    middle = certificate("Giữa", middle_key, issuer=(CA, CA_KEY), is_authority=True)
    leaf = certificate("CAP", OTHER_KEY, issuer=(middle, middle_key))

    assert verdict(signed(cap(), OTHER_KEY, leaf, middle), CA).signature is Standing.VALID


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "signed"])
def test_a_strangers_own_certificate_is_never_trust(*, is_open: bool) -> None:
    found = verdict(signed(cap(), OTHER_KEY, SELF), CA, is_open=is_open)

    assert (found.outcome, found.signature) == (Outcome.REFUSED, Standing.UNTRUSTED)
    assert found.reason.code == "signer_unknown"


def test_a_certificate_of_the_same_name_by_another_key_is_a_stranger() -> None:
    false_ca = certificate("Đài KTTV", OTHER_KEY, is_authority=True)
    leaf = certificate("CAP", KEY, issuer=(false_ca, OTHER_KEY))

    assert verdict(signed(cap(), KEY, leaf, false_ca), CA).signature is Standing.UNTRUSTED


def test_a_signer_who_is_no_authority_cannot_issue() -> None:
    below = certificate("Dưới", OTHER_KEY, issuer=(LEAF, KEY))

    assert verdict(signed(cap(), OTHER_KEY, below, LEAF), CA).signature is Standing.UNTRUSTED


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)], ids=["expired", "not yet"])
def test_a_certificate_out_of_its_time_is_untrusted(days: tuple[int, int]) -> None:
    leaf = certificate("CAP", KEY, issuer=(CA, CA_KEY), days=days)

    found = verdict(signed(cap(), KEY, leaf), CA)

    assert (found.signature, found.reason.code) == (Standing.UNTRUSTED, "certificate")
    assert verdict(signed(cap(), KEY, leaf), leaf).signature is Standing.UNTRUSTED


def test_the_instant_of_checking_decides_about_dates() -> None:
    leaf = certificate("CAP", KEY, issuer=(CA, CA_KEY), days=(-30, 30))
    later = judge(signed(cap(), KEY, leaf), Policy((CA,)), NOW + timedelta(days=40))

    assert later.signature is Standing.UNTRUSTED


@pytest.mark.parametrize(
    ("old", "new"),
    [("Lũ", "Bão"), ("VN-1", "VN-2"), ("<urgency>Immediate", "<urgency>Past")],
)
def test_a_changed_message_is_invalid_whoever_is_pinned(old: str, new: str) -> None:
    content = SIGNED.replace(old.encode(), new.encode())

    for pinned in [(CA,), (LEAF,), ()]:
        found = verdict(content, *pinned)
        assert (found.outcome, found.signature) == (Outcome.REFUSED, Standing.INVALID)


def test_an_unsigned_message_is_believed_of_an_open_source_only() -> None:
    assert verdict(cap(), CA).reason.code == "unsigned"
    assert verdict(cap(), CA, is_open=True).outcome is Outcome.ACCEPTED


def test_a_signature_of_a_part_is_no_signature_of_the_whole() -> None:
    by_id = SIGNED.replace(b'URI=""', b'URI="#x"')

    assert verdict(by_id, CA).signature is Standing.INVALID


def test_a_wrapped_signature_is_refused() -> None:
    inner = etree.fromstring(SIGNED)
    outer = etree.fromstring(cap(infos=info(event="Bão")))
    outer.append(inner)
    moved = etree.fromstring(cap(infos=info(event="Bão")))
    moved.append(inner.find("{*}Signature"))

    assert verdict(etree.tostring(outer), CA).outcome is Outcome.REFUSED
    assert verdict(etree.tostring(moved), CA).signature is Standing.INVALID


def test_two_signatures_over_the_whole_are_as_good_as_the_better_one() -> None:
    once = etree.fromstring(SIGNED)
    stranger = etree.fromstring(signed(cap(), OTHER_KEY, SELF)).find("{*}Signature")
    once.append(stranger)

    assert verdict(etree.tostring(once), CA).signature is Standing.VALID
    assert verdict(etree.tostring(once)).signature is Standing.UNTRUSTED


def test_a_transform_that_selects_parts_is_refused() -> None:
    plain = b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
    xpath = b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>'
    assert plain in SIGNED

    assert verdict(SIGNED.replace(plain, plain + xpath), CA).signature is Standing.INVALID


@pytest.mark.parametrize("method", ["hmac-sha1", "rsa-md5"])
def test_methods_that_anybody_can_forge_are_never_valid(method: str) -> None:
    weak = SIGNED.replace(
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        f"http://www.w3.org/2000/09/xmldsig#{method}".encode(),
    )
    assert weak != SIGNED

    assert verdict(weak, CA).outcome is Outcome.REFUSED


def test_a_damaged_signature_is_refused_and_crashes_nothing() -> None:
    for old, new in [(b"MII", b"!!!"), (b"SignatureValue>", b"Signaturevalue>"), (b"ds:", b"dx:")]:
        assert verdict(SIGNED.replace(old, new), CA).outcome is Outcome.REFUSED
