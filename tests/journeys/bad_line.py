"""A bad 4G line between a device and the broker: slow, late, and what is lost comes again later.

A relay of TCP in one thread. Nothing of a connection is ever missing or out of order, as TCP has
it: a lost segment holds up all behind it until it was sent again.
"""

import asyncio
import random
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

SEGMENT = 1400
BITS_A_SECOND = 256_000
LATE_S = (0.2, 0.4)
LOSS = 0.05
IN_ORDER_S = 1e-6  # two timers of one instant may ring in any order
SENT_AGAIN_AFTER_S = 1.0  # RFC 6298: about a round trip and four times its variation


class BadLine:
    """Leads to a port of this machine; `start` and `stop` once each. `lost` counts segments."""

    def __init__(self, port: int, seed: int) -> None:
        self._to, self._chance = port, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bad line")
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self.port = self.lost = 0

    def start(self) -> None:
        """Open the line; its own `port` is known then."""
        self._thread.start()
        self._server = self._wait(asyncio.start_server(self._join, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Cut everything that goes over it."""
        self._wait(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.transport.abort()
        await asyncio.sleep(0)  # an aborted transport closes its socket on the loop's next round

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends += [writer, back]
        for one, other in ((reader, back), (there, writer)):
            task = self._loop.create_task(self._carry(one, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        free_at = arrives_at = 0.0
        try:
            while data := await reader.read(SEGMENT):
                free_at = max(self._loop.time(), free_at) + len(data) * 8 / BITS_A_SECOND
                arrives_at = max(arrives_at + IN_ORDER_S, free_at + self._late_s())
                self._loop.call_at(arrives_at, writer.write, data)
        except ConnectionError:
            pass
        finally:
            self._loop.call_at(arrives_at, writer.close)

    def _late_s(self) -> float:
        late_s, again_s = self._chance.uniform(*LATE_S), SENT_AGAIN_AFTER_S
        while self._chance.random() < LOSS:
            self.lost += 1
            late_s, again_s = late_s + again_s, 2 * again_s
        return late_s
