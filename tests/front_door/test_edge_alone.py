import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THE_PACKAGES = ("controller", "edge_agent", "firmware_profiles", "schedules", "wire")
NOT_FOR_A_DEVICE = {"flask", "sqlalchemy", "alembic", "playwright", "pytest"}


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs folder of a new environment with the extra `edge` and nothing else."""
    folder = tmp_path_factory.mktemp("device")
    source = _copy_source(folder / "source")
    constraints = folder / "constraints.txt"
    lock = (ROOT / "requirements.lock").read_text()
    constraints.write_text("\n".join(re.findall(r"^[\w.\-\[\]]+==[^\\\n]+", lock, re.MULTILINE)))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    programs = folder / "venv" / "bin"
    install = ["install", "--quiet", "--no-compile", "--constraint", str(constraints)]
    _pip(programs, *install, f"{source}[edge]")
    return programs


def test_the_agent_starts_with_the_edge_extra_alone(device: Path, tmp_path: Path) -> None:
    help_ = _agent(device, "--help", tmp_path)
    config = _agent(device, "config", tmp_path)
    run = _agent(device, "run", tmp_path)

    assert "enrol" in help_.stdout
    assert f"TT_AGENT_DATA_DIR={tmp_path}" in config.stdout
    assert "truyenthanh-agent enrol" in run.stderr, "it is not enrolled, and says so"
    assert "Traceback" not in run.stderr


def test_every_module_of_the_agent_can_be_imported_with_the_edge_extra_alone(
    device: Path, tmp_path: Path
) -> None:
    script = (
        "import importlib, pkgutil, edge_agent as agent\n"
        "names = [m.name for m in pkgutil.walk_packages(agent.__path__, 'edge_agent.')]\n"
        "print(*[importlib.import_module(name).__name__ for name in names])"
    )

    answer = subprocess.run(
        [device / "python", "-c", script], check=False, capture_output=True, text=True, cwd=tmp_path
    )

    assert answer.returncode == 0, answer.stderr
    assert "edge_agent.station" in answer.stdout.split()


def test_the_edge_extra_brings_no_web_server_and_no_database_library(device: Path) -> None:
    answer = _pip(device, "list", "--format=json")

    installed = {package["name"].lower() for package in json.loads(answer)}
    assert "truyenthanh" in installed
    assert not installed & NOT_FOR_A_DEVICE


def _pip(programs: Path, *command: str) -> str:
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), *command]
    return subprocess.run(pip, stdout=subprocess.PIPE, text=True, check=True).stdout


def _agent(device: Path, command: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [device / "truyenthanh-agent", command],
        env={"PATH": os.environ["PATH"], "TT_AGENT_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _copy_source(target: Path) -> Path:
    without = shutil.ignore_patterns("__pycache__", "vendor", "*.egg-info")
    for package in THE_PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", target)
    (target / "README.md").touch()  # the build wants one; its words do not matter here
    return target
