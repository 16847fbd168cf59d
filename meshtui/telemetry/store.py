"""Keeps denied calls in a file of its own, which a restart or a kill leaves as it was last committed.

Adding is an append: what was added is written together a moment later, in a thread, so that no call waits for the
disk. While the disk cannot be written, the newest wait in memory, up to a bound, and it is said once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from meshtui.database import fix_for, open_database, open_database_for_reading
from meshtui.errors import StateError
from meshtui.mesh.traffic import Call
from meshtui.mesh.words import Words
from meshtui.telemetry import denials

_LOG = logging.getLogger(__name__)
Fits = Callable[[Call], bool]
"""Whether a call is meant, beyond what words can say."""
MOST_ROWS = 100_000
OLDEST = timedelta(days=30)
"""Denials beyond one of these are removed."""
INTERVAL = 0.25
"""Seconds that a denial waits for others before it is written."""
MOST_WAITING = 20_000
"""Denials that wait at most; of more, the oldest are lost."""
_PRUNE_EVERY = 1_000
"""Rows that are added between two looks at whether there are too many."""


class DenialStore:
    """One file, used from one event loop."""

    def __init__(self, path: Path, clock: Callable[[], datetime], most: int = MOST_ROWS) -> None:
        """Opens the file, or makes it. Raises StateError when it is damaged."""
        self._path = path
        self._clock = clock
        self._most = most
        self._connection = open_database(path, version=denials.VERSION, schema=denials.SCHEMA)
        self._waiting: deque[Call] = deque()
        self._added = asyncio.Event()
        self._turn = asyncio.Lock()
        """Held by who writes, and by who reads what is written together with what waits. Both are shielded: a task that
        is cancelled would give its turn away while its thread goes on with the connection.
        """
        self._writing: asyncio.Task[None] | None = None
        self._since_pruned = _PRUNE_EVERY
        self._failing = False
        self.lost = 0
        """Denials that were not kept."""

    def start(self) -> None:
        """Write what is added from now on."""
        self._writing = asyncio.create_task(self._write_all())

    async def stop(self) -> None:
        """Write the rest, and close the file."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        async with self._turn:
            await self._flush()
            self._connection.close()

    def add(self, call: Call) -> None:
        """Keep a denied call."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(call)
        self._added.set()

    async def read(
        self,
        words: Words,
        *,
        target: str = "",
        since: datetime | None = None,
        fits: Fits | None = None,
        limit: int,
    ) -> list[Call]:
        """Denied calls that hold the words, newest first, those included that are only just being written.

        `target` is a workload at either end; `fits` is asked of each call, where words do not say all, in a thread.
        Raises StateError when the file cannot be read.
        """
        return await asyncio.shield(self._read_in_turn(words, target, since, fits, limit))

    async def _read_in_turn(
        self, words: Words, target: str, since: datetime | None, fits: Fits | None, limit: int
    ) -> list[Call]:
        async with self._turn:
            await self._flush()
            waiting = [each for each in reversed(self._waiting) if _matches(each, words, target, since, fits)][:limit]
            kept = await asyncio.to_thread(self._read, words, target, since, fits, limit)
        return sorted([*waiting, *kept], key=lambda call: call.at, reverse=True)[:limit]

    async def _write_all(self) -> None:
        while True:
            await self._added.wait()
            await asyncio.sleep(INTERVAL)
            await asyncio.shield(self._flush_in_turn())

    async def _flush_in_turn(self) -> None:
        async with self._turn:
            await self._flush()

    async def _flush(self) -> None:
        """Write what waits. Where the disk does not take it, it waits on."""
        self._added.clear()
        calls, self._waiting = self._waiting, deque()
        if not calls:
            return
        try:
            await asyncio.to_thread(self._write, calls)
            self._failing = False
        except sqlite3.Error as error:
            if not self._failing:
                _LOG.error("denied calls cannot be kept: %s. %s", error, fix_for(error, self._path))
            self._failing = True
            together = [*calls, *self._waiting]
            self.lost += max(len(together) - MOST_WAITING, 0)
            self._waiting = deque(together[-MOST_WAITING:])

    def _write(self, calls: deque[Call]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            denials.insert(connection, calls)
            self._since_pruned += len(calls)
            if self._since_pruned >= _PRUNE_EVERY:
                denials.prune(connection, self._most, self._clock() - OLDEST)
                self._since_pruned = 0
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # on a full disk SQLite has rolled it back itself
                connection.execute("ROLLBACK")
            raise

    def _read(self, words: Words, target: str, since: datetime | None, fits: Fits | None, limit: int) -> list[Call]:
        try:
            with contextlib.closing(open_database_for_reading(self._path)) as connection:
                if fits is None:
                    return list(denials.select(connection, words, target, since, limit))
                return list(islice(filter(fits, denials.select(connection, words, target, since)), limit))
        except sqlite3.Error as error:
            fix = fix_for(error, self._path)
            raise StateError(f"The denied calls in {self._path} cannot be read: {error}.", fix=fix) from error


def _matches(call: Call, words: Words, target: str, since: datetime | None, fits: Fits | None) -> bool:
    about = not target or target in (call.source_target, call.destination)
    is_meant = about and (since is None or call.at >= since) and (fits is None or fits(call))
    return is_meant and words.in_text(denials.words_of(call))
