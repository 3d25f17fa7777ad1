from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.config import Config
from controller.errors import Conflict, Forbidden, Invalid
from controller.keys import Keyring
from controller.outbox_models import OutboxRow
from controller.people.models import AuditEntry
from controller.replan import look_at_requests
from controller.stations.enrolment import (
    ClaimRefused,
    DeviceUnknown,
    issue_claim,
    redeem,
    renew,
    revoke_device,
)
from controller.stations.models import Claim, ClientCertificate, DeviceState
from controller.stations.trust_list import publish_trust
from tests.controller.cast import AN_BINH, Cast
from wire.down import Desired
from wire.enrolment import EnrolRequest, parse_claim_code
from wire.trust import Place, judge, judge_trust


def request_for(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, name: str = "new") -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    hashed = None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256()
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashed)
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def typed(code: str, key: Ed25519PrivateKey) -> EnrolRequest:
    claim = parse_claim_code(code)
    return EnrolRequest(
        secret=claim.secret.hex(), csr=request_for(key), agent_version="0.1", hardware="Pi 4"
    )


def common_name(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_a_device_joins_with_a_claim_code(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)

    answer = redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)

    desired = judge(answer.desired, Desired, keyring.pinned(), Place("d-anbinh1", ()), now)
    assert answer.device == "d-anbinh1"
    assert common_name(answer.certificate) == "d-anbinh1"
    assert desired.areas == ("vn", "vn-31", "vn-31-an-binh")
    assert [cluster.id for cluster in desired.outputs[0].clusters] == ["c-market", "c-school"]
    assert judge_trust(answer.trust, keyring.pinned(), now).revoked_devices == ()
    assert cast.device.state == DeviceState.ENROLLED
    assert (answer.mqtt_host, answer.mqtt_port) == ("localhost", 8883)


def test_the_code_pins_the_bundle_and_its_secret_is_nowhere_in_the_database(
    session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    """R21."""
    code = parse_claim_code(issue_claim(session, cast.tech, "d-anbinh1", keyring, now))

    stored = session.scalars(select(Claim)).one()

    assert code.fingerprint == keyring.bundle().fingerprint()
    assert stored.secret_hash == code.secret_hash
    assert len(code.secret) * 8 >= 80
    facts = [entry.facts for entry in session.scalars(select(AuditEntry))]
    assert code.secret.hex() not in str(facts)


def test_a_code_works_once(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    """R21."""
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)

    with pytest.raises(ClaimRefused):
        redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)


def test_the_same_key_may_ask_again_when_the_answer_was_lost(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    key = Ed25519PrivateKey.generate()
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    first = redeem(session, typed(code, key), keyring, config, now)

    again = redeem(session, typed(code, key), keyring, config, now + timedelta(seconds=20))

    alive = select(ClientCertificate.serial).where(ClientCertificate.revoked_at.is_(None))
    serial = x509.load_pem_x509_certificate(again.certificate.encode()).serial_number
    assert again.desired == first.desired
    assert session.scalars(alive).all() == [f"{serial:x}"]


def test_a_code_is_dead_after_a_day(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    """R21."""
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now, valid_for=timedelta(days=30))

    with pytest.raises(ClaimRefused):
        redeem(
            session,
            typed(code, Ed25519PrivateKey.generate()),
            keyring,
            config,
            now + timedelta(hours=24),
        )


def test_a_new_code_ends_the_one_before(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    first = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    issue_claim(session, cast.tech, "d-anbinh1", keyring, now)

    with pytest.raises(ClaimRefused):
        redeem(session, typed(first, Ed25519PrivateKey.generate()), keyring, config, now)


def test_a_technician_claims_only_devices_of_the_own_area(
    session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    """R47."""
    with pytest.raises(Forbidden):
        issue_claim(session, cast.tech, "d-tanlap1", keyring, now)
    with pytest.raises(Forbidden):
        issue_claim(session, cast.an, "d-anbinh1", keyring, now)


def test_a_request_by_another_kind_of_key_is_refused(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    code = parse_claim_code(issue_claim(session, cast.tech, "d-anbinh1", keyring, now))
    csr = request_for(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(Invalid, match="Ed25519"):
        redeem(session, EnrolRequest(secret=code.secret.hex(), csr=csr), keyring, config, now)


def test_a_request_whose_signature_is_broken_is_refused(keyring: Keyring, now: datetime) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    der = x509.load_pem_x509_csr(request_for(key).encode()).public_bytes(serialization.Encoding.DER)
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    stolen = der.replace(key.public_key().public_bytes(*raw), other.public_key().public_bytes(*raw))
    csr = x509.load_der_x509_csr(stolen).public_bytes(serialization.Encoding.PEM).decode()

    with pytest.raises(Invalid, match="signature"):
        keyring.certify(csr, "d-anbinh1", now)


def test_the_name_in_a_request_does_not_count(keyring: Keyring, now: datetime) -> None:
    csr = request_for(Ed25519PrivateKey.generate(), name="controller")

    pem, _, not_after = keyring.certify(csr, "d-anbinh1", now)

    assert common_name(pem) == "d-anbinh1"
    assert not_after - now > timedelta(days=3650)


def test_a_revoked_device_is_out(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    key = Ed25519PrivateKey.generate()
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, key), keyring, config, now)

    revoke_device(session, cast.tech, "d-anbinh1", keyring, now + timedelta(minutes=1))

    later = now + timedelta(minutes=2)
    trust = judge_trust(publish_trust(session, keyring, later), keyring.pinned(), later)
    assert trust.revoked_devices == ("d-anbinh1",)
    with pytest.raises(DeviceUnknown):
        renew(session, "d-anbinh1", request_for(key), keyring, later)
    with pytest.raises(ClaimRefused):
        redeem(session, typed(code, key), keyring, config, later)
    with pytest.raises(Conflict):
        issue_claim(session, cast.tech, "d-anbinh1", keyring, later)


def test_a_certificate_is_renewed_for_the_present_key_only(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    key = Ed25519PrivateKey.generate()
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, key), keyring, config, now)

    pem = renew(session, "d-anbinh1", request_for(key), keyring, now)

    assert common_name(pem) == "d-anbinh1"
    with pytest.raises(DeviceUnknown):
        renew(session, "d-anbinh1", request_for(Ed25519PrivateKey.generate()), keyring, now)


def test_a_lost_card_is_replaced_by_a_new_code_for_the_same_device(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)
    old_x = cast.device.public_x

    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)

    assert cast.device.public_x != old_x


def test_every_step_is_audited_and_published_once(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    code = issue_claim(session, cast.tech, "d-anbinh1", keyring, now)
    redeem(session, typed(code, Ed25519PrivateKey.generate()), keyring, config, now)

    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()

    assert actions == ["device.claim", "device.enrol"]
    assert session.scalar(select(func.count()).select_from(OutboxRow)) == 2
    assert look_at_requests(session).areas == {AN_BINH}
