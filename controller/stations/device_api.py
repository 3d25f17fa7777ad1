"""What devices ask over HTTPS: bundle, enrolment, their retained messages, a new certificate.

No passwords and no cookies: a claim code once, later a token signed by the device's key. Errors
are problem details (RFC 9457).
"""

import json
import re
from datetime import datetime

from flask import Blueprint, Response, request
from flask_limiter import Limiter
from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.config import Config
from controller.db import Clock, Sessions
from controller.errors import Invalid
from controller.keys import Keyring
from controller.outbox_models import Retained
from controller.stations.enrolment import DeviceUnknown, enrolled, redeem, renew
from controller.stations.models import Device
from controller.web.problems import handle_problems, problem
from wire.enrolment import (
    BUNDLE_PATH,
    ENROL_PATH,
    PULL_PATH,
    RENEW_PATH,
    EnrolRequest,
    Pull,
    Pulled,
    RenewAnswer,
    RenewRequest,
)
from wire.errors import Malformed, WireError
from wire.message import Value
from wire.signing import AnyMessage, open_signed, public_key, take_apart
from wire.topics import DEVICE_PATTERN

LARGEST_REQUEST_BYTES = 64 * 1024
ENROL_LIMIT = "10 per minute"
SIGNED_LIMIT = "600 per minute"


def make_device_api(
    sessions: Sessions, keyring: Keyring, config: Config, clock: Clock, limiter: Limiter
) -> Blueprint:
    """Return the blueprint with `/device/v1/...`; the limits count per address."""
    api = Blueprint("device_api", __name__)

    @api.get(BUNDLE_PATH)
    @limiter.limit(SIGNED_LIMIT)
    def bundle() -> Response:
        return _answer(keyring.bundle())

    @api.post(ENROL_PATH)
    @limiter.limit(ENROL_LIMIT)
    def enrol() -> Response:
        wanted = _enrol_request()
        with sessions.begin() as session:
            return _answer(redeem(session, wanted, keyring, config, clock()))

    @api.post(PULL_PATH)
    @limiter.limit(SIGNED_LIMIT)
    def pull() -> Response:
        with sessions() as session:
            device, _ = _open(session, _body(), Pull)
            return _answer(Pulled(retained=retained_for(session, device, clock())))

    @api.post(RENEW_PATH)
    @limiter.limit(ENROL_LIMIT)
    def renewal() -> Response:
        with sessions.begin() as session:
            device, asked = _open(session, _body(), RenewRequest)
            pem = renew(session, device.id, asked.csr, keyring, clock())
            return _answer(RenewAnswer(certificate=pem))

    handle_problems(api)
    api.register_error_handler(WireError, _wire_problem)
    return api


def retained_for(session: Session, device: Device, now: datetime) -> dict[str, str]:
    """Return topic > token of all that a device would find retained at the broker."""
    rows = session.execute(
        select(Retained.topic, Retained.token).where(
            or_(Retained.expires_at.is_(None), Retained.expires_at > now),
            or_(
                Retained.kind == "trust",
                Retained.kind.in_(("plan", "desired")) & (Retained.owner == device.id),
                (Retained.kind == "alert") & Retained.owner.in_(_areas_heard(session, device)),
            ),
        )
    )
    return {row.topic: row.token for row in rows}


def _areas_heard(session: Session, device: Device) -> list[str]:
    ids = {device.station.area_id} | {
        cluster.area_id for output in device.outputs for cluster in output.clusters
    }
    areas = session.scalars(select(Area).where(Area.id.in_(ids)))
    return sorted({above for area in areas for above in area.chain})


def _open(session: Session, token: str, model: type[AnyMessage]) -> tuple[Device, AnyMessage]:
    """Return the enrolled device that signed a token, and its message.

    Instants are not judged: a device without a clock must get through, and a repeated token only
    fetches what is public to the area or certifies a key that the sender does not hold.
    """
    device = enrolled(session, _claimed_device(token))
    message = open_signed(token, public_key(device.public_x or ""), model)
    if getattr(message, "device", "") != device.id:
        raise DeviceUnknown
    return device, message


def _claimed_device(token: str) -> str:
    """Return whom a token says it is from; impossible names never reach the database."""
    try:
        claimed = str(json.loads(take_apart(token).payload)["device"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("device") from error
    if re.fullmatch(DEVICE_PATTERN, claimed) is None:
        raise Malformed("device")
    return claimed


def _body() -> str:
    request.max_content_length = LARGEST_REQUEST_BYTES
    return request.get_data(as_text=True).strip()


def _enrol_request() -> EnrolRequest:
    try:
        return EnrolRequest.model_validate_json(_body())
    except ValidationError as error:
        fields = ", ".join(str(one["loc"][-1]) for one in error.errors() if one["loc"])
        raise Invalid(
            field=fields or "JSON", why_vi="không đúng dạng", why_en="not of the right form"
        ) from error


def _answer(value: Value) -> Response:
    return Response(value.model_dump_json(), mimetype="application/json")


def _wire_problem(error: WireError) -> Response:
    status = 400 if isinstance(error, Malformed) else 403
    return problem(status, error.code, error.vi, error.en)
