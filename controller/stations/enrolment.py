"""How a device joins, renews its certificate, and is put out again.

The claim code is known here by the hash of its 80 random bits only (R21). A device proves its
Ed25519 key by the certificate request; its name is always ours.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from joserfc.jwk import OKPKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from controller import wake
from controller.areas.models import Area
from controller.config import Config
from controller.errors import Conflict, ControllerError
from controller.keys import Keyring
from controller.keys.authority import requested_key
from controller.people.audit import record
from controller.people.rights import Actor, require
from controller.replan import replan
from controller.stations.desired import find_device, publish_desired
from controller.stations.models import Claim, ClientCertificate, Device, DeviceState
from controller.stations.trust_list import publish_trust
from wire.enrolment import SECRET_BYTES, ClaimCode, EnrolAnswer, EnrolRequest
from wire.signing import public_x

CLAIM_FOR = timedelta(hours=24)
REVOKED = "revoked"
"""Who waits for this is woken when a device is put out."""


class ClaimRefused(ControllerError):
    """The code is unknown, used or too old; which of them is nobody's business."""

    code = "claim_refused"
    status = 403
    vi = "Mã nhận thiết bị không đúng, đã dùng hoặc quá 24 giờ: hãy xin mã mới"
    en = "The claim code is wrong, used or older than 24 hours: ask for a new one"


class DeviceUnknown(ControllerError):
    """No enrolled device has this id and key; said alike for unknown and revoked ones."""

    code = "device_unknown"
    status = 403
    vi = "Thiết bị chưa đăng ký hoặc đã bị thu hồi"
    en = "The device is not enrolled, or revoked"


def issue_claim(
    session: Session,
    actor: Actor,
    device_id: str,
    keyring: Keyring,
    now: datetime,
    *,
    valid_for: timedelta = CLAIM_FOR,
) -> str:
    """Return a new claim code to be typed on the device; earlier codes of the device die.

    For an enrolled device (a new SD card) the code replaces its key. Raises `Missing`,
    `NotAllowed`, or `Conflict` for a revoked device.
    """
    device = find_device(session, device_id)
    area = _area(session, device)
    require(actor, "device.claim", area)
    if device.state == DeviceState.REVOKED:
        raise Conflict(
            why_vi=f"Thiết bị {device_id} đã bị thu hồi: hãy tạo thiết bị mới",
            why_en=f"Device {device_id} is revoked: create a new device",
        )
    session.execute(
        update(Claim)
        .where(Claim.device_id == device_id, Claim.expires_at > now)
        .values(expires_at=now)
    )
    claim = ClaimCode(secrets.token_bytes(SECRET_BYTES), keyring.bundle().fingerprint())
    expires_at = now + min(valid_for, CLAIM_FOR)
    session.add(
        Claim(
            device_id=device_id,
            secret_hash=claim.secret_hash,
            created_by=actor.login,
            created_at=now,
            expires_at=expires_at,
        )
    )
    facts = {"expires_at": expires_at}
    record(session, now, actor.login, "device.claim", "device", device_id, area.id, facts)
    return str(claim)


def redeem(
    session: Session, request: EnrolRequest, keyring: Keyring, config: Config, now: datetime
) -> EnrolAnswer:
    """Enrol the device of a claim code: certificate, first desired state, trust list, a plan soon.

    A code works once; the same key may ask again while the code lives, because the answer may
    have been lost on its way. Raises `ClaimRefused`, or `Invalid` for a bad request.
    """
    x = _x_of(request.csr)
    device = _claimed(session, request.secret, x, now)
    device.public_x, device.state, device.enrolled_at = x, DeviceState.ENROLLED, now
    device.agent_version, device.hardware = request.agent_version, request.hardware[:200]
    certificate = _certify(session, device, request.csr, keyring, now)
    facts = {"key": x, "hardware": device.hardware, "agent_version": device.agent_version}
    _record(session, device, "device.enrol", facts, now)
    replan(session, areas=[device.station.area_id], now=now)
    host, port = broker_address(config)
    return EnrolAnswer(
        device=device.id,
        certificate=certificate,
        mqtt_host=host,
        mqtt_port=port,
        desired=publish_desired(session, device.id, keyring, config, now),
        trust=publish_trust(session, keyring, now),
    )


def renew(session: Session, device_id: str, csr: str, keyring: Keyring, now: datetime) -> str:
    """Return a new client certificate (PEM) for an enrolled device's present key.

    Another key is refused with `DeviceUnknown`: a lost answer must not lock a device out. A new
    key takes a new claim code.
    """
    device = enrolled(session, device_id)
    if _x_of(csr) != device.public_x:
        raise DeviceUnknown
    certificate = _certify(session, device, csr, keyring, now)
    _record(session, device, "device.renew", {}, now)
    return certificate


def revoke_device(
    session: Session, actor: Actor, device_id: str, keyring: Keyring, now: datetime
) -> None:
    """Put a device out for ever: its certificates, its API, and its key by the trust list.

    The commit wakes the worker, which shuts the broker to it (`REVOKED`), and publishes the trust
    list where this process may not sign it.
    """
    device = find_device(session, device_id)
    area = _area(session, device)
    require(actor, "device.revoke", area)
    if device.state == DeviceState.REVOKED:
        return
    device.state = DeviceState.REVOKED
    session.execute(
        update(Claim)
        .where(Claim.device_id == device_id, Claim.expires_at > now)
        .values(expires_at=now)
    )
    _end_certificates(session, device_id, now)
    if keyring.holds_root:
        publish_trust(session, keyring, now)
    wake.ask(session, REVOKED)
    record(session, now, actor.login, "device.revoke", "device", device_id, area.id)


def enrolled(session: Session, device_id: str) -> Device:
    """Return a device that is enrolled now, or raise `DeviceUnknown`."""
    device = session.get(Device, device_id)
    if device is None or device.state != DeviceState.ENROLLED or not device.public_x:
        raise DeviceUnknown
    return device


def broker_address(config: Config) -> tuple[str, int]:
    """Return the host and port of the broker as devices reach it."""
    if config.mqtt_url:
        parts = urlsplit(config.mqtt_url)
        return parts.hostname or "", parts.port or config.mqtt_port
    return config.device_names[0], config.mqtt_port


def _claimed(session: Session, secret: str, x: str, now: datetime) -> Device:
    secret_hash = hashlib.sha256(bytes.fromhex(secret)).hexdigest()
    device = session.scalar(
        select(Device)
        .join(Claim, Claim.device_id == Device.id)
        .where(Claim.secret_hash == secret_hash, Device.state != DeviceState.REVOKED)
    )
    if device is None:
        raise ClaimRefused
    alive = (Claim.secret_hash == secret_hash) & (Claim.expires_at > now)
    if device.public_x != x:
        alive &= Claim.used_at.is_(None)
    claimed = update(Claim).where(alive).values(used_at=now).returning(Claim.id)
    if session.scalars(claimed).one_or_none() is None:
        raise ClaimRefused
    return device


def _certify(session: Session, device: Device, csr: str, keyring: Keyring, now: datetime) -> str:
    pem, serial, not_after = keyring.certify(csr, device.id, now)
    _end_certificates(session, device.id, now)
    session.add(ClientCertificate(serial=serial, device_id=device.id, not_after=not_after))
    return pem


def _end_certificates(session: Session, device_id: str, now: datetime) -> None:
    session.execute(
        update(ClientCertificate)
        .where(ClientCertificate.device_id == device_id, ClientCertificate.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _record(
    session: Session, device: Device, action: str, facts: dict[str, str], now: datetime
) -> None:
    who, area = f"device:{device.id}", device.station.area_id
    record(session, now, who, action, "device", device.id, area, facts)


def _area(session: Session, device: Device) -> Area:
    return session.get_one(Area, device.station.area_id)


def _x_of(csr: str) -> str:
    pem = requested_key(csr).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public_x(OKPKey.import_key(pem))
