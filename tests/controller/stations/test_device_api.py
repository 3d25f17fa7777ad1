import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from flask import Flask
from flask.testing import FlaskClient
from flask_limiter import Limiter
from joserfc.jwk import OKPKey
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from controller.config import Config
from controller.db import make_sessions
from controller.keys import Keyring
from controller.outbox import enqueue
from controller.stations.device_api import make_device_api
from controller.stations.enrolment import issue_claim, revoke_device
from tests.controller.cast import Cast, introduce
from wire import topics
from wire.enrolment import (
    Bundle,
    EnrolAnswer,
    EnrolRequest,
    Pull,
    Pulled,
    RenewRequest,
    parse_claim_code,
)
from wire.message import Message
from wire.signing import new_key, sign, sign_payload, signer


@pytest.fixture
def session(sqlite: Engine) -> Iterator[Session]:
    """The API does nothing of its own with the database: SQLite is enough here."""
    with make_sessions(sqlite)() as one:
        yield one


@pytest.fixture
def cast(session: Session, now: datetime) -> Cast:
    people = introduce(session, now)
    session.commit()
    return people


@pytest.fixture
def client(sqlite: Engine, keyring: Keyring, config: Config, now: datetime) -> FlaskClient:
    app = Flask("test")
    limiter = Limiter(lambda: "127.0.0.1", app=app, storage_uri="memory://")
    sessions = make_sessions(sqlite)
    app.register_blueprint(make_device_api(sessions, keyring, config, lambda: now, limiter))
    return app.test_client()


def csr_of(key: OKPKey) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.sign(key.private_key, None)  # type: ignore[arg-type] # an Ed25519 key is one
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def enrol(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> OKPKey:
    key = new_key()
    code = parse_claim_code(issue_claim(session, cast.tech, "d-anbinh1", keyring, now))
    session.commit()
    wanted = EnrolRequest(secret=code.secret.hex(), csr=csr_of(key))
    answer = client.post("/device/v1/enrol", data=wanted.model_dump_json())
    assert answer.status_code == 200, answer.text
    EnrolAnswer.model_validate_json(answer.data)
    return key


def signed(model: type[Message], key: OKPKey, now: datetime, **values: str) -> str:
    message = model.model_validate(
        {
            "iss": "d-anbinh1",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "jti": "j1",
            "rev": 1,
            "device": "d-anbinh1",
            **values,
        }
    )
    return sign(message, signer(key))


def test_the_bundle_is_for_everyone(client: FlaskClient, keyring: Keyring) -> None:
    answer = client.get("/device/v1/bundle")

    assert Bundle.model_validate_json(answer.data) == keyring.bundle()


def test_a_device_enrols_and_pulls_what_is_its_own(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    key = enrol(client, session, cast, keyring, now)
    for kind, owner, topic in (
        ("plan", "d-anbinh1", topics.down("d-anbinh1", "plan")),
        ("plan", "d-tanlap1", topics.down("d-tanlap1", "plan")),
        ("alert", "vn-31", topics.alert("vn-31", "a1")),
        ("alert", "vn-31-an-binh-1", topics.alert("vn-31-an-binh-1", "a2")),
        ("alert", "vn-31-tan-lap", topics.alert("vn-31-tan-lap", "a3")),
    ):
        enqueue(
            session,
            topic=topic,
            kind=kind,
            owner=owner,
            token=f"token of {topic}",
            rev=1,
            retain=True,
            urgency=2,
            now=now,
        )
    session.commit()

    answer = client.post("/device/v1/pull", data=signed(Pull, key, now))

    pulled = Pulled.model_validate_json(answer.data).retained
    assert set(pulled) == {
        "tt/1/trust",
        "tt/1/down/d-anbinh1/plan",
        "tt/1/down/d-anbinh1/desired",
        "tt/1/areas/vn-31/alert/a1",
        "tt/1/areas/vn-31-an-binh-1/alert/a2",
    }


def test_a_pull_by_another_key_is_refused(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    enrol(client, session, cast, keyring, now)

    answer = client.post("/device/v1/pull", data=signed(Pull, new_key(), now))

    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["type"] == "urn:truyenthanh:forged"


@pytest.mark.parametrize("body", ["", "{}", "a.b.c", "\x00", "é" * 100])
def test_what_is_no_token_is_refused_with_a_sentence(client: FlaskClient, body: str) -> None:
    answer = client.post("/device/v1/pull", data=body.encode())

    assert answer.status_code == 400
    assert answer.get_json()["title"] == "Thông điệp sai định dạng"


@pytest.mark.parametrize("device", ["", "\x00", "d-anbinh1\x00", "d-AN' OR 1=1", "d-anbinh1\n"])
def test_a_name_that_no_device_can_have_is_malformed(client: FlaskClient, device: str) -> None:
    payload = json.dumps({"device": device}).encode()

    answer = client.post("/device/v1/pull", data=sign_payload("pull", payload, signer(new_key())))

    assert answer.status_code == 400


def test_a_renewal_brings_a_new_certificate(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    key = enrol(client, session, cast, keyring, now)

    answer = client.post("/device/v1/renew", data=signed(RenewRequest, key, now, csr=csr_of(key)))

    assert answer.get_json()["certificate"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_pull_is_no_renewal(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    key = enrol(client, session, cast, keyring, now)

    answer = client.post("/device/v1/renew", data=signed(Pull, key, now))

    assert answer.status_code == 400


def test_a_revoked_device_pulls_nothing(
    client: FlaskClient, session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    key = enrol(client, session, cast, keyring, now)
    revoke_device(session, cast.tech, "d-anbinh1", keyring, now)
    session.commit()

    answer = client.post("/device/v1/pull", data=signed(Pull, key, now))

    assert answer.status_code == 403


def test_guessing_claim_codes_is_slow(client: FlaskClient) -> None:
    guess = EnrolRequest(secret="0" * 20, csr="x").model_dump_json()

    answers = [client.post("/device/v1/enrol", data=guess).status_code for _ in range(12)]

    assert answers[-1] == 429
    assert 200 not in answers


def test_a_bad_enrolment_request_names_the_field(client: FlaskClient) -> None:
    answer = client.post("/device/v1/enrol", data='{"secret": "xyz", "csr": ""}')

    assert answer.status_code == 422
    assert "secret" in answer.get_json()["title"]


def test_a_huge_body_is_refused(client: FlaskClient) -> None:
    answer = client.post("/device/v1/pull", data=b"x" * 200_000)

    assert answer.status_code == 413
