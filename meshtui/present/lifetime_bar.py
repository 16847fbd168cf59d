"""A certificate as a bar of its own lifetime: `━━━━━━┿━━──`. What has passed is heavy, the planned rotation a tick.

One glance says fresh, due or overdue, whatever the lifetime is.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

BAR_WIDTH = 10
"""Cells of a bar in a list."""

_LATE = {RotationState.OVERDUE: Tone.WARN, RotationState.EXPIRED: Tone.BAD, RotationState.FAILED: Tone.WARN}


def row_bar(row: Row, now: datetime, glyphs: Glyphs, width: int = BAR_WIDTH) -> Line:
    """The bar of a row; blank where there is no lifetime."""
    if row.issued_at is None or row.not_after is None:
        return (Piece(" " * width),)
    return lifetime_bar(
        row.issued_at, row.due_at, row.not_after, now, glyphs, width=width, late=_LATE.get(row.state, Tone.PLAIN)
    )


def lifetime_bar(
    issued_at: datetime,
    due_at: datetime | None,
    not_after: datetime,
    now: datetime,
    glyphs: Glyphs,
    *,
    width: int = BAR_WIDTH,
    late: Tone = Tone.PLAIN,
) -> Line:
    """A bar of exactly `width` cells. `late` is the tone of what has passed since the planned rotation.

    A cell counts as passed once it has passed whole; the last one, so, only when all is over. The tick alone
    is exact: it turns heavy at `due_at`.
    """
    passed = _cells(issued_at, not_after, now, width)
    tick = None if due_at is None else min(_cells(issued_at, not_after, due_at, width), width - 1)
    is_due = due_at is not None and now >= due_at
    return _bar(passed, tick, width, late, glyphs, is_due=is_due)


@lru_cache(maxsize=2048)
def _bar(passed: int, tick: int | None, width: int, late: Tone, glyphs: Glyphs, *, is_due: bool) -> Line:
    """There are few of them, and every second they are looked at anew."""
    pieces = []
    for place in range(width):
        if place == tick:
            pieces.append(Piece(glyphs.tick_lived, late) if is_due else Piece(glyphs.tick_ahead, Tone.QUIET))
        elif place < passed:
            is_late = tick is not None and place > tick
            pieces.append(Piece(glyphs.lived, late if is_late else Tone.QUIET))
        else:
            pieces.append(Piece(glyphs.ahead, Tone.QUIET))
    return _joined(pieces)


def _cells(start: datetime, end: datetime, moment: datetime, width: int) -> int:
    if moment >= end or end <= start:
        return width
    return int(max((moment - start) / (end - start), 0.0) * width)


def _joined(pieces: list[Piece]) -> Line:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].tone is piece.tone:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.tone)
        else:
            joined.append(piece)
    return tuple(joined)
