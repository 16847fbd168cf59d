"""What happened, a line each: certificates signed and refused, and what operators did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.mesh.rows import HistoryEntry
from meshtui.present.cells import cut_line, line_width
from meshtui.present.glyphs import Glyphs
from meshtui.present.serials import short_serial
from meshtui.present.times import moment
from meshtui.present.tones import Line, Piece, Tone


def history_lines(
    entries: Sequence[HistoryEntry], now: datetime, width: int, glyphs: Glyphs, *, targets: bool = False
) -> list[Line]:
    """One line for each entry, in the order given; with its target where entries are of several."""
    return [_entry(entry, now, width, glyphs, targets) for entry in entries]


def _entry(entry: HistoryEntry, now: datetime, width: int, glyphs: Glyphs, targets: bool) -> Line:
    glyph, tone = {
        "ok": (glyphs.fine, Tone.QUIET),
        "started": (glyphs.busy, Tone.BUSY),
        "refused": (glyphs.alarm, Tone.WARN),
        "failed": (glyphs.broken, Tone.BAD),
    }.get(entry.outcome, (glyphs.unknown, Tone.UNSURE))
    begin = (Piece(f"{moment(entry.at, now)}  ", Tone.QUIET), Piece(f"{glyph:<{glyphs.state_width}} ", tone))
    parts: list[Piece] = []
    if targets and entry.target:
        parts.append(Piece(f"{glyphs.show(entry.target)}  ", Tone.STRONG))
    parts.append(Piece(glyphs.show(entry.text), Tone.PLAIN if tone is Tone.QUIET else tone))
    if entry.serial:
        parts.append(Piece(f"  {short_serial(glyphs.show(entry.serial), glyphs)}"))
    who = Piece(f"  {glyphs.show(entry.actor)}", Tone.QUIET)
    line = (*begin, *parts, who)
    # Who it was is given up first: for most entries it is the target itself
    if line_width(line) > width and entry.kind != "operator":
        line = (*begin, *parts)
    return cut_line(line, width, glyphs.ellipsis)
