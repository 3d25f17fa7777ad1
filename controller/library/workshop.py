"""Work on sounds that takes longer than a browser waits: in threads, with progress to look at.

What is going on is known to this process only; a restart forgets it, and the person sends the
file again. A database transaction begins when the slow work is over.
"""

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from flask import Flask, current_app

from controller.config import Config
from controller.errors import Missing
from controller.library.models import LibraryItem
from controller.library.speech import Reader
from controller.library.store import AssetStore

log = logging.getLogger(__name__)

AT_ONCE = 2
REMEMBERED = 200
LEAST_TO_JUDGE_BY = 0.05
_NAME = "truyenthanh.workshop"

Progress = Callable[[float], None]
Work = Callable[[Progress], LibraryItem]


@dataclass(frozen=True, slots=True)
class Job:
    """A sound on its way: `progress` is 0..1; then `item_id`, or the `error` that stopped it.

    Up to `spoken_at` of it a text is being spoken; 0 for what is no text. `begun_s` and `now_s` are
    of a monotonic clock: when the work began, None while it waits, and when it last went on.
    """

    id: str
    owner: str
    title: str
    progress: float = 0.0
    item_id: int | None = None
    error: Exception | None = None
    spoken_at: float = 0.0
    begun_s: float | None = None
    now_s: float = 0.0

    @property
    def is_speaking(self) -> bool:
        """Return whether sentences are still being spoken."""
        return self.begun_s is not None and self.progress < self.spoken_at

    @property
    def left_s(self) -> float | None:
        """Return how many seconds it takes still, judged by what was done; None before that."""
        if self.begun_s is None or self.progress < LEAST_TO_JUDGE_BY:
            return None
        return (self.now_s - self.begun_s) * (1 - self.progress) / self.progress


class Workshop:
    """Runs two jobs at a time and remembers the last 200; the threads start with the first job."""

    def __init__(
        self,
        store: AssetStore,
        reader: Reader,
        config: Config,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.reader, self.config = store, reader, config
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="workshop")
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def install(self, app: Flask) -> None:
        """Give the workshop to an app's pages."""
        app.extensions[_NAME] = self

    def begin(self, owner: str, title: str, work: Work, spoken_at: float = 0.0) -> Job:
        """Queue some work; up to `spoken_at` of its progress it speaks a text."""
        job = Job(secrets.token_urlsafe(12), owner, title, spoken_at=spoken_at)
        with self._lock:
            self._jobs[job.id] = job
            while len(self._jobs) > REMEMBERED:
                self._jobs.popitem(last=False)
        self._threads.submit(self._run, job.id, work)
        return job

    def job(self, owner: str, job_id: str) -> Job:
        """Return a job of this person, or raise `Missing`."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise Missing(what="việc | job", id=job_id[:40])
        return job

    def _run(self, job_id: str, work: Work) -> None:
        self._note(job_id, begun_s=self._clock())
        try:
            item = work(lambda part: self._note(job_id, progress=part))
        except Exception as error:  # noqa: BLE001 - a worker's loop: the page shows what it was
            log.info("sound refused: %s", error)
            self._note(job_id, error=error)
        else:
            self._note(job_id, progress=1.0, item_id=item.id)

    def _note(self, job_id: str, **news: object) -> None:
        with self._lock:
            if job_id in self._jobs:
                news["now_s"] = self._clock()
                self._jobs[job_id] = replace(self._jobs[job_id], **news)  # type: ignore[arg-type] # names are Job's


def workshop() -> Workshop:
    """Return the workshop of the app."""
    found: Workshop = current_app.extensions[_NAME]
    return found
