"""Joining: only the controller that the claim code names, and nothing kept half."""

import os
import stat
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.edge.world import DEVICE, AgentProcess, Controller
from wire.enrolment import ClaimCode


def test_a_device_makes_its_own_key_and_pins_what_the_claim_names(
    agent: AgentProcess, controller: Controller
) -> None:
    folder = agent.folder

    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())

    assert certificate.public_key() == key.public_key()
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert controller.bundle.roots[0] in (folder / "identity.json").read_text()


def test_it_enrols_once(agent: AgentProcess) -> None:
    again = agent.enrol()

    assert again.returncode == 1
    assert DEVICE in again.stderr


def test_a_controller_that_the_claim_code_does_not_name_is_not_told_the_secret(
    controller: Controller,
) -> None:
    other = ClaimCode(controller.claim.secret, os.urandom(16))
    agent = AgentProcess(controller.folder / "other", controller)

    done = agent.enrol(str(other))

    assert done.returncode == 1
    assert "claim code" in done.stderr
    assert not (agent.folder / "identity.json").exists()
    assert controller.device_key is None


def test_a_wrong_claim_code_is_told_in_one_sentence(controller: Controller) -> None:
    agent = AgentProcess(controller.folder / "other", controller)

    done = agent.enrol("ABC-DEF")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_running_before_enrolling_says_what_to_do(controller: Controller) -> None:
    agent = AgentProcess(controller.folder / "other", controller)

    done = agent.command("run")

    assert done.returncode == 1
    assert "enrol" in done.stderr


def test_the_configuration_is_printed_without_secrets_and_all_problems_are_told(
    controller: Controller,
) -> None:
    agent = AgentProcess(controller.folder / "other", controller)
    agent.environment |= {"TT_AGENT_CLAIM": "SECRET"}

    good = agent.command("config")
    agent.environment |= {"TT_AGENT_DOWNLOADS": "99", "TT_AGENT_LOG_LEVEL": "LOUD"}
    bad = agent.command("config")

    assert "TT_AGENT_CLAIM=***" in good.stdout
    assert "SECRET" not in good.stdout
    assert bad.returncode == 2
    assert "TT_AGENT_DOWNLOADS" in bad.stderr
    assert "TT_AGENT_LOG_LEVEL" in bad.stderr


def test_a_technician_sees_what_the_device_holds(agent: AgentProcess) -> None:
    shown: subprocess.CompletedProcess[str] = agent.command("status")

    assert f"device: {DEVICE}" in shown.stdout
    assert "receipts_waiting: 0" in shown.stdout


def test_a_device_renews_its_certificate_with_its_own_signature(
    agent: AgentProcess, controller: Controller
) -> None:
    before = (agent.folder / "certificate.pem").read_bytes()

    done = agent.command("renew")

    assert done.returncode == 0, done.stderr
    after = (agent.folder / "certificate.pem").read_bytes()
    assert after != before
    assert controller.renewals == 1
