"""An issue or rotation under way in one line: `✓ key  ✓ signed  ~ pushed  · verifying  · served`."""

from __future__ import annotations

from meshtui.mesh.actions import Progress
from meshtui.mesh.rows import Step
from meshtui.present.cells import cut_start, line_width, paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.serials import short_serial
from meshtui.present.tones import Line, Piece, Tone

TRAIL = (Step.KEY, Step.SIGNED, Step.PUSHED, Step.VERIFYING, Step.SERVED)


_TRAIL_WIDTH = 50
"""Cells of the longest trail."""


def progress_line(progress: Progress, width: int, glyphs: Glyphs) -> Line:
    """Where one target is, or how it ended; of a long target its end, so that the trail stays whole."""
    room = max(width - _TRAIL_WIDTH - 2, 12)
    target = Piece(f"{cut_start(glyphs.show(progress.target), room, glyphs.ellipsis)}  ", Tone.STRONG)
    if progress.error:
        return (Piece(f"{glyphs.broken} ", Tone.BAD), target, Piece(glyphs.show(progress.error), Tone.BAD))
    if progress.done:
        return (*_ended(progress, glyphs), Piece("  "), target)
    reached = TRAIL.index(progress.step) if progress.step in TRAIL else 0
    line = [target]
    for index, step in enumerate(TRAIL):
        if index < reached:
            line.append(Piece(f"{glyphs.fine} {step.value}  ", Tone.QUIET))
        elif index == reached:
            line.append(Piece(f"{glyphs.busy} {step.value}  ", Tone.BUSY))
        else:
            line.append(Piece(f"{glyphs.pending} {step.value}  ", Tone.QUIET))
    return tuple(line)


def ended_lines(progress: Progress, width: int, glyphs: Glyphs) -> list[Line]:
    """How it ended for one target; an error in as many lines as it takes."""
    if not progress.error:
        return [progress_line(progress, width, glyphs)]
    first = (Piece(f"{glyphs.broken} ", Tone.BAD), Piece(f"{glyphs.show(progress.target)}  ", Tone.STRONG))
    if line_width(first) > width // 2:  # what is left is too narrow for words
        return [first, *paragraph(glyphs.show(progress.error), width, Tone.BAD, first=(Piece("  "),))]
    return paragraph(glyphs.show(progress.error), width, Tone.BAD, first=first)


def _ended(progress: Progress, glyphs: Glyphs) -> Line:
    """The tick: only what the wire presents is called served."""
    if progress.after is None:
        return (Piece(f"{glyphs.fine} {glyphs.show(progress.text) or 'done'}", Tone.GOOD),)
    serial = short_serial(glyphs.show(progress.after.serial), glyphs)
    before = progress.before
    was = Piece(f", was {short_serial(glyphs.show(before.serial), glyphs)}", Tone.QUIET) if before else Piece("")
    if progress.served is False:
        return (Piece(f"{glyphs.alarm} issued {serial}, but not yet served", Tone.WARN), was)
    word = "served" if progress.served else "held"
    return (Piece(f"{glyphs.fine} {word} {serial}", Tone.GOOD), was)
