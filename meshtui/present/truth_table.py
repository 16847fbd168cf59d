"""The four truths of one target side by side, or one below the other where there is no room, and where they part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshtui.mesh.rows import Detail, Row
from meshtui.mesh.snapshot import Mark, Truth
from meshtui.present.cells import cut, cut_line, cut_start, fit, fit_line, paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS, mark
from meshtui.present.serials import short_serial
from meshtui.present.times import left, moment
from meshtui.present.tones import Line, Piece, Tone

SIDE_BY_SIDE_FROM = 110
"""Cells from which the truths stand side by side."""

_LABEL = 12


@dataclass(frozen=True)
class _Column:
    """What one truth says."""

    title: str
    value: Mark
    serial: str
    until: str
    left: str
    key: str
    names: tuple[str, ...]


def truth_table(detail: Detail, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """The table, and below it the first disagreement."""
    columns = _columns(detail, now, glyphs)
    if width >= SIDE_BY_SIDE_FROM:
        lines = _side_by_side(columns, width, glyphs)
    else:
        lines = [*_stacked(columns, width, glyphs), *_names(columns, width)]
    return [*lines, *reason_lines(detail.row, width, glyphs), *_unknown(detail, width, glyphs)]


def truth_lines(row: Row, detail: Detail | None, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """The four truths below each other: as far as the row says them or, with details of it, whole."""
    columns = _columns(detail, now, glyphs) if detail is not None else _columns_of_row(row, now, glyphs)
    return _stacked(columns, width, glyphs)


def _columns_of_row(row: Row, now: datetime, glyphs: Glyphs) -> list[_Column]:
    """Of what was issued a row has the serial where it is the one that is held."""
    columns = [_Column(TRUTHS[0], row.truths[0], glyphs.dash, glyphs.dash, "", "", ())]
    serials = (row.serial if row.truths[2] is Mark.AGREES else "", row.serial, row.served_serial)
    for title, value, serial in zip(TRUTHS[1:], row.truths[1:], serials, strict=True):
        until = row.not_after if serial == row.serial else None
        columns.append(
            _Column(
                title,
                value,
                short_serial(glyphs.show(serial), glyphs) or _word_for_none(value, is_unknown=value is Mark.UNKNOWN),
                moment(until, now) if until is not None else "",
                left(until, now),
                "",
                (),
            )
        )
    return columns


def _columns(detail: Detail, now: datetime, glyphs: Glyphs) -> list[_Column]:
    row = detail.row
    wanted = _Column(TRUTHS[0], row.truths[0], glyphs.dash, glyphs.dash, "", glyphs.dash, (glyphs.show(row.identity),))
    truths = zip(TRUTHS[1:], row.truths[1:], (detail.issued, detail.held, detail.served), strict=True)
    return [wanted, *(_column(title, value, truth, now, glyphs) for title, value, truth in truths)]


def _column(title: str, value: Mark, truth: Truth, now: datetime, glyphs: Glyphs) -> _Column:
    found = truth.certificate
    if found is None:
        return _Column(title, value, _word_for_none(value, is_unknown=bool(truth.unknown)), "", "", "", ())
    return _Column(
        title,
        value,
        short_serial(glyphs.show(found.serial), glyphs),
        moment(found.not_after, now),
        left(found.not_after, now),
        glyphs.show(found.key),
        tuple(map(glyphs.show, found.sans or (found.subject,))),
    )


def _word_for_none(value: Mark, *, is_unknown: bool) -> str:
    return "not known" if is_unknown else "nothing expected" if value is Mark.ABSENT else "none"


def _side_by_side(columns: list[_Column], width: int, glyphs: Glyphs) -> list[Line]:
    size = (width - _LABEL) // len(columns)
    names = max(len(column.names) for column in columns)
    table = [
        ("serial", [column.serial for column in columns]),
        ("until", [f"{column.until}  {column.left}".rstrip() for column in columns]),
        ("key", [column.key for column in columns]),
        *(
            ("names" if not index else "", ["".join(column.names[index : index + 1]) for column in columns])
            for index in range(names)
        ),
    ]
    heading = [Piece(" " * _LABEL)]
    for column in columns:
        heading += fit_line((mark(column.value, glyphs), Piece(f" {column.title}", Tone.STRONG)), size, glyphs.ellipsis)
    lines: list[Line] = [tuple(heading)]
    for label, texts in table:
        line = [Piece(fit(label, _LABEL), Tone.QUIET)]
        for column, text in zip(columns, texts, strict=True):
            # What tells SPIFFE IDs apart is their end
            shorten = cut_start if text.startswith("spiffe://") else cut
            line.append(Piece(fit(shorten(text, size - 2, glyphs.ellipsis), size), _tone(column, label)))
        lines.append(tuple(line))
    return lines


def _stacked(columns: list[_Column], width: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for column in columns:
        until = f"{column.until}  {column.left}".rstrip()
        line = (
            mark(column.value, glyphs),
            Piece(fit(f" {column.title}", _LABEL - 2), Tone.STRONG),
            Piece(fit(column.serial, 11) if column.until else column.serial, _tone(column, "serial")),
            Piece(until if until.strip(glyphs.dash) else "", _tone(column, "until")),
        )
        lines.append(cut_line(line, width, glyphs.ellipsis))
    return lines


def _names(columns: list[_Column], width: int) -> list[Line]:
    lines: list[Line] = []
    wanted = columns[0].names
    for column in columns:
        # The same names four times over say nothing; those that differ do
        if column is columns[0] or (column.names and column.names != wanted):
            first = (Piece(fit(f"{column.title} names", _LABEL + 3), Tone.QUIET),)
            lines += paragraph(", ".join(column.names), width, first=first)
    return lines


def _tone(column: _Column, label: str) -> Tone:
    if column.value is Mark.DIFFERS and label == "serial":
        return Tone.BAD
    return Tone.UNSURE if column.value is Mark.UNKNOWN else Tone.PLAIN


def reason_lines(row: Row, width: int, glyphs: Glyphs) -> list[Line]:
    """The first disagreement, and the last error."""
    lines: list[Line] = []
    if row.disagreement:
        text = glyphs.show(row.disagreement.replace("≠", f" {glyphs.differs_from} "))
        lines += paragraph(f"first disagreement: {text}", width, Tone.BAD, first=_sign(glyphs.broken, Tone.BAD))
    if row.last_error:
        lines += paragraph(glyphs.show(row.last_error), width, Tone.WARN, first=_sign(glyphs.alarm, Tone.WARN))
    return lines


def _unknown(detail: Detail, width: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for title, truth in zip(TRUTHS[1:], (detail.issued, detail.held, detail.served), strict=True):
        if truth.unknown:
            text = f"{title} is not known: {glyphs.show(truth.unknown)}"
            lines += paragraph(text, width, Tone.UNSURE, first=_sign(glyphs.unknown, Tone.UNSURE))
    return lines


def _sign(glyph: str, tone: Tone) -> Line:
    return (Piece(f"{glyph} ", tone),)
