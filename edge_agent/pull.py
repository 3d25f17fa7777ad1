"""Asking over HTTPS for what should have come by MQTT and did not."""

import logging
import ssl
import threading
from collections.abc import Callable
from typing import Final

from edge_agent.events import Pulled
from edge_agent.inbox import Inbox
from wire.enrolment import PULL_PATH
from wire.enrolment import Pulled as Answer

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 15.0


class Puller:
    """At most one question at a time, each in a thread of its own."""

    def __init__(self, controller: str, tls: Callable[[], ssl.SSLContext], inbox: Inbox) -> None:
        self._controller, self._tls, self._inbox = controller, tls, inbox
        self._thread: threading.Thread | None = None

    def pull(self, token: str) -> None:
        """Ask with a signed `pull` token; the answer is posted as `Pulled`."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._ask, args=(token,), name="pull", daemon=True
            )
            self._thread.start()

    def _ask(self, token: str) -> None:
        import httpx  # noqa: PLC0415 - seldom needed, and memory is tight

        try:
            with httpx.Client(verify=self._tls(), timeout=TIMEOUT_S, trust_env=False) as client:
                answer = client.post(f"{self._controller}{PULL_PATH}", content=token)
                answer.raise_for_status()
            retained = Answer.model_validate_json(answer.content).retained
        except (httpx.HTTPError, OSError, ValueError) as error:
            log.warning("pull from %s failed: %s", self._controller, error)
            return
        self._inbox.post(Pulled(retained))
