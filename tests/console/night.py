"""A night in An Bình: six clusters in three villages, a heard template, who may release."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from controller.areas.service import create_area
from controller.emergencies.content import Draft
from controller.emergencies.drafting import write_alert
from controller.emergencies.hearing import note_hearing
from controller.emergencies.laying import lay_out_all
from controller.emergencies.models import Alert, AlertReach, AlertTemplate, ReleaseRule
from controller.emergencies.prepared import TemplateDraft, approve_template, write_template
from controller.emergencies.releasing import confirm, submit
from controller.emergencies.sending import Sender
from controller.emergencies.service import newest_revision
from controller.emergencies.speech import Studio
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.people import second_factor
from controller.people.models import Grant, Person, Role
from controller.people.rights import Actor, actor_of
from controller.stations.models import Cluster, Output
from tests.console.conftest import Console
from tests.console.seed import _HASH
from tests.controller.cast import AN_BINH

PLACES = (
    ("c-school", "vn-31-an-binh-1", "Trường học Thôn 1", 21.101, 105.905),
    ("c-pagoda", "vn-31-an-binh-1", "Chùa Thôn 1", 21.104, 105.909),
    ("c-dike", "vn-31-an-binh-2", "Đê Thôn 2", 21.118, 105.921),
    ("c-mill", "vn-31-an-binh-2", "Trạm bơm Thôn 2", 21.121, 105.926),
    ("c-hill", "vn-31-an-binh-3", "Nhà văn hóa Thôn 3", 21.085, 105.885),
)
FLOOD = "Nước sông lên nhanh. Bà con ở bãi và ven đê lên chỗ cao ngay, mang theo thuốc và giấy tờ."


@dataclass
class Night:
    """What a test of the desk may do without the pages."""

    console: Console
    studio: Studio
    template: str
    totp: dict[str, pyotp.TOTP]

    def code(self, login: str) -> str:
        """Return the code that the person's app shows now."""
        return self.totp[login].at(self.console.clock())

    def who(self, login: str) -> Actor:
        """Return somebody as an actor."""
        with self.console.sessions() as session:
            return _actor(session, login)

    def send(self) -> None:
        """Let the worker send what is due, and write down whom it concerns."""
        Sender(self.console.sessions, self.console.keyring, self.console.clock).step()
        with self.console.sessions.begin() as session:
            lay_out_all(session, self.console.clock())

    def tell(self, alert_id: str, *, code: str = "", **states: str) -> None:
        """Let clusters say how far they are: `c_dike="sounding"`."""
        now = self.console.clock()
        times = {"received_at": now, "started_at": now, "heard_at": now}
        with self.console.sessions.begin() as session:
            for name, state in states.items():
                heard = times if state in {"sounding", "finished"} else {}
                session.execute(
                    update(AlertReach)
                    .where(
                        AlertReach.alert_id == alert_id,
                        AlertReach.cluster_id == name.replace("_", "-"),
                    )
                    .values(state=state, code=code if state == "failed" else "", **heard)
                )

    def draft(self, login: str = "an", **values: Any) -> str:
        """Draft an alert; return its id."""
        asked: dict[str, Any] = {
            "area_id": AN_BINH,
            "status": "real",
            "hazard": "flood",
            "level": 3,
            "texts": {"vi": FLOOD},
        }
        sessions, now = self.console.sessions, self.console.clock()
        draft = Draft(**asked | values)
        return write_alert(sessions, sessions, self.studio, self.who(login), draft, now)

    def fired(self, **values: Any) -> str:
        """Let `binh` release the template and send it; return the alert's id."""
        alert_id = self.draft("an", template_id=self.template, texts={}, **values)
        now, who = self.console.clock(), self.who("binh")
        with self.console.sessions.begin() as session:
            submit(session, actor=self.who("an"), alert_id=alert_id, revision=1, now=now)
        with self.console.sessions.begin() as session:
            confirm(
                session,
                actor=who,
                alert_id=alert_id,
                revision=1,
                now=now,
                verify=second_factor.verify,
                code=self.code("binh"),
            )
        self.console.clock.forward(timedelta(seconds=31))
        self.send()
        return alert_id

    def state(self, alert_id: str) -> str:
        """Return where an alert stands."""
        with self.console.sessions() as session:
            return session.get_one(Alert, alert_id).state

    def newest(self, alert_id: str) -> str:
        """Return where its newest text stands."""
        with self.console.sessions() as session:
            return newest_revision(session.get_one(Alert, alert_id)).state

    def only_alert(self) -> str:
        """Return the id of the one alert that is no withdrawn draft."""
        with self.console.sessions() as session:
            return session.scalars(select(Alert.id).where(Alert.state != "withdrawn")).one()


def fall(console: Console) -> Night:
    """Make the night: `binh` and `minh` release with a code each, `an` drafts; a rule for one."""
    folder = console.config.data_dir
    store = AssetStore(folder / "assets")
    store.start()
    studio = Studio(store, Reader(FakeVoice(), folder / "speech"))
    with console.sessions.begin() as session:
        _places(session)
        minh = Person(
            login="minh",
            full_name="Minh",
            password_hash=_HASH,
            created_at=console.clock(),
            grants=[Grant(role=Role.AUTHORITY, area_id=AN_BINH)],
        )
        session.add(minh)
        session.add(_rule(console))
    template = _template(console, studio)
    totp = {login: _enrolled(console, login) for login in ("binh", "minh")}
    console.clock.forward(timedelta(seconds=31))
    return Night(console, studio, template, totp)


def _places(session: Session) -> None:
    for number in (2, 3):
        create_area(
            session,
            area_id=f"vn-31-an-binh-{number}",
            kind="village",
            name=f"Thôn {number}",
            parent_id=AN_BINH,
        )
    output = session.scalars(select(Output).where(Output.device_id == "d-anbinh1")).one()
    for name, area, title, latitude, longitude in PLACES:
        row = session.get(Cluster, name) or Cluster(
            id=name, output=output, area_id=area, name=title
        )
        row.latitude, row.longitude = latitude, longitude
        session.add(row)


def _rule(console: Console) -> ReleaseRule:
    return ReleaseRule(
        area_id=AN_BINH,
        people=1,
        preauthorised_only=True,
        countdown_s=20,
        changed_by="chief",
        changed_at=console.clock(),
    )


def _template(console: Console, studio: Studio) -> str:
    now, sessions = console.clock(), console.sessions
    with sessions() as session:
        an, binh = _actor(session, "an"), _actor(session, "binh")
    said = TemplateDraft(title="Lũ lên nhanh", hazard="flood", level=3, texts={"vi": FLOOD})
    made = write_template(sessions, sessions, studio, an, AN_BINH, said, now)
    with sessions.begin() as session:
        audio = session.get_one(AlertTemplate, made).audio
        for one in audio.values():
            note_hearing(
                session, actor=binh, about=made, audio=audio, sha256=one["sha256"], now=now
            )
        approve_template(
            session, actor=binh, template_id=made, now=now, version=1, preauthorise=True
        )
    return made


def _enrolled(console: Console, login: str) -> pyotp.TOTP:
    now = console.clock()
    with console.sessions.begin() as session:
        actor = _actor(session, login)
        totp = pyotp.TOTP(second_factor.begin(session, actor, now).secret)
        second_factor.confirm(session, actor, totp.at(now), now)
    return totp


def _actor(session: Session, login: str) -> Actor:
    return actor_of(session, session.scalars(select(Person).where(Person.login == login)).one())
