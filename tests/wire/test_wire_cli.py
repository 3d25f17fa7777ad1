"""`truyenthanh wire decode`: any captured payload, readable, and believed or not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import OKPKey

from wire.cli import wire
from wire.kinds import MESSAGES
from wire.signing import Signer, public_x, sign, sign_payload

Golden = Callable[[str], dict[str, Any]]
Key = Callable[[int], OKPKey]


def decode(captured: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(wire, ["decode", *options], input=captured)


@pytest.fixture
def trusting(key: Key) -> list[str]:
    """Return the options that name the first root and the device key."""
    return ["--root", public_x(key(1)), "--key", public_x(key(6))]


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_a_genuine_message_of_every_kind_is_shown_and_holds(
    kind: str, golden: Golden, trusting: list[str]
) -> None:
    result = decode(golden(kind)["token"], *trusting)

    assert result.exit_code == 0, result.stderr
    assert "Chữ ký đúng / The signature holds" in result.stderr
    shown = json.loads(result.stdout)
    assert shown["nội dung / payload"] == golden(kind)["payload"]
    assert shown["loại / kind"] == kind


def test_the_certificate_of_a_controller_is_shown(golden: Golden, trusting: list[str]) -> None:
    shown = json.loads(decode(golden("plan")["token"], *trusting).stdout)

    assert shown["chứng thư / certificate"]["subtree"] == "an-binh"
    assert "cert" not in shown["đầu thư / header"]


@pytest.mark.parametrize("kind", ["plan", "trust", "receipts"])
def test_a_message_without_its_key_is_shown_but_not_believed(kind: str, golden: Golden) -> None:
    result = decode(golden(kind)["token"])

    assert result.exit_code == 1
    assert "No trusted key at hand" in result.stderr
    assert json.loads(result.stdout)["nội dung / payload"] == golden(kind)["payload"]


def test_a_changed_message_is_shown_but_not_believed(golden: Golden, trusting: list[str]) -> None:
    header, payload, _ = golden("plan")["token"].split(".")
    other = golden("command")["token"].rpartition(".")[2]

    result = decode(f"{header}.{payload}.{other}", *trusting)

    assert result.exit_code == 1
    assert "Chữ ký không đúng / The signature does not hold" in result.stderr


@pytest.mark.parametrize("captured", ["", "\n", "hello", "1.2.3", b"\xff\xfe", "tt/1/trust x"])
def test_what_is_no_message_is_called_unreadable(captured: str | bytes) -> None:
    result = decode(captured)

    assert result.exit_code == 2
    assert "Không đọc được / Unreadable" in result.stderr


def test_a_signed_message_of_an_unknown_kind_is_shown_but_not_believed(
    cast: Any, trusting: list[str]
) -> None:
    result = decode(sign_payload("weather", b'{"rain":"\\ud800"}', cast.an_binh), *trusting)

    assert result.exit_code == 1
    assert "Not to be believed" in result.stderr


def test_a_line_of_mosquitto_sub_is_read_with_its_topic(
    golden: Golden, trusting: list[str]
) -> None:
    plan, alert = golden("plan"), golden("alert")
    lines = "".join(f"{each['where']} {each['token']}\n" for each in (plan, alert))

    result = decode(lines, *trusting)

    assert result.exit_code == 0, result.stderr
    assert result.stdout.count('"chủ đề / topic": "tt/1/') == 2


def test_a_message_on_a_foreign_topic_is_not_believed(golden: Golden, trusting: list[str]) -> None:
    result = decode(f"tt/1/down/d-other0001/plan {golden('plan')['token']}", *trusting)

    assert result.exit_code == 1
    assert "Thông điệp gửi cho nơi khác" in result.stderr


def test_the_worst_of_many_messages_decides(golden: Golden, trusting: list[str]) -> None:
    result = decode(f"{golden('plan')['token']}\nrubbish\n", *trusting)

    assert result.exit_code == 2


@pytest.mark.parametrize("form", ["bundle", "jwk", "plain"])
def test_a_root_may_be_given_as_a_file(form: str, golden: Golden, key: Key, tmp_path: Path) -> None:
    x = public_x(key(1))
    content = {
        "bundle": json.dumps({"roots": [x], "authorities": ["-"]}),
        "jwk": json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x}),
        "plain": f"{x}\n",
    }
    (tmp_path / "root").write_text(content[form], encoding="utf-8")
    (tmp_path / "payload").write_text(golden("plan")["token"], encoding="utf-8")

    result = CliRunner().invoke(
        wire, ["decode", str(tmp_path / "payload"), "--root", str(tmp_path / "root")]
    )

    assert result.exit_code == 0, result.stderr


def test_a_root_that_is_no_key_is_named_as_the_mistake(golden: Golden) -> None:
    result = decode(golden("plan")["token"], "--root", "nonsense")

    assert result.exit_code == 2
    assert "--root" in result.stderr


def test_a_device_key_does_not_make_a_controllers_message_genuine(
    key: Key, cast: Any, example: Callable[..., Any]
) -> None:
    by_device = sign(example("plan"), Signer(cast.device.key, cast.device.kid))

    result = decode(by_device, "--key", public_x(key(6)), "--root", public_x(key(1)))

    assert result.exit_code == 1
