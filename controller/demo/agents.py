"""Edge agents as their own processes, enrolled with a claim code like any device."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from controller.errors import ControllerError

ENROLS_WITHIN_S = 40
STOPS_WITHIN_S = 5


class AgentFailed(ControllerError):
    """An agent did not enrol or ended early; facts `device`, `why`."""

    code = "agent_failed"
    status = 500
    vi = "Thiết bị {device} không chạy được: {why}"
    en = "The agent of {device} does not run: {why}"


class AgentProcess:
    """One `truyenthanh-agent` with its own data folder; its log is `agent.log` there."""

    def __init__(
        self, device: str, folder: Path, controller: str, sound: Mapping[str, str]
    ) -> None:
        self.device = device
        self.folder = folder
        self._environment = {
            **os.environ,
            **sound,
            "TT_AGENT_DATA_DIR": str(folder),
            "TT_AGENT_CONTROLLER": controller,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Return the file with what the agent says."""
        return self.folder / "agent.log"

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def enrol(self, claim: str) -> None:
        """Redeem a claim code; `AgentFailed` with the agent's own words."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*_program(), "enrol"],
            env=self._environment | {"TT_AGENT_CLAIM": claim},
            capture_output=True,
            text=True,
            timeout=ENROLS_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise AgentFailed(device=self.device, why=(done.stderr or done.stdout).strip()[-500:])

    def start(self) -> None:
        """Run the agent in the background; may be called twice."""
        if not self.is_running:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*_program(), "run"], env=self._environment, stdout=log, stderr=log
                )

    def stop(self) -> None:
        """Ask it to end, and insist after 5 s; may be called twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _program() -> list[str]:
    return [str(Path(sys.executable).with_name("truyenthanh-agent"))]
