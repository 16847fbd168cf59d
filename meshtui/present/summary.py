"""The row under the cursor in three lines: what narrow lists have no columns for, and the cause of its trouble."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark
from meshtui.present.cells import fit_line, line_width
from meshtui.present.glyphs import Glyphs
from meshtui.present.serials import short_serial
from meshtui.present.times import in_words, moment
from meshtui.present.tones import Line, Piece, Tone, plain

SUMMARY_LINES = 3

_FULL_FROM = 20
"""Lines of a screen from which there is room for all of it."""


def summary(row: Row, now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Who it is; what it holds, until when, and what is served; what is wrong. Exactly `SUMMARY_LINES` lines."""
    who = (Piece(glyphs.show(row.identity or row.target), Tone.STRONG),)
    lines = (who, _certificate(row, now, width, glyphs), _trouble(row, glyphs))
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def shrunk(lines: Sequence[Line], height: int) -> list[Line]:
    """As much of a summary as a screen of `height` lines has room for: what is wrong, which is said last, stays."""
    room = max(SUMMARY_LINES - max(_FULL_FROM - height, 0), 1)
    if room == SUMMARY_LINES:
        return list(lines)
    said = [line for line in lines if plain(line).strip()][-room:]
    return [*said, *[()] * (room - len(said))]


def served_words(row: Row, glyphs: Glyphs) -> Line:
    """What the wire presents, and who does; nothing for what no one is to present."""
    by = f" by {glyphs.show(row.served_by)}" if row.served_by else ""
    if row.truths[3] is Mark.UNKNOWN:
        return (Piece("served ", Tone.QUIET), Piece(f"{glyphs.unknown} not known", Tone.UNSURE), Piece(by, Tone.QUIET))
    if not row.served_serial:
        expected = row.truths[3] is not Mark.ABSENT
        if not row.served_by and not expected:
            return ()
        if expected:
            return (Piece(f"not served{by}", Tone.BAD),)
        return (Piece(f"{glyphs.show(row.served_by)} has it, no proxy serves it", Tone.QUIET),)
    serial = short_serial(glyphs.show(row.served_serial), glyphs)
    tone = Tone.PLAIN if row.served_serial == row.serial else Tone.BAD
    return (Piece("served ", Tone.QUIET), Piece(serial, tone), Piece(by, Tone.QUIET))


def _certificate(row: Row, now: datetime, width: int, glyphs: Glyphs) -> Line:
    """The parts that fit, the dispensable ones given up first."""
    if row.not_after is None:
        return (Piece("no certificate", Tone.UNSURE),)
    serial = short_serial(glyphs.show(row.serial), glyphs)
    until = "until " if now < row.not_after else "ended "
    absolute = (Piece(until, Tone.QUIET), Piece(moment(row.not_after, now)))
    spoken = (*absolute, Piece(f", {in_words(row.not_after, now)}", Tone.QUIET))
    held = (Piece("held ", Tone.QUIET), Piece(serial))
    issuer = (Piece("from ", Tone.QUIET), Piece(glyphs.show(row.issuer)))
    served = served_words(row, glyphs)
    for parts in ((held, served, spoken, issuer), (held, served, spoken), (held, served, absolute)):
        line = _spaced(parts)
        if line_width(line) <= width:
            return line
    return _spaced((served or held, absolute))


def _trouble(row: Row, glyphs: Glyphs) -> Line:
    error = glyphs.show(row.last_error)
    if row.disagreement:
        words = glyphs.show(row.disagreement.replace("≠", glyphs.differs_from))
        return (Piece(f"{glyphs.broken} {words}", Tone.BAD), Piece(f"  {error}" if error else "", Tone.WARN))
    if not error and row.manual:
        return (Piece("rotated by hand only", Tone.QUIET),)
    return (Piece(f"{glyphs.alarm} {error}", Tone.WARN),) if error else ()


def _spaced(parts: tuple[Line, ...]) -> Line:
    line: list[Piece] = []
    for part in filter(None, parts):
        line += [Piece("   "), *part] if line else part
    return tuple(line)
