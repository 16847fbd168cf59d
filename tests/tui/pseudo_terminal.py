"""A program on a real pseudo-terminal, as a person meets it: bytes in, bytes and a screen out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType

import pyte

PROGRAM = """
import fcntl, os, signal, sys, termios
if sys.stdin.isatty():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the terminal's hang-up is ours
if "IGNORE_HANGUP" in os.environ:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
from meshtui.tui import terminal
terminal.check()
terminal.prepare(os.environ.get("COLOR", "auto"))
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.places import Place

async def open_mesh():
    from meshtui.mesh.fake import FakeMesh
    if "CRASH" in os.environ:
        local = os.environ["CRASH"][::-1]
        raise RuntimeError(f"It broke in {len(local)} places.")
    return FakeMesh()

place = Place(os.environ.get("PLACE", "identities"))
app = MeshtuiApp(open_mesh, glyphs=terminal.glyphs(), slow_link=terminal.is_remote(os.environ), place=place)
app.run(mouse=False)
sys.exit(app.return_code or 0)
"""
"""The console over the demo set, run as `meshtui` runs it."""

DEADLINE = 15.0


class Terminal:
    """The console on a terminal of its own."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, columns: int = 100, rows: int = 24) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM", "TMUX")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=kept | {"TERM": "xterm-256color"} | dict(environment or {}),
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self.process.kill()
        self.process.wait()

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.screen.display)

    def read(self, seconds: float) -> int:
        """Take what arrives within this time; how many bytes it was."""
        before, until = len(self.sent), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], left)
            try:
                data = os.read(self._master, 1 << 16) if ready else b""
            except OSError:
                break
            self.sent += data
            self._stream.feed(data)
        return len(self.sent) - before

    def until(self, words: str) -> None:
        """Wait for words on the screen; fails with what is there when they do not come."""
        deadline = time.monotonic() + DEADLINE
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            self.read(0.02)

    def local_modes(self) -> int:
        """What the terminal does with what is typed (termios(3), `c_lflag`)."""
        modes: int = termios.tcgetattr(self._master)[3]
        return modes

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def send(self, data: bytes) -> None:
        """Have any bytes arrive, as fast as they are taken."""
        while data:
            data = data[os.write(self._master, data[:1024]) :]
            self.read(0.001)

    def resize(self, columns: int, rows: int) -> None:
        """Have another size."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def quit_from_anywhere(self) -> int:
        """Press escape and q until the program ends; its exit status."""
        deadline = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self.press("\x1b")
            self.read(0.2)  # an escape waits for what may follow it
            self.press("q")
            self.read(0.1)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end of the program, reading what it says meanwhile; its exit status."""
        deadline = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self.read(0.02)
        self.read(0.02)
        return self.process.returncode

    def hang_up(self) -> None:
        """Take the terminal away."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
