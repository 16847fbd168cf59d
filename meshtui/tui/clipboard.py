"""Text to the clipboard of the person who looks: through tmux where there is one, else by the terminal (OSC 52)."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable

LONGEST = 74_994
"""Bytes after encoding that terminals are known to take in one OSC 52 sequence."""

_PATIENCE = 2.0


async def copy(text: str, to_terminal: Callable[[str], object]) -> str:
    """Copy, and say what was done: a sentence for the status line. `to_terminal` writes an OSC 52 sequence."""
    if os.environ.get("TMUX") and await _to_tmux(text):
        return "Copied, by way of tmux."
    if len(text.encode()) * 4 / 3 > LONGEST:
        return f"Not copied: {len(text)} characters are more than a terminal takes."
    to_terminal(text)
    return "Copied, if this terminal allows it (OSC 52)."


async def _to_tmux(text: str) -> bool:
    """tmux keeps OSC 52 of its programs to itself unless told otherwise; its own command reaches the terminal."""
    tmux = shutil.which("tmux")
    if tmux is None:
        return False
    process = await asyncio.create_subprocess_exec(
        tmux,
        "load-buffer",
        "-w",
        "-",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        return False
    return process.returncode == 0
