"""How a device joins: the claim code names the controller's bundle, the key is made here.

No other controller is believed, not even for one request; the private key never leaves the device.
"""

import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from edge_agent.errors import AlreadyEnrolled, ControllerRefused, ControllerUnproven
from edge_agent.identity import IdentityFile, load_identity, pinned_tls, write_safely
from edge_agent.store import Store
from wire.down import Desired
from wire.enrolment import (
    BUNDLE_PATH,
    ENROL_PATH,
    RENEW_PATH,
    Bundle,
    EnrolAnswer,
    EnrolRequest,
    RenewAnswer,
    RenewRequest,
    parse_claim_code,
)
from wire.errors import Malformed
from wire.signing import sign
from wire.trust import Place, judge, judge_trust, pin

TIMEOUT_S = 20.0


def enrol(folder: Path, controller: str, claim: str, *, agent_version: str, hardware: str) -> str:
    """Enrol this device with a controller (`https://host:port`) and return its device id.

    Raises AlreadyEnrolled, ControllerUnproven, ControllerRefused, or wire's Malformed for a claim
    code that cannot be one. Nothing is kept unless all of it succeeded.
    """
    identity_path = folder / "identity.json"
    if identity_path.exists():
        known = IdentityFile.model_validate_json(identity_path.read_text(encoding="utf-8"))
        raise AlreadyEnrolled(known.device)
    code = parse_claim_code(claim)
    bundle = _fetch_bundle(controller)
    if bundle.fingerprint() != code.fingerprint:
        raise ControllerUnproven(controller)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = device_key(folder / "key.pem")
    request = EnrolRequest(
        secret=code.secret.hex(), csr=certificate_request(key), agent_version=agent_version,
        hardware=hardware,
    )  # fmt: skip
    answer = _ask(controller, bundle, request)
    _keep(folder, controller, bundle, answer)
    return answer.device


def renew(folder: Path) -> None:
    """Get a new certificate for the same key, asked for with our own signature.

    Raises NotEnrolled or ControllerRefused. The old certificate stays until the new one is stored.
    """
    identity = load_identity(folder)
    controller, device = identity.file.controller, identity.device
    at = datetime.now(UTC)
    request = RenewRequest(
        iss=device, iat=at, exp=at + timedelta(hours=1), jti=secrets.token_hex(12),
        rev=int(at.timestamp() * 1000), device=device,
        csr=certificate_request(device_key(identity.key_path), device),
    )  # fmt: skip
    with _client(pinned_tls(identity.file.bundle, check_time=False)) as client:
        token = sign(request, identity.signer)
        answer = _request(client, controller, "POST", RENEW_PATH, token)
    certificate = RenewAnswer.model_validate_json(answer.content).certificate
    write_safely(identity.certificate_path, certificate.encode())


def device_key(path: Path) -> Ed25519PrivateKey:
    """Return the device's key, made and stored on first use."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_safely(path, pem, 0o600)
    return key


def certificate_request(key: Ed25519PrivateKey, device: str = "new") -> str:
    """Return a certificate request (PKCS #10, PEM); the controller chooses the real name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None)
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def _fetch_bundle(controller: str) -> Bundle:
    """Fetch the bundle from whoever answers: its fingerprint is what makes it believed."""
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    with _client(unchecked) as client:
        answer = _request(client, controller, "GET", BUNDLE_PATH)
    try:
        return Bundle.model_validate_json(answer.content)
    except ValidationError as error:
        raise ControllerUnproven(controller) from error


def _ask(controller: str, bundle: Bundle, request: EnrolRequest) -> EnrolAnswer:
    with _client(pinned_tls(bundle, check_time=False)) as client:
        body = request.model_dump_json()
        answer = _request(client, controller, "POST", ENROL_PATH, body)
    try:
        return EnrolAnswer.model_validate_json(answer.content)
    except ValidationError as error:
        raise Malformed("enrolment answer") from error


def _client(tls: ssl.SSLContext) -> httpx.Client:
    return httpx.Client(verify=tls, timeout=TIMEOUT_S, trust_env=False)


def _request(
    client: httpx.Client, controller: str, method: str, path: str, body: str | None = None
) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    try:
        answer = client.request(method, f"{controller}{path}", content=body, headers=headers)
    except httpx.HTTPError as error:
        raise ControllerRefused(controller, 0, str(error)) from error
    if answer.status_code >= 400:
        raise ControllerRefused(controller, answer.status_code, answer.text[:300])
    return answer


def _keep(folder: Path, controller: str, bundle: Bundle, answer: EnrolAnswer) -> None:
    """Check and store what came; `identity.json` is written last and means complete."""
    trust = judge_trust(answer.trust, pin(bundle.roots), None)
    pinned = pin(bundle.roots, trust.revoked)
    desired = judge(answer.desired, Desired, pinned, Place(answer.device, ()), None)
    store = Store(folder)
    store.start()
    store.keep("trust", trust.rev, answer.trust)
    store.keep("desired", desired.rev, answer.desired)
    store.stop()
    write_safely(folder / "certificate.pem", answer.certificate.encode())
    file = IdentityFile(
        device=answer.device, controller=controller, mqtt_host=answer.mqtt_host,
        mqtt_port=answer.mqtt_port, bundle=bundle,
    )  # fmt: skip
    write_safely(folder / "identity.json", file.model_dump_json(indent=1).encode(), 0o600)
