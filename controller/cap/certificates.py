"""The client certificate with which a source comes to our broker, under our own authority.

Its common name is the source's: the access list of the broker lets that name write on the topic of
that source and nowhere else. Retiring the source shuts the name out; there is no other revocation.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.cap.finding import source_of
from controller.cap.models import SourceKind
from controller.cap.registering import ACTION
from controller.cap.source_checks import check_id
from controller.errors import Conflict
from controller.keys import Keyring
from controller.keys.tls import IssuedClient
from controller.people import audit
from controller.people.rights import Actor, require


def issue_certificate(
    session: Session, keyring: Keyring, *, actor: Actor, source_id: str, now: datetime
) -> IssuedClient:
    """Make a key and a certificate for an MQTT source; nothing of the key is kept here.

    An earlier certificate stays good until the source is retired. Raises SourceMissing, NotAllowed,
    KeyClosed, and Conflict for a source that is retired or comes another way.
    """
    source = source_of(session, actor, source_id)
    area = find_area(session, source.area_id)
    require(actor, ACTION, area)
    check_id(source.id)
    if source.retired_at is not None or source.kind != SourceKind.MQTT:
        raise Conflict(
            why_vi=f"Nguồn {source.id} không gửi qua MQTT hoặc đã ngừng",
            why_en=f"The source {source.id} does not come by MQTT, or is retired",
        )
    issued = keyring.issue_client(source.id, now)
    facts = {"serial": issued.serial, "until": issued.until}
    audit.record(session, now, actor.login, "cap.certificate", "source", source.id, area.id, facts)
    return issued
