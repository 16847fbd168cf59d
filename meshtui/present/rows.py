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
from meshtui.present.columns import NEVER, Column, lay_out
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
_SERVED = Column("served", "SERVED", SERIAL_WIDTH, 150)
_BY = Column("by", "SERVED BY", 12, NEVER)
_ISSUER = Column("issuer", "ISSUER", 16, 130)
_ERROR = Column("error", "LAST ERROR", 0, 130, share=3, least=24)


def _names(title: str) -> tuple[Column, ...]:
    """Namespace and name, which share a column where it is narrow."""
    return (
        Column("namespaced", title, 0, until_width=60, least=20, stays=True),
        Column("namespace", "NAMESPACE", 14, 60, stays=True),
        Column("name", title, 0, 60, share=7, least=20, most=32, stays=True),
    )


COLUMNS = {
    View.IDENTITIES: (
        Column("target", "IDENTITY", 0, share=7, least=24, most=48, stays=True),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        _SERVED,
        _BY,
        _ISSUER,
        Column("identity", "NAMES", 44, NEVER),
        _ERROR,
    ),
    View.WORKLOADS: (
        *_names("WORKLOAD"),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        replace(_SERVED, from_width=130),
        _BY,
        replace(_ISSUER, from_width=NEVER),
        Column("identity", "SPIFFE ID", 44, 180),
        _ERROR,
    ),
    View.GATEWAYS: (
        *_names("SECRET"),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        _SERVED,
        _BY,
        replace(_ISSUER, from_width=NEVER),
        Column("identity", "HOSTS", 20, 130),
        _ERROR,
    ),
    View.AUTHORITIES: (
        Column("name", "AUTHORITY", 0, share=7, most=32, stays=True),
        _TRUTHS,
        _LEFT,
        _LIFETIME,
        _STATE,
        _SERIAL,
        replace(_ISSUER, from_width=110),
        Column("identity", "SUBJECT", 0, 130, share=3),
    ),
}
"""What each view can show, from left to right."""

SORTED = {
    Sort.EXPIRY: ("left",),
    Sort.TARGET: ("target",),
    Sort.NAME: ("name", "namespaced", "target"),
    Sort.NAMESPACE: ("namespace", "namespaced", "target"),
    Sort.STATE: ("state",),
    Sort.ISSUER: ("issuer",),
    Sort.SERIAL: ("serial",),
    Sort.TRUTHS: ("truths",),
}
"""The columns that show what a list is sorted by, the best one first."""


def layout(view: View, width: int) -> tuple[Column, ...]:
    """The columns that a list of `width` cells shows, each with the width it gets."""
    return lay_out(COLUMNS[view], width).columns


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
    return _path(row.target, width, glyphs)


def _namespaced(row: Row, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    # which kind it is says the list
    return _path(row.target.partition("/")[2], width, glyphs)


def _path(path: str, width: int, glyphs: Glyphs) -> Line:
    where, slash, name = cut_start(glyphs.show(path), width, glyphs.ellipsis).rpartition("/")
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


def _by(row: Row, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.served_by), Tone.QUIET),)


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
    "namespaced": _namespaced,
    "name": _name,
    "namespace": _namespace,
    "truths": _truths,
    "left": _left,
    "lifetime": _lifetime,
    "state": _state,
    "serial": _serial,
    "served": _served,
    "by": _by,
    "issuer": _issuer,
    "identity": _identity,
    "error": _error,
}
