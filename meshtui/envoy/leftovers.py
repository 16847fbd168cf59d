"""Ends proxies that an earlier owner of the state directory left behind.

Every proxy has a file with its process id beside its bootstrap. A process is only killed when it is still
the one that was started with that bootstrap: process ids are used again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from meshtui.envoy.files import ProxyFiles

GONE_WITHIN = 2.0
"""Seconds that the kernel has to take a killed process away."""


def sweep(directory: Path) -> tuple[int, ...]:
    """Kill every proxy whose process id is kept in `directory`; returns those that were still running.

    Blocks for as long as they take to go, at most `GONE_WITHIN` seconds together.
    """
    killed: list[int] = []
    for file in sorted(directory.glob("*.pid")):
        pid = _running(file)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
        file.unlink(missing_ok=True)
    deadline = time.monotonic() + GONE_WITHIN
    while any(_command_line(pid) for pid in killed) and time.monotonic() < deadline:
        time.sleep(0.005)
    return tuple(killed)


def _running(file: Path) -> int:
    """The process that a file names, if it is still that proxy; else 0."""
    try:
        text = file.read_text(encoding="ascii")
        pid = int(text) if len(text) < 12 else 0
    except (OSError, ValueError):
        return 0
    started_with = ProxyFiles(file.parent, file.stem).bootstrap
    return pid if pid > 1 and os.fsencode(started_with) in _command_line(pid) else 0


def _command_line(pid: int) -> list[bytes]:
    """Arguments of a process; empty when there is none, or only its remains."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return line.split(b"\0") if line else []
