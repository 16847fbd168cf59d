"""The overview as one page for any width: what can be looked at more closely are spots of it, for a cursor.

Two columns where there is room for them, numbers on the left and things on the right; else one below the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from meshtui.findings import Finding
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Row
from meshtui.present.cells import fit, fit_line
from meshtui.present.columns import GAP, Column, joined
from meshtui.present.findings import brief_lines, finding_key, severities_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.lifetime_bar import BAR_WIDTH
from meshtui.present.rows import cells
from meshtui.present.standing import (
    outage_lines,
    outage_words,
    rate_lines,
    share_line,
    state_lines,
    state_strip,
    title,
)
from meshtui.present.states import STATE_WIDTH
from meshtui.present.times import IN_SECONDS, LEFT_WIDTH, counted
from meshtui.present.tones import Line, Piece, Tone
from meshtui.present.trust_tree import branch_bar, branch_left, branch_name, signed_words, trust_tree

SIDE_BY_SIDE = 110
"""Cells from which there are two columns."""
MARGIN = 2
"""Cells before every line, for the cursor's sign."""
_LEFT_COLUMN, _BETWEEN = 42, 2
_TARGET = 44
_LEAST_ERROR = 20
"""Cells below which the beginning of an error says nothing; findings have all of it."""
_FEW_FINDINGS = 3
_NEXT_LINES = 6
"""Of the findings and of what is next to expire: titles, lines before them, and two rows that are to be in sight."""
_AUTHORITY, _KEY = 24, 10
_ALL_OF_AUTHORITIES = 72
"""Cells from which an authority is told with its key and its lifetime."""


@dataclass(frozen=True)
class Spot:
    """Something on the page that a cursor can stand on: a certificate, a finding, an authority."""

    key: str
    """What tells it from all others, and stays the same when its words change."""
    target: str
    """What it is about; empty where that is the mesh."""
    line: int
    start: int
    width: int
    height: int = 1
    finding: Finding | None = None


@dataclass(frozen=True)
class OverviewPage:
    """Lines, each as wide as the page, and the spots among them from top to bottom."""

    lines: tuple[Line, ...] = ()
    spots: tuple[Spot, ...] = ()
    begin: int = 0
    """Which spot the cursor stands on at first."""


@dataclass(frozen=True)
class _Entry:
    """Lines of a part, which a cursor may stand on."""

    lines: tuple[Line, ...]
    key: str = ""
    target: str = ""
    finding: Finding | None = None


def overview_page(overview: Overview, now: datetime, width: int, height: int, glyphs: Glyphs) -> OverviewPage:
    """The page. `height` is what can be seen of it at once: no more findings are told than leave room for the rest."""
    if width >= SIDE_BY_SIDE:
        return _beside(overview, now, width, height, glyphs)
    inner = width - MARGIN
    strip = [*state_strip(overview, inner, glyphs), *_quiet_strip(overview, now, inner, glyphs)]
    few = min(max((height - len(strip) - _NEXT_LINES) // 2, 1), _FEW_FINDINGS)
    if height >= 2 * len(overview.findings) + 18:
        few = len(overview.findings)
    parts: list[list[_Entry]] = [
        _plain(strip),
        _findings(overview, few, inner, glyphs),
        _next(overview, now, inner, glyphs),
        _plain([title("LAST HOUR"), *rate_lines(overview, glyphs)]),
        _authorities(overview, now, inner, glyphs),
    ]
    return _page(_stacked(parts), 0, width, glyphs)


def counts_seconds(overview: Overview, now: datetime) -> bool:
    """Whether a text on the page changes from one second to the next; all others last for a minute and more."""
    outage = overview.outage
    moments = (*(row.not_after for row in overview.next), outage.first, outage.half, outage.all)
    return any(moment is not None and abs(moment - now) <= IN_SECONDS for moment in moments)


def _quiet_strip(overview: Overview, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    share = (Piece("share of lifetime left   ", Tone.QUIET), *share_line(overview, glyphs))
    return [share, *outage_words(overview, now, width)]


def _beside(overview: Overview, now: datetime, width: int, height: int, glyphs: Glyphs) -> OverviewPage:
    share = (Piece("share of lifetime left", Tone.QUIET),)
    expiry = title("EXPIRY", (Piece(f"{counted(overview.total)} certificates", Tone.QUIET),))
    numbers = _stacked(
        [
            _plain([expiry, *state_lines(overview, _LEFT_COLUMN, glyphs), (), share, share_line(overview, glyphs)]),
            _plain([title("IF THE CA DIED NOW"), *outage_lines(overview, now, glyphs)]),
            _plain([title("LAST HOUR"), *rate_lines(overview, glyphs)]),
        ]
    )
    start = MARGIN + _LEFT_COLUMN + _BETWEEN
    inner = width - start - MARGIN
    room = height - 6 - len(overview.next) - len(overview.signers)
    things = _stacked(
        [
            _next(overview, now, inner, glyphs),
            _findings(overview, max(room // 2, _FEW_FINDINGS), inner, glyphs),
            _authorities(overview, now, inner, glyphs),
        ]
    )
    right = _page(things, start, width - start, glyphs)
    left = [line for entry in numbers for line in entry.lines]
    margin, gap = Piece(" " * MARGIN), Piece(" " * _BETWEEN)
    both = zip_longest(left, right.lines, fillvalue=())
    lines = ((margin, *fit_line(one, _LEFT_COLUMN, glyphs.ellipsis), gap, *other) for one, other in both)
    return OverviewPage(tuple(fit_line(line, width) for line in lines), right.spots, right.begin)


def _stacked(parts: Iterable[Sequence[_Entry]]) -> list[_Entry]:
    """One part below the other, a blank line between them."""
    entries: list[_Entry] = []
    for part in filter(None, parts):
        entries += [_Entry(((),)), *part] if entries else part
    return entries


def _page(entries: Iterable[_Entry], start: int, width: int, glyphs: Glyphs) -> OverviewPage:
    lines: list[Line] = []
    spots: list[Spot] = []
    for entry in entries:
        if entry.key:
            spots.append(
                Spot(entry.key, entry.target, len(lines), start, width, len(entry.lines), finding=entry.finding)
            )
        lines += (fit_line((Piece(" " * MARGIN), *line), width, glyphs.ellipsis) for line in entry.lines)
    begin = next((place for place, spot in enumerate(spots) if spot.key.startswith(_NEXT)), 0)
    return OverviewPage(tuple(lines), tuple(spots), begin)


def _plain(lines: Iterable[Line]) -> list[_Entry]:
    return [_Entry((line,)) for line in lines]


_NEXT = "next "


def _next(overview: Overview, now: datetime, width: int, glyphs: Glyphs) -> list[_Entry]:
    if not overview.next:
        return _plain([title("NEXT TO EXPIRE"), (Piece(f"{glyphs.dash} nothing", Tone.QUIET),)])
    columns = _columns(width)
    heading = title("NEXT TO EXPIRE")
    return [*_plain([heading]), *(_row(row, columns, now, glyphs) for row in overview.next)]


def _row(row: Row, columns: tuple[Column, ...], now: datetime, glyphs: Glyphs) -> _Entry:
    line = joined(cells(row, columns, now, glyphs))
    return _Entry((line,), f"{_NEXT}{row.target}", row.target)


def _columns(width: int) -> tuple[Column, ...]:
    """What is told of a row, as far as there is room: how long, who, its lifetime, its state, its trouble."""
    left, state = Column("left", "", LEFT_WIDTH), Column("state", "", STATE_WIDTH)
    bar = Column("lifetime", "", BAR_WIDTH)
    target = width - LEFT_WIDTH - STATE_WIDTH - 2 * GAP
    if target - BAR_WIDTH - GAP < _TARGET // 2:
        return left, Column("target", "", max(target, 0)), state
    target -= BAR_WIDTH + GAP
    rest = target - _TARGET - GAP
    if rest < _LEAST_ERROR:
        return left, Column("target", "", min(target, _TARGET)), bar, state
    return left, Column("target", "", _TARGET), bar, state, Column("error", "", rest)


def _findings(overview: Overview, shown: int, width: int, glyphs: Glyphs) -> list[_Entry]:
    heading = title("FINDINGS", severities_line(overview.severities, glyphs))
    total = sum(overview.severities.values())
    if total:
        some = "" if overview.findings_complete else " of those soonest to expire"
        heading = (*heading, Piece("   8", Tone.BUSY), Piece(f" all{some}", Tone.QUIET))
    entries = _plain([heading])
    for finding in overview.findings[:shown]:
        key = f"finding {finding_key(finding)}"
        entries.append(_Entry(brief_lines(finding, width, glyphs), key, finding.target, finding))
    return entries


def _authorities(overview: Overview, now: datetime, width: int, glyphs: Glyphs) -> list[_Entry]:
    entries = _plain([title("AUTHORITIES")])
    for branch in trust_tree(overview.signers):
        name = fit_line(branch_name(branch, _AUTHORITY, glyphs), _AUTHORITY, glyphs.ellipsis)
        kind = Piece(f"  {fit(glyphs.show(branch.signer.authority.certificate.key), _KEY)}", Tone.QUIET)
        until = fit_line((branch_left(branch, now),), LEFT_WIDTH)
        bar, signed = branch_bar(branch, now, glyphs), Piece(signed_words(branch), Tone.QUIET)
        gap = Piece(" " * GAP)
        line: Line = (*until, gap, *name, kind, gap, *bar, gap, signed)
        if width < _ALL_OF_AUTHORITIES:
            line = (*until, gap, *name, gap, signed)
        entries.append(_Entry((line,), f"authority {branch.target}", branch.target))
    return entries
