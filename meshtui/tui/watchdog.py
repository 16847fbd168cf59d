"""Ends the console in good order when a signal says so, and in any case when its terminal is gone.

A closed terminal usually announces itself by SIGHUP. Where that is ignored (nohup, some wrappers), nothing else
would end the console, and Textual's output thread has died, so that even a regular exit can block. Hence a thread of
its own, which asks first and then insists.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable

INTERVAL = 1.0
"""Seconds between two looks at the terminal."""

GRACE = 2.0
"""Seconds that a regular exit may take."""


ENDINGS = (signal.SIGHUP, signal.SIGTERM)


def guard(leave: Callable[[], object]) -> Watchdog:
    """Have `leave` called in this event loop on SIGHUP, SIGTERM, and when standard input is no terminal any more.

    The watchdog that is returned runs until it is stopped.
    """
    loop = asyncio.get_running_loop()
    for number in ENDINGS:
        # Ignored under nohup, and meant to be; the watchdog sees to a terminal that is gone
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, leave)
    assert sys.__stdin__ is not None  # `terminal.check` saw to it
    watchdog = Watchdog(sys.__stdin__.fileno(), lambda: loop.call_soon_threadsafe(leave))
    watchdog.start()
    return watchdog


class Watchdog(threading.Thread):
    """Looks whether `fileno` is still a terminal; when it is not, calls `leave` and, if that is not enough, ends
    the process. `stop` calls it off.
    """

    def __init__(
        self, fileno: int, leave: Callable[[], object], *, interval: float = INTERVAL, grace: float = GRACE
    ) -> None:
        super().__init__(name="meshtui-watchdog", daemon=True)
        self._fileno = fileno
        self._leave = leave
        self._interval = interval
        self._grace = grace
        self._stopped = threading.Event()

    def run(self) -> None:
        """Watch."""
        while not self._stopped.wait(self._interval):
            if not os.isatty(self._fileno):
                self._leave()
                if not self._stopped.wait(self._grace):
                    # Threads of Textual wait for one another and for the terminal; there is nothing to be saved
                    os._exit(0)
                return

    def stop(self) -> None:
        """Leave the terminal alone from now on."""
        self._stopped.set()
