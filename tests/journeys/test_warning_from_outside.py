"""A warning of a weather service, from its certificate at the broker to the horns that it means.

Five clusters; the polygon lies over three of them.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from controller.cap.approving import approve_release
from controller.cap.certificates import issue_certificate
from controller.cap.models import CapMessage, CapProposal, CapSource, SourceKind
from controller.cap.registering import (
    SourceDraft,
    change_source,
    draft_of,
    register_source,
    retire_source,
)
from controller.cap.taking_up import open_proposals, take_up
from controller.demo import scene
from controller.demo.stage import pause
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import AlertTemplate
from controller.emergencies.prepared import (
    TemplateDraft,
    approve_template,
    template_of,
    write_template,
)
from controller.emergencies.rules import set_rule
from controller.emergencies.speech import Studio
from controller.keys.tls import IssuedClient
from controller.people.rights import machine_owner
from tests.controller.cap.messages import cap, certificate, info, place, signed
from tests.controller.plumbing.peer import NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED, Peer, Refused
from tests.journeys import ear
from tests.journeys.horns import A_WHILE, Horns, Json, now, until
from wire import topics

SOURCE, OTHER = "kttv", "stranger"
KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = certificate("Trung tâm dự báo", KEY, days=(-3650, 36_500))
KEEPER = machine_owner("console")
OVER_THREE = "<polygon>21.02,105.77 21.02,105.80 21.04,105.80 21.04,105.77 21.02,105.77</polygon>"
MEANT, AWAY = (0, 1, 2), (3, 4)
OUTSIDE = ((21.055, 105.785), (21.030, 105.820))
WITHIN_S = 5.0
"""The promise is 2 s; what a test may demand of a machine that does ten things at once is less."""


@pytest.fixture(scope="module")
def valley() -> Iterator[Horns]:
    """An Bình with five horns, three of them in the valley, and a source that signs."""
    with tempfile.TemporaryDirectory(prefix="tt-valley-") as folder:
        with Horns(Path(folder), OUTSIDE) as horns:
            register(horns)
            yield horns
        logs = [agent.log.read_text(errors="replace") for agent in horns.agents]
    for log in logs:
        print(log[-3000:])  # noqa: T201 - shown on failure only


def register(horns: Horns) -> None:
    """Write two sources down that sign and only propose."""
    pinned = SIGNER.public_bytes(serialization.Encoding.PEM).decode()
    for name in (SOURCE, OTHER):
        draft = SourceDraft(kind=SourceKind.MQTT, name="Đài khí tượng", pinned=pinned)
        with horns.app.sessions.begin() as session:
            register_source(
                session,
                actor=KEEPER,
                source_id=name,
                area_id=scene.COMMUNE,
                draft=draft,
                now=now(),
            )


def files_of(horns: Horns, name: str) -> tuple[Path, Path]:
    """Issue the certificate of a source; return its files."""
    with horns.app.sessions.begin() as session:
        issued = issue_certificate(
            session, horns.app.keyring, actor=KEEPER, source_id=name, now=now()
        )
    return _written_down(horns, name, issued)


def files_of_a_device(horns: Horns) -> tuple[Path, Path]:
    """Return a certificate as devices have one."""
    return _written_down(horns, "d-stranger", horns.app.keyring.issue_client("d-stranger", now()))


def _written_down(horns: Horns, name: str, issued: IssuedClient) -> tuple[Path, Path]:
    files = horns.folder / f"{name}.pem", horns.folder / f"{name}.key"
    files[0].write_bytes(issued.certificate)
    files[1].write_bytes(issued.key)
    return files


def joined(horns: Horns, files: tuple[Path, Path] | None) -> Peer:
    """Return a client of the broker with a certificate, or none."""
    return Peer(horns.stage.config.mqtt_port, horns.app.keyring.authority_file, files)


def warning(identifier: str, **parts: str) -> bytes:
    """Return a signed flood warning over the valley, sent now, for ten minutes."""
    ends = f"<expires>{_written(now() + timedelta(minutes=10))}</expires>"
    words = (
        "<headline>Lũ quét trên suối An Bình</headline>"
        "<description>Nước đang lên rất nhanh, bà con hai bên bờ suối khẩn trương rời nhà."
        "</description>"
    )
    said = info(event="Lũ quét", times=ends, words=words, tail=place(OVER_THREE))
    known = {"identifier": identifier, "sent": _written(now()), "infos": said} | parts
    return signed(cap(**known), KEY, SIGNER)


def _written(at: datetime) -> str:
    return at.astimezone().replace(microsecond=0).isoformat()


def proposal_of(horns: Horns, identifier: str) -> CapProposal | None:
    """Return what is proposed of a message, None as long as it is not."""
    with horns.app.sessions() as session:
        return session.scalar(
            select(CapProposal)
            .join(CapMessage, CapMessage.id == CapProposal.message_id)
            .where(CapMessage.identifier == identifier)
        )


def seconds_until_proposed(horns: Horns, client: Peer, content: bytes, identifier: str) -> float:
    """Publish a warning; return how long it took to become a proposal in the database."""
    began = time.monotonic()
    assert client.publish(topics.warnings_from(SOURCE), content) == 0
    while proposal_of(horns, identifier) is None:
        assert time.monotonic() - began < WITHIN_S
        pause(timedelta(milliseconds=10))
    return time.monotonic() - began


def take(horns: Horns) -> Json:
    """Take the only proposal up as an officer; return the alert that it became."""
    officer = horns.commune.authority
    with horns.app.sessions() as session:
        mine = open_proposals(session, officer, now()).rows
    (proposal,) = mine
    studio = Studio(horns.stage.store, horns.stage.reader)
    sessions = horns.app.sessions
    alert_id = take_up(sessions, sessions, studio, officer, proposal.id, now())
    return horns.first.get(f"/alerts/{alert_id}")


def sounds(horns: Horns, alert: Json) -> list[str]:
    """Return the devices that have sounded it, in their order."""
    return [one["device_id"] for one in horns.reach(alert) if one["heard_at"]]


def assert_only_the_valley_sounds(horns: Horns, alert: Json, heard: list[ear.Sound]) -> None:
    """Siren and words at the three horns that are meant, not a sound at the two others."""
    _, words = horns.audio_of(alert)
    assert sounds(horns, alert) == [horns.devices[number] for number in MEANT]
    for number in MEANT:
        assert ear.seconds_of("siren", heard[number]) > 1
        assert ear.find(words, heard[number]).is_it
    for number in AWAY:
        assert set(ear.kinds(heard[number])) == {"silence"}


def test_an_outside_warning_over_three_of_five_clusters_sounds_exactly_there(
    valley: Horns,
) -> None:
    """From the topic of its source to a proposal, an officer, two confirmations, three horns."""
    with joined(valley, files_of(valley, SOURCE)) as client, valley.witness() as witness:
        began = now()
        took_s = seconds_until_proposed(valley, client, warning("VN-1"), "VN-1")
        print(f"proposed after {took_s * 1000:.0f} ms")  # noqa: T201 - the figure, with -s
        proposal = proposal_of(valley, "VN-1")
        assert proposal
        assert len(proposal.clusters) == len(MEANT)
        assert proposal.held == "only_proposes"
        assert not any(valley.playing())

        alert = take(valley)
        valley.release_drafted(alert)
        until(lambda: valley.counts(alert)["heard"] == len(MEANT))
        _, words = valley.audio_of(alert)
        until(
            lambda: all(
                ear.find(words, witness.samples((began, now()), number)).is_it for number in MEANT
            )
        )
        pause(A_WHILE)
        heard = [witness.samples((began, now()), number) for number in (*MEANT, *AWAY)]
        valley.cancel(alert)
        until(lambda: valley.stopped(alert) == len(MEANT))

    assert_only_the_valley_sounds(valley, alert, heard)
    assert "Nước đang lên rất nhanh" in alert["revisions"][0]["spoken"]["vi"]
    assert took_s < WITHIN_S


def test_a_pre_authorised_template_sounds_there_without_an_officer(valley: Horns) -> None:
    """By the policy of the source: its words are ours, heard before; its cancel silences them."""
    text = "Suối An Bình đang có lũ quét. Bà con ven suối lên nhà văn hóa thôn ngay bây giờ."
    template = prepare(valley, text)
    with joined(valley, files_of(valley, SOURCE)) as client, valley.witness() as witness:
        began = now()
        sent = warning("VN-2")
        assert client.publish(topics.warnings_from(SOURCE), sent) == 0
        until(lambda: proposal_of(valley, "VN-2"))
        proposal = proposal_of(valley, "VN-2")
        assert proposal
        assert (proposal.state, proposal.held_en) == ("released", "")
        alert = valley.first.get(f"/alerts/{proposal.alert_id}")
        until(lambda: valley.counts(alert)["heard"] == len(MEANT))
        _, words = valley.audio_of(alert)
        until(
            lambda: all(
                ear.find(words, witness.samples((began, now()), number)).is_it for number in MEANT
            )
        )
        heard = [witness.samples((began, now()), number) for number in (*MEANT, *AWAY)]
        before = sent.split(b"<sent>")[1].split(b"</sent>")[0].decode()
        more = f"<references>dubao@example.vn,VN-2,{before}</references>"
        client.publish(
            topics.warnings_from(SOURCE), warning("VN-3", msg_type="Cancel", more=more, infos="")
        )
        until(lambda: valley.stopped(alert) == len(MEANT))

    assert_only_the_valley_sounds(valley, alert, heard)
    assert alert["revisions"][0]["spoken"] == {"vi": text}
    assert valley.audio_of(alert)[0] == template.audio["vi"]["sha256"]
    assert valley.state(alert) == "cancelled"


def prepare(horns: Horns, text: str) -> AlertTemplate:
    """Approve what a release without an officer takes: template, rule and source."""
    studio = Studio(horns.stage.store, horns.stage.reader)
    first, second = horns.commune.authority, horns.commune.second
    draft = TemplateDraft(title="Lũ quét", hazard="flash_flood", level=4, texts={"vi": text})
    sessions = horns.app.sessions
    name = write_template(sessions, sessions, studio, first, scene.COMMUNE, draft, now())
    with sessions.begin() as session:
        audio = template_of(session, second, name).audio
        for one in audio.values():
            note_hearing(
                session, actor=second, about=name, audio=audio, sha256=one["sha256"], now=now()
            )
        approve_template(
            session, actor=second, template_id=name, now=now(), version=1, preauthorise=True
        )
        set_rule(
            session, actor=KEEPER, area_id=scene.COMMUNE, people=1, now=now() - timedelta(days=2)
        )
        source = session.get_one(CapSource, SOURCE)
        asked = replace(draft_of(source), releases_upto=4)
        change_source(session, actor=KEEPER, source_id=SOURCE, draft=asked, now=now())
        approve_release(
            session, actor=second, source_id=SOURCE, version=source.version, now=now(),
            verify=lambda *_: "totp",
        )  # fmt: skip
    with sessions() as session:
        return session.get_one(AlertTemplate, name)


def test_a_stranger_writes_nothing_on_the_topic_of_a_source(valley: Horns) -> None:
    """R12, R22, R43: not without a certificate, with a device's, with another source's, forged."""
    topic = topics.warnings_from(SOURCE)
    with pytest.raises(Refused), joined(valley, None):
        pass
    for files in (files_of(valley, OTHER), files_of_a_device(valley)):
        with joined(valley, files) as thief:
            assert thief.publish(topic, warning("VN-9")) == NOT_AUTHORIZED

    with joined(valley, files_of(valley, SOURCE)) as client:
        stranger = ec.generate_private_key(ec.SECP256R1())
        forged = signed(
            cap(identifier="VN-10"), stranger, certificate("Người lạ", stranger, days=(-30, 36_500))
        )
        assert client.publish(topic, forged) == 0
        until(lambda: outcomes(valley, "VN-10") == ["refused"])

    assert outcomes(valley, "VN-9") == []
    until(lambda: valley.incidents("warnings_refused"))


def test_a_retained_warning_is_read_when_the_controller_is_back(valley: Horns) -> None:
    assert valley.app.worker
    link = valley.app.worker.link
    with joined(valley, files_of(valley, SOURCE)) as client:
        link.stop()
        taken = client.publish(topics.warnings_from(SOURCE), warning("VN-5"), retain=True)
        assert taken in {0, NO_MATCHING_SUBSCRIBERS}, "the controller may be gone by then"
        assert outcomes(valley, "VN-5") == []

        link.start()
        until(lambda: outcomes(valley, "VN-5") == ["accepted"])
        client.publish(topics.warnings_from(SOURCE), b"", retain=True)


def test_a_retired_source_is_thrown_out_of_the_broker(valley: Horns) -> None:
    with joined(valley, files_of(valley, SOURCE)) as client:
        with valley.app.sessions.begin() as session:
            retire_source(session, actor=KEEPER, source_id=SOURCE, now=now())

        topic = topics.warnings_from(SOURCE)
        until(lambda: client.publish(topic, warning("VN-11")) == NOT_AUTHORIZED)

    assert proposal_of(valley, "VN-11") is None


def outcomes(horns: Horns, identifier: str) -> list[str]:
    """Return the verdicts on the messages of a name."""
    with horns.app.sessions() as session:
        rows = select(CapMessage.outcome).where(CapMessage.identifier == identifier)
        return list(session.scalars(rows))
