"""Writes lines to the owner without ever making the CA wait: when the owner does not read, lines are dropped."""

from __future__ import annotations

import contextlib
import os
import queue
import threading

WAITING = 1000
"""Lines kept for an owner that is slow."""


class Announcer:
    """A thread that writes to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="announcer", daemon=True)
        self._thread.start()

    def say(self, line: bytes) -> None:
        """Write a line soon, or not at all when too many wait."""
        with contextlib.suppress(queue.Full):  # a hint is lost; the ledger has the decision
            self._lines.put_nowait(line)

    def close(self) -> None:
        """Give what waits a moment to leave."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(timeout=1.0)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                return  # nobody listens any more
