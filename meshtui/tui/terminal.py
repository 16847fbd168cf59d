"""The terminal that the console is about to use: whether it can be used, and how Textual is to treat it.

Called before Textual is imported, which reads its settings from the environment once; so nothing here imports it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping

from meshtui.errors import UsageError
from meshtui.present.glyphs import Glyphs, choose

COLORS = {"auto": "auto", "truecolor": "truecolor", "256": "256", "16": "standard", "none": "standard"}
"""What `--color` takes, and what Textual calls it."""

SLOW_FRAMES = "20"
"""A second, over SSH: more are not seen, and each one is sent."""
FAST_FRAMES = "240"
"""A second, elsewhere. A key waits for the next frame, so these are for its answer to come at once, not for films."""


def prepare(color: str = "auto", environ: MutableMapping[str, str] | None = None, *, slow: bool | None = None) -> None:
    """Set what Textual reads when it is imported. What the environment says already is kept.

    `slow` says whether every byte counts; None: it does over SSH.
    """
    environ = os.environ if environ is None else environ
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    slow = is_remote(environ) if slow is None else slow
    environ.setdefault("TEXTUAL_FPS", SLOW_FRAMES if slow else FAST_FRAMES)
    if color != "auto":
        environ["TEXTUAL_COLOR_SYSTEM"] = COLORS[color]
    if color == "none":
        environ["NO_COLOR"] = "1"


def is_remote(environ: Mapping[str, str]) -> bool:
    """Whether every byte goes over SSH."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def check() -> None:
    """Raise UsageError when the console cannot run here: no terminal, or one that cannot move its cursor.

    Textual reads from standard input and draws on standard error.
    """
    for stream, name in ((sys.__stdin__, "input"), (sys.__stdout__, "output"), (sys.__stderr__, "error output")):
        if stream is None or not stream.isatty():
            raise UsageError(
                f"The console needs a terminal, and its {name} is none.", fix="Without one, use: meshtui status"
            )
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise UsageError(
            f"The console needs a terminal that can move its cursor; TERM is {os.environ.get('TERM', '')!r}.",
            fix="Set TERM to what it is, or use: meshtui status",
        )


def glyphs(wanted: str = "auto", state: str = "") -> Glyphs:
    """The signs that are `wanted` or that this terminal can show; `state` is the directory that commands have to name
    (`Glyphs.state`).
    """
    encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else "ascii"
    return choose(encoding, os.environ, wanted=wanted, state=state)
