"""XML signatures (XML-DSig) of a whole message, under pinned certificates and nothing else.

A message may be signed more than once (in Canada by the issuer, then by the aggregator): each
signature must cover the whole message, with or without the others, and one that is trusted is
enough. What a signature covers beside other signatures is everything that has a meaning.

`invalid`: the signature is wrong, or does not cover the whole message. `untrusted`: it holds, but
under a key that nobody pinned, out of its time, or by a weak algorithm. A certificate inside the
message is never trust (docs/promises.md R43).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongUnderKey
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.exceptions import InvalidInput, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from controller.cap.algorithms import (
    CANONICAL,
    ENVELOPED,
    MODERN_DIGESTS,
    MODERN_METHODS,
    OLD_DIGESTS,
    OLD_METHODS,
    is_unknown,
    is_weak,
    is_weak_key,
)
from controller.cap.reading import DSIG
from controller.cap.reasons import Reason, because
from controller.cap.trust import certificates_in, in_time, leads_to

SIGNATURE = f"{{{DSIG}}}Signature"
MAX_SIGNATURES = 4
CONFIGURATION = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=MODERN_METHODS | OLD_METHODS,
    digest_algorithms=MODERN_DIGESTS | OLD_DIGESTS,
)


class Standing(StrEnum):
    """What a message's signature is worth."""

    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"
    UNTRUSTED = "untrusted"


BEST_FIRST = (Standing.VALID, Standing.UNTRUSTED, Standing.INVALID)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A standing, and why when it is neither `none` nor `valid`; `signer` for the record."""

    standing: Standing
    reason: Reason | None = None
    signer: str = ""


def judge_signature(
    root: etree._Element, pinned: Sequence[x509.Certificate], at: datetime
) -> Judgement:
    """Return what the signatures of a message as it was sent are worth at an instant: the best."""
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return Judgement(Standing.NONE)
    if len(signatures) > MAX_SIGNATURES or any(one.getparent() is not root for one in signatures):
        return _malformed("not below the alert")
    found = [_judge(root, number, pinned, at) for number in range(len(signatures))]
    return min(found, key=lambda one: BEST_FIRST.index(one.standing))


def _judge(
    root: etree._Element, number: int, pinned: Sequence[x509.Certificate], at: datetime
) -> Judgement:
    signature = root.findall(SIGNATURE)[number]
    wrong = _wrong_form(signature)
    if wrong:
        return _malformed(wrong)
    method, digest = _algorithms(signature)
    brought = certificates_in(signature)
    if is_unknown(method, digest):
        return Judgement(Standing.UNTRUSTED, because("signature_weak", detail=_short(method)))
    alone = _Alone.of(root, number)
    judged = _under_certificates(alone, brought, pinned, at) if brought else None
    judged = judged or _under_bare_key(alone, pinned, at)
    if judged.standing is not Standing.INVALID and is_weak(method, digest, at):
        return Judgement(Standing.UNTRUSTED, because("signature_weak", detail=_short(method)))
    return judged


def _malformed(how: str) -> Judgement:
    return Judgement(Standing.INVALID, because("signature_form", detail=how))


@dataclass(frozen=True, slots=True)
class _Alone:
    """One signature of a message, with the others beside it and without them."""

    whole: etree._Element
    number: int
    single: etree._Element | None

    @classmethod
    def of(cls, root: etree._Element, number: int) -> "_Alone":
        """Make the message without its other signatures; the text around them stays."""
        if len(root.findall(SIGNATURE)) == 1:
            return cls(root, 0, None)
        single = copy.deepcopy(root)
        for at, signature in enumerate(single.findall(SIGNATURE)):
            if at != number:
                _take_out(signature)
        return cls(root, number, single)

    def holds(self, certificate: x509.Certificate | None) -> bool | None:
        """Whether the signature is right under a key (the message's own when none is given).

        None when that cannot be told. The dates of the certificate are judged elsewhere.
        """
        held = _holds(self.whole, self.number, certificate)
        if held or self.single is None:
            return held
        return _holds(self.single, 0, certificate)


class _Numbered(XMLVerifier):
    """A verifier of one of several signatures, all children of the root."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def _get_signature(self, root: etree._Element) -> etree._Element:
        return root.findall(SIGNATURE)[self.number]

    def _c14n(self, nodes: Any, *args: Any, **options: Any) -> bytes:
        """Canonicalise a part as a document of its own: libxml2 repeats namespaces otherwise."""
        if etree.iselement(nodes):
            nodes = etree.fromstring(etree.tostring(nodes, with_tail=False), self.parser)
        return bytes(super()._c14n(nodes, *args, **options))


def _take_out(element: etree._Element) -> None:
    """Remove an element but not the text behind it, which a signature covers."""
    before, parent = element.getprevious(), element.getparent()
    if parent is None:
        return
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _wrong_form(signature: etree._Element) -> str:
    """Return how a signature does not cover the whole message; refuses every wrapping."""
    references = list(signature.iter(f"{{{DSIG}}}Reference"))
    if len(references) != 1:
        return f"{len(references)} references"
    if references[0].get("URI") != "":
        return f"URI {references[0].get('URI')}"
    transforms = [one.get("Algorithm") for one in references[0].iter(f"{{{DSIG}}}Transform")]
    is_plain = transforms.count(ENVELOPED) == 1 and set(transforms) <= {ENVELOPED, *CANONICAL}
    return "" if is_plain and _only_prefixes(references[0]) else "transforms"


def _only_prefixes(reference: etree._Element) -> bool:
    allowed = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
    return all(
        child.tag == allowed
        for transform in reference.iter(f"{{{DSIG}}}Transform")
        for child in transform
    )


def _under_certificates(
    alone: _Alone,
    brought: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
    at: datetime,
) -> Judgement:
    """Find which of the certificates signed; only then ask whether anybody pinned it."""
    signer = next((one for one in brought if alone.holds(one)), None)
    if signer is None:
        return Judgement(Standing.INVALID, because("signature_invalid"))
    others = [one for one in brought if one != signer]
    return _trusted(signer, others, pinned, at)


def _under_bare_key(alone: _Alone, pinned: Sequence[x509.Certificate], at: datetime) -> Judgement:
    """Judge a signature without a certificate: only a pinned one can speak for it."""
    signer = next((one for one in pinned if alone.holds(one)), None)
    if signer is not None:
        return _trusted(signer, (), pinned, at)
    if alone.holds(None) is False:
        return Judgement(Standing.INVALID, because("signature_invalid"))
    return Judgement(Standing.UNTRUSTED, because("signer_unknown"))


def _trusted(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
    at: datetime,
) -> Judgement:
    name = _name(signer)
    if not leads_to(signer, others, pinned, at):
        return Judgement(Standing.UNTRUSTED, because("signer_unknown"), name)
    if is_weak_key(signer):
        return Judgement(Standing.UNTRUSTED, because("signature_weak", detail="key"), name)
    if not in_time(signer, others, pinned, at):
        return Judgement(Standing.UNTRUSTED, because("certificate"), name)
    return Judgement(Standing.VALID, signer=name)


def _holds(root: etree._Element, number: int, certificate: x509.Certificate | None) -> bool | None:
    if certificate is None:
        configuration = replace(CONFIGURATION, require_x509=False)
    else:
        moment = certificate.not_valid_before_utc
        configuration = replace(CONFIGURATION, verification_time=moment)
    try:
        verifier = _Numbered(number)
        verifier.verify(
            root, x509_cert=certificate, expect_config=configuration, validate_schema=False
        )
    except (InvalidSignature, WrongUnderKey):  # also: the digest does not match
        return False
    except InvalidInput:
        return None if certificate is None else False
    except (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    except (KeyError, AttributeError, AssertionError):  # what signxml says to odd key material
        return False
    return True


def _algorithms(signature: etree._Element) -> tuple[str, str]:
    method = signature.find(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}SignatureMethod")
    digest = signature.find(f".//{{{DSIG}}}Reference/{{{DSIG}}}DigestMethod")
    return tuple("" if one is None else one.get("Algorithm", "") for one in (method, digest))  # type: ignore[return-value] # two in, two out


def _short(algorithm: str) -> str:
    return algorithm.rpartition("#")[2] or "?"


def _name(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except ValueError:
        return f"{certificate.serial_number:x}"
