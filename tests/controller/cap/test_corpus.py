"""Every sample has its verdict, at the terminal too (docs/promises.md R41, R43)."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from controller.cap.commands import as_line
from controller.cap.judging import Policy, judge
from controller.cap.signature import Standing
from controller.cap.trust import certificates_in
from controller.cap.xml import parse
from controller.cli import run
from tests.documents import ROOT

OURS = ROOT / "tests/data/cap"
MANIFEST = tomllib.loads((OURS / "manifest.toml").read_text())
NOW = datetime(2026, 11, 2, 1, 10, tzinfo=UTC)
ISSUER = x509.load_pem_x509_certificate((OURS / "issuer.pem").read_bytes())
SHARED = next(
    (one for above in ROOT.parents if (one := above / "shared/data/cap").is_dir()), Path("nowhere")
)
SHARED_ROWS = [(name, row) for name, rows in MANIFEST["shared"].items() for row in rows]


def line(file: Path, source: str, at: datetime, *pinned: x509.Certificate) -> list[Any]:
    verdict = judge(file.read_bytes(), Policy(pinned, is_open=source == "open"), at)
    told = as_line(file, verdict)
    names = ("verdict", "reason", "signature", "hazard", "level")
    return ["-" if told[name] is None else told[name] for name in names]


@pytest.mark.parametrize("name", MANIFEST["ours"])
def test_a_sample_of_ours_gets_its_verdict(name: str) -> None:
    source, *expected = MANIFEST["ours"][name]

    assert line(OURS / name, source, NOW, ISSUER) == expected


@pytest.mark.parametrize(("name", "row"), SHARED_ROWS, ids=[name for name, _ in SHARED_ROWS])
def test_a_real_message_gets_its_verdict(name: str, row: list[Any]) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"{name} is other people's and is not here")
    source, at, *expected = row
    instant = NOW if at == "now" else datetime.fromisoformat(at)

    assert line(SHARED / name, source, instant) == expected


def test_every_sample_is_in_the_manifest() -> None:
    assert {file.name for file in OURS.glob("*.cap")} == set(MANIFEST["ours"])
    if SHARED.is_dir():
        assert {file.name for file in SHARED.glob("*.cap")} <= set(MANIFEST["shared"])


@pytest.mark.parametrize("which", [0, 1], ids=["aggregator", "issuer"])
def test_a_real_message_signed_twice_is_valid_under_either_pin_in_its_time(which: int) -> None:
    file = SHARED / "canada_signed.cap"
    if not file.exists():
        pytest.skip(f"{file.name} is other people's and is not here")
    content = file.read_bytes()
    signature = parse(content).findall("{http://www.w3.org/2000/09/xmldsig#}Signature")[which]
    pinned = certificates_in(signature)[:1]

    then = judge(content, Policy(pinned), datetime(2013, 1, 24, 22, 0, tzinfo=UTC))
    now = judge(content, Policy(pinned), NOW)

    assert then.signature is Standing.VALID
    assert now.signature is Standing.UNTRUSTED


def test_check_prints_one_line_a_file_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(OURS / name) for name in ("signed.cap", "bomb.cap", "no-such-file.cap")]
    trust = ["--trust", str(OURS / "issuer.pem"), "--at", "2026-11-02T01:10:00Z"]

    code = run(["cap", "check", *files, *trust])

    told = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [one["verdict"] for one in told] == ["accepted", "refused", "refused"]
    assert told[0]["signature"] == "valid"
    assert told[0]["identifier"] == "VN-KY"
    assert told[2]["reason"] == "unreadable"


def test_without_trust_a_source_is_open_and_with_it_signed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["cap", "check", str(OURS / "vn_bao.cap"), "--at", "2026-11-02T08:10:00+07:00"]

    run(asked)
    run([*asked, "--trust", str(OURS / "issuer.pem")])
    run([*asked, "--trust", str(OURS / "issuer.pem"), "--source", "open"])

    told = [json.loads(text)["verdict"] for text in capsys.readouterr().out.splitlines()]
    assert told == ["accepted", "refused", "accepted"]
