import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli import COMMANDS, run
from controller.people import audit
from wire.enrolment import parse_claim_code


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a machine where nothing was done yet."""
    monkeypatch.setenv("TT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("TT_DATABASE_URL", raising=False)
    return tmp_path / "var"


def test_a_whole_commune_is_set_up_from_the_terminal(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    areas = tmp_path / "areas.csv"
    areas.write_text("id,kind,name,parent_id\nvn,country,VN,\nxa,commune,Xã A,vn\n", "utf-8")

    def ok(*command: str) -> str:
        code = run(command)
        shown = capsys.readouterr()
        assert code == 0, shown.err
        assert "Traceback" not in shown.err
        return shown.out.strip()

    ok("keys", "init")
    ok("areas", "import", str(areas))
    password = ok("people", "add", "hoa", "--name", "Hoa", "--role", "technician", "--area", "xa")
    ok("people", "grant", "hoa", "--role", "operator", "--area", "xa")
    ok("people", "grant", "hoa", "--role", "operator", "--area", "xa", "--revoke")
    assert ok("people", "password", "hoa") != password
    ok("people", "second-factor-reset", "hoa")
    ok("stations", "add", "Đài xã A", "--area", "xa", "--id", "s-1")
    device = ok(
        "devices", "add", "H", "--station", "s-1", "--profile", "software", "--cluster", "C"
    )
    parse_claim_code(ok("devices", "claim", device))
    ok("devices", "revoke", device, "--yes")
    old = ok("keys", "show").split("issuing ")[1].split()[0].rstrip(":")
    assert [line.split()[0] for line in ok("keys", "rotate").splitlines()] == [
        "programme", "drill", "alert",
    ]  # fmt: skip
    alert = ok("keys", "rotate", "--may", "alert").split()[1]
    ok("keys", "revoke", old)
    shown = [line.split() for line in ok("keys", "show").splitlines() if f"{old}:" in line]
    assert [(words[3], words[5]) for words in shown] == [("programme", "revoked")]
    assert re.search(rf"issuing {alert}: vn alert \S+ in use$", ok("keys", "show"), re.MULTILINE)
    head = ok("audit", "verify")
    assert ok("audit", "verify", "--head", head) == head
    ok("db", "upgrade")
    assert (folder / "truyenthanh.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("keys", "show"), "keys init"),
        (("devices", "revoke", "d-nope", "--yes"), "keys init"),
        (("people", "password", "nobody"), "nobody"),
        (("stations", "add", "X", "--area", "nowhere"), "nowhere"),
        (("audit", "verify", "--head", "00"), "entry 1"),
    ],
)
def test_what_cannot_be_done_is_told_in_both_languages_and_ends_with_1(
    command: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(command)

    shown = capsys.readouterr()
    assert code == 1
    assert sentence in shown.err
    assert shown.out == ""


def test_wrong_settings_end_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TT_HTTP_PORT", "many")

    assert run(["config"]) == 2
    assert "TT_HTTP_PORT" in capsys.readouterr().err


def test_secrets_are_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TT_DATABASE_URL", "postgresql+psycopg://u:s3cret@db/tt")

    assert run(["config"]) == 0
    shown = capsys.readouterr().out
    assert "TT_DATABASE_URL=********" in shown
    assert "s3cret" not in shown


def test_a_bad_line_of_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    areas = tmp_path / "areas.csv"
    areas.write_text("id,kind,name,parent_id\nxa,commune,Xã A,nowhere\n", "utf-8")

    assert run(["areas", "import", str(areas)]) == 1
    assert "line 2" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_where_the_table_says(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")

    assert getattr(importlib.import_module(module), attribute).help


def test_the_list_of_commands_loads_neither_the_database_nor_flask() -> None:
    script = (
        "import sys; from controller.cli import run; run(['--help'])\n"
        "assert not {'flask', 'sqlalchemy', 'numpy'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_a_broken_chain_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "verify", lambda *_: 7)

    assert run(["audit", "verify"]) == 1
    assert "entry 7" in capsys.readouterr().err
