"""Checks the signatures of batches in a process of its own, on another core than everything else.

Thousands of receipts come in the seconds after an alert; checking them here would keep the threads
that send the next one waiting. The child knows neither keys nor database: it gets tokens and public
keys by its standard input and answers with its verdicts. It ends when we do, however we end.
"""

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from joserfc.jwk import OKPKey
from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from wire.errors import Forged, Malformed, WireError
from wire.signing import inflated, open_payload, public_key, read, take_apart
from wire.up import Receipts

log = logging.getLogger(__name__)

OK = "ok"
STOP_WITHIN_S = 5.0
ANSWER_WITHIN_S = 30.0
"""A hundred times what a chunk takes."""
KEYS_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """A token that came in a device's name, and its key (RFC 8037 `x`) if it has one."""

    device: str
    key: str | None
    token: str


def check(question: Question) -> str:
    """Judge one token: `OK` when its device signed it, else why it is not believed.

    A bug of ours is the verdict `error`.
    """
    try:
        _require_signed(question)
    except WireError as error:
        return error.code
    except Exception:
        log.exception("a batch of %s could not be read", question.device)
        return "error"
    return OK


def message_of(token: str) -> Receipts:
    """Return what a token says that was judged `OK`."""
    return Receipts.model_validate_json(inflated(take_apart(token)), strict=True)


class Checker:
    """A child that checks; `ask` and `answer` take turns. Without a child we do its work here."""

    def __init__(self, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._answer_within_s = answer_within_s
        self._child: subprocess.Popen[str] | None = None
        self._asked: Sequence[Question] | None = None

    def start(self) -> None:
        """Start the child; may be called twice."""
        if self._child is None:
            command = [sys.executable, "-m", "controller.records.checking"]
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )

    def stop(self) -> None:
        """End the child; may be called twice. What was asked and not answered is forgotten."""
        child, self._child, self._asked = self._child, None, None
        if child is None:
            return
        child.kill()
        child.wait(STOP_WITHIN_S)
        for end in (child.stdin, child.stdout):
            if end is not None:
                with suppress(OSError):  # what it has not read any more goes nowhere
                    end.close()

    def ask(self, questions: Sequence[Question]) -> None:
        """Let these be checked in the background."""
        self._asked = questions
        if self._child is not None and self._child.stdin is not None:
            try:
                with self._patience(self._child):
                    self._child.stdin.write(json.dumps([_plain(one) for one in questions]) + "\n")
                    self._child.stdin.flush()
            except OSError:
                self._lose()

    def answer(self) -> list[str]:
        """Return the verdicts on what was asked last, in its order; waits for them."""
        asked, self._asked = self._asked or [], None
        if asked and self._child is not None and self._child.stdout is not None:
            with self._patience(self._child):
                line = self._child.stdout.readline()
            if line.endswith("\n"):
                return [str(code) for code in json.loads(line)]
            self._lose()
        return [check(one) for one in asked]

    @contextmanager
    def _patience(self, child: "subprocess.Popen[str]") -> Iterator[None]:
        """End a child that neither reads nor answers in time, so that nobody waits for ever."""
        timer = threading.Timer(self._answer_within_s, child.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _lose(self) -> None:
        asked = self._asked
        log.warning("the process that checks receipts ended; checking goes on here")
        self.stop()
        self._asked = asked


def _require_signed(question: Question) -> None:
    if question.key is None:
        raise Forged(question.device)
    token = take_apart(question.token)
    if token.kind != Receipts.kind:
        raise Malformed(f"{token.kind!r}, not {Receipts.kind!r}")
    message = read(open_payload(token, *_known(question.key), holds=_by_sodium), Receipts)
    if message.device != question.device:
        raise Forged(message.device)


def _by_sodium(key: OKPKey, signed: bytes, signature: bytes) -> bool:
    """Check by libsodium, in half the time of OpenSSL; stricter with keys that no device makes."""
    if len(signature) != crypto_sign_BYTES:
        return False
    try:
        crypto_sign_open(signature + signed, key.public_key.public_bytes_raw())
    except BadSignatureError:
        return False
    return True


@lru_cache(maxsize=KEYS_KNOWN)
def _known(x: str) -> tuple[OKPKey, str]:
    """Return a device's key and its thumbprint: a device sends many batches in its life."""
    key = public_key(x)
    return key, key.thumbprint()


def _plain(question: Question) -> tuple[str, str | None, str]:
    return question.device, question.key, question.token


def serve(questions: IO[str], answers: IO[str]) -> None:
    """Answer line by line until nobody asks any more."""
    for line in questions:
        answers.write(json.dumps([check(Question(*one)) for one in json.loads(line)]) + "\n")
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for who started us
    serve(sys.stdin, sys.stdout)
