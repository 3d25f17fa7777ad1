"""`truyenthanh cap source` and `cap certificate`, as somebody types them at the server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.cli import run
from tests.controller.cap.messages import certificate

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Type a command on a machine with keys and the area `xa`; return its code and what it told."""
    monkeypatch.setenv("TT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("TT_DATABASE_URL", raising=False)

    def type_it(*command: str) -> tuple[int, str, str]:
        code = run(command)
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    table = tmp_path / "areas.csv"
    table.write_text("id,kind,name,parent_id\nvn,country,VN,\nxa,commune,Xã A,vn\n", "utf-8")
    for command in (("keys", "init"), ("areas", "import", str(table))):
        assert type_it(*command)[0] == 0
    return type_it


@pytest.fixture
def pinned(tmp_path: Path) -> str:
    """A file with the certificate of a forecaster."""
    made = certificate("Đài", ec.generate_private_key(ec.SECP256R1()), days=(-30, 3650))
    file = tmp_path / "signer.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(file)


def listed(typed: Typed, *more: str) -> list[dict[str, Any]]:
    """Return what `list` prints."""
    return [json.loads(line) for line in typed("cap", "source", "list", *more)[1].splitlines()]


def test_a_source_is_added_changed_listed_and_retired(
    typed: Typed, pinned: str, tmp_path: Path
) -> None:
    add = ("cap", "source", "add", "kttv", "xa", "folder", str(tmp_path), "--trust", pinned)
    code, _, told = typed(*add, "--name", "Đài khí tượng", "--releases-upto", "3", "--poll", "5")
    assert (code, "approve" in told) == (0, True)

    assert typed("cap", "source", "change", "kttv", "--stops-at-once", "--off")[0] == 0
    (kept,) = listed(typed)
    assert {
        name: kept[name] for name in ("name", "source", "poll_s", "stops_at_once", "is_on")
    } == {
        "name": "Đài khí tượng",
        "source": "signed",
        "poll_s": 5,
        "stops_at_once": True,
        "is_on": False,
    }
    assert (kept["releases_upto"], kept["releases_now"]) == (3, 0)

    assert typed("cap", "source", "retire", "kttv")[0] == 0
    assert listed(typed) == []
    assert listed(typed, "--all")[0]["retired"]


def test_without_a_certificate_a_source_is_open(typed: Typed) -> None:
    typed("cap", "source", "add", "loose", "xa", "http", "https://a.vn/feed", "--host", "b.vn")

    (kept,) = listed(typed)

    assert (kept["source"], kept["hosts"]) == ("open", ["b.vn"])


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("add", "kttv", "nowhere", "mqtt"), "no"),
        (("add", "controller", "xa", "mqtt"), "kept for the controller"),
        (("add", "kttv", "xa", "http", "http://a.vn"), "https://"),
        (("add", "kttv", "xa", "folder", "there"), "full path"),
        (("add", "kttv", "xa", "mqtt", "--signed"), "needs a certificate"),
        (("change", "kttv"), "no source"),
        (("retire", "kttv"), "no source"),
    ],
)
def test_what_is_wrong_is_told_in_both_languages(
    typed: Typed, command: tuple[str, ...], why: str
) -> None:
    code, out, told = typed("cap", "source", *command)

    assert (code, out, len(told.strip().splitlines())) == (1, "", 2)
    assert why in told


def test_an_mqtt_source_gets_a_certificate_of_its_own_name(typed: Typed, tmp_path: Path) -> None:
    typed("cap", "source", "add", "kttv", "xa", "mqtt")

    code, out, told = typed("cap", "certificate", "kttv", "-o", str(tmp_path))

    key, made, authority = (Path(line) for line in out.splitlines())
    assert (code, key.stat().st_mode & 0o777) == (0, 0o600)
    issued = x509.load_pem_x509_certificate(made.read_bytes())
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert issued.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "kttv"
    assert issued.public_key() == private.public_key()
    issued.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    assert "tt/1/in/cap/kttv" in told
    assert typed("cap", "certificate", "kttv", "-o", str(tmp_path))[0] == 1, (
        "nothing is overwritten"
    )


@pytest.mark.parametrize("kind", ["http", "retired", "nobody"])
def test_no_certificate_for_what_does_not_come_by_mqtt(
    typed: Typed, tmp_path: Path, kind: str
) -> None:
    if kind != "nobody":
        place = ("http", "https://a.vn/feed") if kind == "http" else ("mqtt",)
        typed("cap", "source", "add", "kttv", "xa", *place)
    if kind == "retired":
        typed("cap", "source", "retire", "kttv")

    assert typed("cap", "certificate", "kttv", "-o", str(tmp_path))[0] == 1
    assert not list(tmp_path.glob("cap-*"))


def test_a_wrong_table_of_the_site_is_told_and_ends_the_start(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TT_CAP_TABLES", str(tmp_path))
    (tmp_path / "hazards.toml").write_text("[[word", encoding="utf-8")
    file = tmp_path / "one.cap"
    file.write_bytes(b"<alert/>")

    for command in (("cap", "check", str(file)), ("web",)):
        code, _, told = typed(*command)
        assert (code, "TT_CAP_TABLES" in told or "hazards.toml" in told) == (1, True)
