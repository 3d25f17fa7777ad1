"""Which algorithms a signature may use, judged at an instant: like a certificate, each has an end.

SHA-1 is believed for instants before 2017 only: real messages of 2010-2016 carry nothing else, and
`--at` may look at them; the first collision was shown in February 2017. What runs judges with the
present instant, so there SHA-1 is never believed. MD5, HMAC and RSA below 2048 bits never are.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signxml.algorithms import DigestAlgorithm, SignatureMethod

SHA1_ENDS = datetime(2017, 1, 1, tzinfo=UTC)
RSA_BITS = 2048
MODERN_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
    }
)
MODERN_DIGESTS = frozenset(
    {
        DigestAlgorithm.SHA256,
        DigestAlgorithm.SHA384,
        DigestAlgorithm.SHA512,
        DigestAlgorithm.SHA3_256,
        DigestAlgorithm.SHA3_384,
        DigestAlgorithm.SHA3_512,
    }
)
OLD_METHODS = frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.ECDSA_SHA1})
OLD_DIGESTS = frozenset({DigestAlgorithm.SHA1})
CANONICAL = frozenset(
    {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    }
)
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


def is_unknown(method: str, digest: str) -> bool:
    """Whether a signature cannot even be calculated here: it uses what never was acceptable."""
    return is_weak(method, digest, SHA1_ENDS - timedelta(days=1))


def is_weak(method: str, digest: str, at: datetime) -> bool:
    """Whether a signature method and a digest (their URIs) cannot be believed at an instant."""
    methods, digests = MODERN_METHODS, MODERN_DIGESTS
    if at < SHA1_ENDS:
        methods, digests = methods | OLD_METHODS, digests | OLD_DIGESTS
    return method not in {one.value for one in methods} or digest not in {
        one.value for one in digests
    }


def is_weak_hash(name: str, at: datetime) -> bool:
    """Whether the hash under a certificate's own signature cannot be believed at an instant."""
    return name == "md5" or (name == "sha1" and at >= SHA1_ENDS)


def is_weak_key(certificate: x509.Certificate) -> bool:
    """Whether a certificate's key is of a kind or size that is not accepted."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < RSA_BITS
    return not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < 256
