"""A row of the mesh as the cells of a list: which columns fit a width, and what stands in each.

Every cell is exactly as wide as its column, so that nothing on a screen moves when a text changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from meshtui.mesh.rows import Row, Sort, View
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.present.cells import cut_start, fit_line, width_of
from meshtui.present.columns import GAP, Column
from meshtui.present.glyphs import Glyphs
from meshtui.present.lifetime_bar import BAR_WIDTH, row_bar
from meshtui.present.marks import marks
from meshtui.present.serials import SERIAL_WIDTH, short_serial
from meshtui.present.states import STATE_WIDTH, row_badge
from meshtui.present.times import LEFT_WIDTH, left
from meshtui.present.tones import Line, Piece, Tone, plain

_TRUTHS = Column("truths", "TRUTHS", 6)
_LEFT = Column("left", "LEFT", LEFT_WIDTH)
_LIFETIME = Column("lifetime", "LIFETIME", BAR_WIDTH, 96)
_STATE = Column("state", "STATE", STATE_WIDTH)
_SERIAL = Column("serial", "SERIAL", SERIAL_WIDTH, 110)
_NAMESPACE = Column("namespace", "NAMESPACE", 14)
_SERVED = Column("served", "SERVED", SERIAL_WIDTH, 150)
_ISSUER = Column("issuer", "ISSUER", 16, 130)
_ERROR = Column("error", "LAST ERROR", 0, 130)

COLUMNS = {
    View.IDENTITIES: (
        Column("target", "IDENTITY", 0),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        _SERVED,
        _ISSUER,
        _ERROR,
    ),
    View.WORKLOADS: (
        _NAMESPACE,
        Column("name", "WORKLOAD", 0),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        replace(_SERVED, from_width=130),
        Column("identity", "SPIFFE ID", 44, 180),
        _ERROR,
    ),
    View.GATEWAYS: (
        _NAMESPACE,
        Column("name", "SECRET", 0),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        _SERVED,
        Column("identity", "HOSTS", 20, 130),
        _ERROR,
    ),
    View.AUTHORITIES: (
        Column("name", "AUTHORITY", 0),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        replace(_ISSUER, from_width=110),
        Column("identity", "SUBJECT", 0, 130),
    ),
}
"""What each view shows, from left to right."""

SORTED = {
    Sort.EXPIRY: ("left",),
    Sort.TARGET: ("target",),
    Sort.NAME: ("name", "target"),
    Sort.NAMESPACE: ("namespace", "target"),
    Sort.STATE: ("state",),
    Sort.ISSUER: ("issuer",),
    Sort.SERIAL: ("serial",),
    Sort.TRUTHS: ("truths",),
}
"""The columns that show what a list is sorted by, the best one first."""

_NAMESPACE_FROM = 60
"""Cells below which namespace and name share the column of the target."""

_NAME_AT_LEAST, _NAME_SHARE = 20, 0.7
_NAME_AT_MOST = {"target": 48, "name": 32}


def layout(view: View, width: int) -> tuple[Column, ...]:
    """The columns that a list of `width` cells shows, each with the width it gets."""
    columns = COLUMNS[view if width >= _NAMESPACE_FROM else View.IDENTITIES]
    chosen = [column for column in columns if width >= column.from_width]
    room = max(width - GAP * (len(chosen) - 1) - sum(column.width for column in chosen), 0)
    elastic = [column.key for column in chosen if not column.width]
    name = room
    if len(elastic) > 1:
        name = min(max(int(room * _NAME_SHARE), _NAME_AT_LEAST), _NAME_AT_MOST[elastic[0]], room)
    widths = dict(zip(elastic, (name, room - name), strict=False))
    return tuple(replace(column, width=widths.get(column.key, column.width)) for column in chosen)


def sorted_column(columns: tuple[Column, ...], sort: Sort) -> str:
    """The key of the column that shows what a list is sorted by; empty when none of these does."""
    shown = {column.key for column in columns}
    return next((key for key in SORTED[sort] if key in shown), "")


def cells(row: Row, columns: tuple[Column, ...], now: datetime, glyphs: Glyphs) -> tuple[Line, ...]:
    """What stands in each column."""
    return tuple(
        fit_line(_CELLS[column.key](row, now, column.width, glyphs), column.width, glyphs.ellipsis)
        for column in columns
    )


def age(row: Row, now: datetime, glyphs: Glyphs) -> tuple[str, str]:
    """All that changes in the cells of an unchanged row while time passes."""
    return left(row.not_after, now), plain(row_bar(row, now, glyphs))


def _target(row: Row, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    text = cut_start(glyphs.show(row.target), width, glyphs.ellipsis)
    where, slash, name = text.rpartition("/")
    return (Piece(where + slash, Tone.QUIET), Piece(name))


def _name(row: Row, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return (Piece(cut_start(glyphs.show(row.target.rpartition("/")[2]), width, glyphs.ellipsis)),)


def _namespace(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    parts = row.target.split("/")
    return (Piece(glyphs.show(parts[1] if len(parts) > 2 else ""), Tone.QUIET),)


def _truths(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return marks(row.truths, glyphs)


def _left(row: Row, now: datetime, _width: int, _glyphs: Glyphs) -> Line:
    tones = {RotationState.EXPIRED: Tone.BAD, RotationState.OVERDUE: Tone.WARN}
    return (Piece(left(row.not_after, now), tones.get(row.state, Tone.PLAIN)),)


def _lifetime(row: Row, now: datetime, width: int, glyphs: Glyphs) -> Line:
    return row_bar(row, now, glyphs, width)


def _state(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return row_badge(row, glyphs).line(glyphs)


def _serial(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(short_serial(glyphs.show(row.serial), glyphs), Tone.QUIET),)


def _served(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    if row.truths[3] is Mark.UNKNOWN:
        return (Piece(glyphs.unasked, Tone.UNSURE),)
    serial = short_serial(glyphs.show(row.served_serial), glyphs)
    return (Piece(serial, Tone.QUIET if row.served_serial == row.serial else Tone.BAD),)


def _issuer(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.issuer), Tone.QUIET),)


def _identity(row: Row, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    text = glyphs.show(row.identity)
    # the trust domain is the same in all of them; the account is not
    short = text.removeprefix("spiffe://") if width_of(text) > width else text
    return (Piece(short, Tone.QUIET),)


def _error(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    error = glyphs.show(row.last_error or row.disagreement)
    if not error and row.manual:
        return (Piece("manual", Tone.WARN if row.state is RotationState.OVERDUE else Tone.QUIET),)
    return (Piece(error, Tone.WARN if error else Tone.QUIET),)


_CELLS: dict[str, Callable[[Row, datetime, int, Glyphs], Line]] = {
    "target": _target,
    "name": _name,
    "namespace": _namespace,
    "truths": _truths,
    "left": _left,
    "lifetime": _lifetime,
    "state": _state,
    "serial": _serial,
    "served": _served,
    "issuer": _issuer,
    "identity": _identity,
    "error": _error,
}
