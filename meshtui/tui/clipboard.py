"""Text to the clipboard of the person who looks: through tmux where there is one, else by the terminal (OSC 52)."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import Callable, Mapping

LONGEST = 74_994
"""Bytes after encoding that terminals are known to take in one OSC 52 sequence."""

_PATIENCE = 2.0
_SCREEN_TAKES = 240
"""Bytes of a string that every version of screen takes: one that is longer than 256 was cut off by old ones."""


async def copy(text: str, what: str, to_terminal: Callable[[str], object]) -> str:
    """Copy, and say what was done: a sentence for the status line. `to_terminal` writes a `sequence`."""
    if os.environ.get("TMUX") and await _to_tmux(text):
        return f"Copied {what}, by way of tmux."
    if len(base64.b64encode(text.encode())) > LONGEST:
        return f"Not copied: {what} has {len(text):,} characters, more than a terminal takes (OSC 52)."
    to_terminal(text)
    way = "OSC 52, through screen" if _in_screen(os.environ) else "OSC 52"
    return f"Copied {what}, if this terminal allows it ({way})."


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """What makes a terminal take a text into its clipboard (OSC 52).

    screen swallows what it does not know unless it is wrapped (DCS), and takes no more than so many bytes at once.
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if not _in_screen(environ):
        return plain
    parts = (plain[start : start + _SCREEN_TAKES] for start in range(0, len(plain), _SCREEN_TAKES))
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)


def _in_screen(environ: Mapping[str, str]) -> bool:
    """Whether GNU screen stands between; its TERM gets through SSH, STY does not."""
    return bool(environ.get("STY") or environ.get("TERM", "").startswith("screen.")) and not environ.get("TMUX")


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
