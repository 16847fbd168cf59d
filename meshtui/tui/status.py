"""The line above the footer: how far something has come, how it ended, or what went wrong. Pure."""

from __future__ import annotations

from meshtui.mesh.actions import Progress
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.progress import progress_line
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Told

STATUS_LINES = 4
"""What is said takes at most this many; nothing that needs more is for a status line."""


def status_lines(said: Told | Progress | None, width: int, glyphs: Glyphs) -> list[Line]:
    """At least one line, blank when there is nothing to say."""
    if said is None:
        return [()]
    margin = Piece(" ")
    if isinstance(said, Progress) and not said.error:
        return [(margin, *progress_line(said, width - 2, glyphs))]
    if isinstance(said, Progress):
        said = Told(f"{said.target}: {said.error}", wrong=True)
    glyph, tone = (glyphs.broken, Tone.BAD) if said.wrong else (glyphs.dot, Tone.QUIET)
    first = (margin, Piece(f"{glyph} ", tone))
    return paragraph(glyphs.show(said.text), width - 1, tone, first=first)[:STATUS_LINES]
