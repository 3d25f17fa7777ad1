import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_help_names_every_command_there_is() -> None:
    cases = re.findall(r"^ {8}(\w+)\) set_up", (ROOT / "run").read_text(), re.MULTILINE)

    answer = _run("--help")

    assert answer.returncode == 0
    assert len(cases) >= 9
    assert [case for case in cases if f"\n  {case}" not in answer.stdout] == []


def test_an_unknown_command_is_refused_with_the_help() -> None:
    answer = _run("broadcast")

    assert answer.returncode == 2
    assert "demo" in answer.stderr


def test_set_up_keeps_off_the_standard_output_of_the_command() -> None:
    answer = _run("exec", "python", "-c", "import sys; print(sys.prefix)")

    assert answer.stdout == f"{ROOT}/.venv\n"


def test_the_exit_code_of_the_command_is_handed_on() -> None:
    answer = _run("exec", "python", "-c", "raise SystemExit(7)")

    assert answer.returncode == 7


def test_where_it_cannot_install_it_says_what_to_install(tmp_path: Path) -> None:
    for name, code in {"dpkg-query": 0, "sudo": 1, "apt-get": 1}.items():
        fake = tmp_path / name
        fake.write_text(f"#!/bin/sh\nexit {code}\n")
        fake.chmod(0o755)

    answer = _run("demo", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert answer.returncode == 1
    assert "apt-get install --no-install-recommends -y python3-venv" in answer.stderr
    assert "portaudio19-dev" in answer.stderr


def test_an_unknown_bench_is_refused() -> None:
    answer = _run("bench", "no-such-bench")

    assert answer.returncode == 1
    assert "no-such-bench" in answer.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_the_locks_hold_hashes_and_no_registry_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert re.search(r"sha(256|512)", text)
    assert not re.search(r"https?://|file://|--(extra-)?index|--find-links", text)


def _run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "run", *command],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
