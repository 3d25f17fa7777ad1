"""The second factor over the JSON API: one's own, and that of somebody who lost it."""

from datetime import datetime

from flask import Response, request
from pydantic import BaseModel, Field, SecretStr

from controller.people import auth, second_factor
from controller.people.access import access, actor, now, reading, writing
from controller.people.api import PersonPath
from controller.web.api import SIGNED_IN, Asked, Told, allow, answer, make_api, nothing

second_factor_api = make_api("second_factor", "Bảo mật hai lớp", "Second factor")


class OwnPasswordBody(Asked):
    """My password: a token alone must not set up a second factor."""

    password: SecretStr = Field(max_length=1000)


class CodeBody(Asked):
    """A code of the authenticator app, or a recovery code."""

    code: SecretStr = Field(max_length=100)

    @property
    def plain(self) -> str:
        """Return the code itself."""
        return self.code.get_secret_value()


class SecondFactorOut(Told):
    """How it stands with my second factor."""

    is_on: bool
    since: datetime | None
    codes_left: int


class EnrolmentOut(Told):
    """What an authenticator app needs, told once."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodes(BaseModel):
    """Codes that work once each, told once."""

    recovery_codes: list[str]


@second_factor_api.get("/me/second-factor", responses={200: SecondFactorOut})
@allow(SIGNED_IN)
def get_second_factor() -> Response:
    """Show whether my second factor is on."""
    with reading() as session:
        status = second_factor.status_of(session, actor().person_id or 0)
    return answer(SecondFactorOut.model_validate(status))


@second_factor_api.post("/me/second-factor", responses={201: EnrolmentOut})
@allow(SIGNED_IN)
def begin_second_factor(body: OwnPasswordBody) -> Response:
    """Begin to set up my second factor; it counts once confirmed with a code."""
    here, password = access(), body.password.get_secret_value()
    address = request.remote_addr or ""
    auth.require_own_password(here.read_sessions, actor(), password, address, here.brake, now())
    with writing() as session:
        enrolment = second_factor.begin(session, actor(), now())
    return answer(EnrolmentOut.model_validate(enrolment), 201)


@second_factor_api.post("/me/second-factor/confirm", responses={200: RecoveryCodes})
@allow(SIGNED_IN)
def confirm_second_factor(body: CodeBody) -> Response:
    """Turn my second factor on, for ten recovery codes."""
    with writing() as session:
        codes = second_factor.confirm(session, actor(), body.plain, now())
    return answer(RecoveryCodes(recovery_codes=list(codes)))


@second_factor_api.post("/me/second-factor/codes", responses={200: RecoveryCodes})
@allow(SIGNED_IN)
def renew_recovery_codes(body: CodeBody) -> Response:
    """Replace my recovery codes."""
    with writing() as session:
        codes = second_factor.renew_recovery_codes(session, actor(), body.plain, now())
    return answer(RecoveryCodes(recovery_codes=list(codes)))


@second_factor_api.post("/me/second-factor/remove", responses={204: None})
@allow(SIGNED_IN)
def remove_my_second_factor(body: CodeBody) -> Response:
    """Turn my second factor off; all my sessions and tokens end."""
    with writing() as session:
        second_factor.remove(session, actor(), body.plain, now())
    return nothing()


@second_factor_api.delete("/people/<int:person_id>/second-factor", responses={204: None})
@allow("person.edit")
def remove_second_factor(path: PersonPath) -> Response:
    """Turn off the second factor of somebody who lost it; their sessions and tokens end."""
    with writing() as session:
        second_factor.remove_of(session, actor(), path.person_id, now())
    return nothing()
