"""Rows, and who can call whom, as a file: for spreadsheets (CSV), for programs (JSON), to be read (text). Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from meshtui.mesh.access import Matrix
from meshtui.mesh.rows import Row, View
from meshtui.present.columns import titles
from meshtui.present.escape import visible
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS
from meshtui.present.rows import cells, layout
from meshtui.present.tones import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that spreadsheets would compute instead of showing it."""
_WIDTH = 200
"""Cells of a line of text: all columns."""


NAMES = (
    *("target", "identity", "state", "at_risk", *TRUTHS, "serial", "served_serial", "served_by", "issuer"),
    *("issued_at", "due_at", "not_after", "manual", "disagreement", "last_error"),
)
"""Of the fields, in their order."""
_CELL = ("source", "destination", "reach", "reason")


def fields(row: Row) -> dict[str, object]:
    """All that a list knows of a row, by the names of `status --json` where that has them too."""
    return {
        "target": row.target,
        "identity": row.identity,
        "state": row.state.value,
        "at_risk": row.at_risk,
        **{name: mark.value for name, mark in zip(TRUTHS, row.truths, strict=True)},
        "serial": row.serial or None,
        "served_serial": row.served_serial or None,
        "served_by": row.served_by or None,
        "issuer": row.issuer or None,
        "issued_at": _time(row.issued_at),
        "due_at": _time(row.due_at),
        "not_after": _time(row.not_after),
        "manual": row.manual,
        "disagreement": row.disagreement or None,
        "last_error": row.last_error or None,
    }


def matrix_fields(matrix: Matrix) -> dict[str, Any]:
    """All of a matrix, by the names of `explain --matrix --json`."""
    return {
        "sources": list(matrix.sources),
        "destinations": list(matrix.destinations),
        "cells": [{name: str(getattr(cell, name)) for name in _CELL} for cell in matrix.cells],
    }


def as_csv(rows: Iterable[Row]) -> str:
    """RFC 4180, with a line of names; foreign text cannot become a formula."""
    return _csv(NAMES, map(fields, rows))


def as_json(rows: Iterable[Row], view: View, filter_text: str, now: datetime) -> str:
    """One object, with what was asked for and when."""
    return _json({"view": view.value, "filter": filter_text, "rows": list(map(fields, rows))}, now)


def matrix_as_csv(matrix: Matrix) -> str:
    """In the same way, a line for each pair."""
    return _csv(_CELL, matrix_fields(matrix)["cells"])


def matrix_as_json(matrix: Matrix, now: datetime) -> str:
    """One object, with when it was so."""
    return _json(matrix_fields(matrix), now)


def as_text(rows: Sequence[Row], view: View, now: datetime, glyphs: Glyphs) -> str:
    """The list as the console shows it, with all columns."""
    columns = layout(view, _WIDTH)
    gap = "  "
    lines = [plain(titles(columns, glyphs))]
    lines += [gap.join(plain(cell) for cell in cells(row, columns, now, glyphs)) for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _csv(names: Sequence[str], lines: Iterable[Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _json(found: Mapping[str, object], now: datetime) -> str:
    return json.dumps({"schema": 1, "at": _time(now), **found}, ensure_ascii=False, indent=1) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = visible(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _time(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment is not None else None
