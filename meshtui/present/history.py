"""What happened, a line each: certificates signed and refused, and what operators did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.mesh.rows import HistoryEntry
from meshtui.present.cells import cut_line, fit, line_width, paragraph
from meshtui.present.ends import actor_name
from meshtui.present.glyphs import Glyphs
from meshtui.present.serials import short_serial
from meshtui.present.times import moment
from meshtui.present.tones import Line, Piece, Tone

_LABEL = 20


def history_lines(
    entries: Sequence[HistoryEntry], now: datetime, width: int, glyphs: Glyphs, *, targets: bool = False
) -> list[Line]:
    """One line for each entry, in the order given; with its target where entries are of several."""
    return [_entry(entry, now, width, glyphs, targets) for entry in entries]


def told_lines(entries: Sequence[HistoryEntry], now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """The same for entries of one target, where what went wrong is told to its end, in as many lines as it takes."""
    lines: list[Line] = []
    for entry in entries:
        if entry.outcome in ("refused", "failed"):
            begin = _begin(entry, now, glyphs)
            words = " ".join(filter(None, (entry.text, short_serial(entry.serial, glyphs), actor_name(entry.actor))))
            lines += paragraph(glyphs.show(words), width, begin[-1].tone, first=begin)
        else:
            lines.append(_entry(entry, now, width, glyphs, targets=False))
    return lines


def record_lines(entry: HistoryEntry, width: int, glyphs: Glyphs) -> list[Line]:
    """All that the CA has on record about one certificate, where that was asked for."""
    lines: list[Line] = []
    for label, text in entry.record.items():
        lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    return lines


def outcome_mark(outcome: str, glyphs: Glyphs) -> tuple[str, Tone]:
    """The sign of how something ended, and its tone."""
    return {
        "ok": (glyphs.fine, Tone.QUIET),
        "started": (glyphs.busy, Tone.BUSY),
        "refused": (glyphs.alarm, Tone.WARN),
        "denied": (glyphs.alarm, Tone.WARN),
        "failed": (glyphs.broken, Tone.BAD),
    }.get(outcome, (glyphs.unknown, Tone.UNSURE))


def _begin(entry: HistoryEntry, now: datetime, glyphs: Glyphs) -> tuple[Piece, Piece]:
    glyph, tone = outcome_mark(entry.outcome, glyphs)
    return Piece(f"{moment(entry.at, now)}  ", Tone.QUIET), Piece(f"{glyph:<{glyphs.state_width}} ", tone)


def _entry(entry: HistoryEntry, now: datetime, width: int, glyphs: Glyphs, targets: bool) -> Line:
    begin = _begin(entry, now, glyphs)
    tone = begin[-1].tone
    parts: list[Piece] = []
    if targets and entry.target:
        parts.append(Piece(f"{glyphs.show(entry.target)}  ", Tone.STRONG))
    serial = short_serial(glyphs.show(entry.serial), glyphs)
    if entry.not_after is not None:  # a certificate: its text is long, and what is cut off must not be until when
        parts.append(Piece(f"{serial}  until {moment(entry.not_after, now)}  "))
    parts.append(Piece(glyphs.show(entry.text), Tone.PLAIN if tone is Tone.QUIET else tone))
    if serial and entry.not_after is None:
        parts.append(Piece(f"  {serial}"))
    who = Piece(f"  {glyphs.show(actor_name(entry.actor))}", Tone.QUIET)
    line = (*begin, *parts, who)
    # Who it was is given up first: for most entries it is the target itself
    if line_width(line) > width and entry.kind != "operator":
        line = (*begin, *parts)
    return cut_line(line, width, glyphs.ellipsis)
