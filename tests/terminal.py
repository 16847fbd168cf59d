"""A program on a pseudo-terminal, as a person at the other end of an SSH link meets it: its screen, bytes and CPU."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyte

TICK = os.sysconf("SC_CLK_TCK")
QUIET = 0.06
"""Seconds without output after which what a key brought about is all there."""


class Terminal:
    """Starts the command at once; `seconds` count from there."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 140, rows: int = 40, term: str = "xterm-256color"
    ) -> None:
        self._started = time.perf_counter()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.bytes = 0
        self._reaped = False
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            # before the program starts: a change of size that comes while it does would be lost
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            environment = os.environ | {"TERM": term, "COLORTERM": "", "PYTHONUTF8": "1"}
            os.execvpe(
                command[0], list(command), {k: v for k, v in environment.items() if k not in ("COLUMNS", "LINES")}
            )

    @property
    def seconds(self) -> float:
        """Since the start of the process."""
        return time.perf_counter() - self._started

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def read(self, seconds: float) -> bool:
        """Take what arrives within the time; returns whether anything did."""
        ready, _, _ = select.select([self._master], [], [], max(seconds, 0))
        if not ready:
            return False
        with suppress(OSError):
            data = os.read(self._master, 1 << 16)
            self.bytes += len(data)
            self._stream.feed(data)
            return bool(data)
        return False

    def until(self, text: str, deadline: float = 20.0) -> float:
        """Wait for a text on the screen; returns the seconds since the start. Raises TimeoutError with the screen."""
        while text not in self.text:
            self.read(0.02)
            if self.seconds > deadline:
                raise TimeoutError(f"{text!r} never came:\n{self.text}")
        return self.seconds

    def idle(self, seconds: float) -> tuple[float, float]:
        """Bytes a second and percent of a core while nobody presses a key."""
        bytes_before, cpu_before, begun = self.bytes, cpu_seconds(self.pid), time.perf_counter()
        while (left := begun + seconds - time.perf_counter()) > 0:
            self.read(left)
        lasted = time.perf_counter() - begun
        return (self.bytes - bytes_before) / lasted, (cpu_seconds(self.pid) - cpu_before) / lasted * 100

    def press(self, keys: str) -> None:
        """Send keys as they are."""
        os.write(self._master, keys.encode())

    def answer(self, keys: str, limit: float = 10.0) -> tuple[float, int]:
        """Send keys; seconds to the last byte of what they bring about, and bytes in all.

        The screen is drawn when all is there, so that drawing it is not measured.
        """
        begun = time.perf_counter()
        os.write(self._master, keys.encode())
        last = begun
        parts: list[bytes] = []
        while (waited := time.perf_counter()) < begun + limit:
            until = last + QUIET if parts else begun + limit
            if waited >= until or not select.select([self._master], [], [], until - waited)[0]:
                break
            parts.append(os.read(self._master, 1 << 16))
            last = time.perf_counter()
        for part in parts:
            self._stream.feed(part)
        size = sum(map(len, parts))
        self.bytes += size
        return last - begun, size

    def ended(self) -> bool:
        """Whether the program has ended; takes what it writes meanwhile."""
        self.read(0)
        if not self._reaped:
            self._reaped = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        return self._reaped

    def close(self) -> None:
        """End the program as a terminal does that is closed."""
        if not self.ended():
            os.kill(self.pid, signal.SIGHUP)
        for _ in range(100):
            if self.ended():
                break
            self.read(0.1)
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_megabytes(pid: int) -> float:
    """Resident memory of one process, in 10^6 bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
