"""Builders of CAP messages for the tests: a test states only what matters to it."""

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

SENT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
NOW = SENT + timedelta(minutes=10)
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
AREA = "<area><areaDesc>Xã An Bình</areaDesc>{places}</area>"


def info(**parts: str) -> str:
    """Return an `info`; `head` goes before, `tail` (areas, say) after what is always there."""
    known = {
        "event": "Lũ",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
    } | parts
    return (
        f"<info><language>{known.get('language', 'vi')}</language>"
        f"<category>Met</category><event>{escape(known['event'])}</event>"
        f"{known.get('response', '')}"
        f"<urgency>{known['urgency']}</urgency><severity>{known['severity']}</severity>"
        f"<certainty>{known['certainty']}</certainty>{known.get('codes', '')}"
        f"{known.get('times', '')}{known.get('words', '')}{known.get('tail', '')}</info>"
    )


def cap(**parts: str) -> bytes:
    """Return a message; `sent`, `status`, `msg_type`, `scope`, `more`, `infos` may be said."""
    known = {
        "identifier": "VN-1",
        "sender": "dubao@example.vn",
        "sent": "2026-11-02T08:00:00+07:00",
        "status": "Actual",
        "msg_type": "Alert",
        "scope": "Public",
        "more": "",
        "infos": info(),
        "namespace": CAP,
    } | parts
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<alert xmlns="{known["namespace"]}"><identifier>{known["identifier"]}</identifier>'
        f"<sender>{known['sender']}</sender><sent>{known['sent']}</sent>"
        f"<status>{known['status']}</status><msgType>{known['msg_type']}</msgType>"
        f"<scope>{known['scope']}</scope>{known['more']}{known['infos']}</alert>"
    ).encode()


def place(inner: str) -> str:
    """Return an `area` with shapes and codes."""
    return AREA.format(places=inner)


Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(
    name: str,
    key: Key,
    *,
    issuer: tuple[x509.Certificate, Key] | None = None,
    is_authority: bool = False,
    days: tuple[int, int] = (-30, 365),
) -> x509.Certificate:
    """Return a certificate, self-signed unless an issuer with its key is given."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(SENT + timedelta(days=days[0]))
        .not_valid_after(SENT + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def signed(content: bytes, key: Key, *certificates: x509.Certificate) -> bytes:
    """Return a message with an enveloped signature over all of it."""
    method = "ecdsa-sha256" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa-sha256"
    signer = XMLSigner(
        signature_algorithm=method, c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0
    )
    root = signer.sign(
        etree.fromstring(content), key=key, cert=list(certificates), always_add_key_value=False
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
