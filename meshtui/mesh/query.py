"""Which rows a list shows and in what order: pure, and the same for every mesh that has its rows in memory.

What a row looks like is not decided here (`present.rows`), and nothing here knows where rows come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from meshtui.errors import UsageError
from meshtui.mesh.rows import Page, Query, Row, Sort, View
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.targets import TargetKind

KINDS = {
    View.WORKLOADS: f"{TargetKind.WORKLOAD}/",
    View.GATEWAYS: f"{TargetKind.GATEWAY}/",
    View.AUTHORITIES: f"{TargetKind.AUTHORITY}/",
}
"""What the targets of a view start with; a view without an entry shows all."""

URGENCY = {
    RotationState.EXPIRED: 0,
    RotationState.FAILED: 1,
    RotationState.OVERDUE: 2,
    RotationState.UNKNOWN: 3,
    RotationState.DUE: 4,
    RotationState.ROTATING: 5,
    RotationState.FRESH: 6,
}
"""The order of `Sort.STATE`: what needs eyes first, comes first."""

_NEVER = (1, 0.0)
"""Sorts what has no expiry behind all that has one."""


@dataclass(frozen=True)
class Words:
    """A filter, read once: every word of `wanted` must occur in a row, none of `unwanted` may."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Words:
        """Read words divided by spaces. Any text is a filter; a `!` on its own is one being typed, and waits."""
        words = text.casefold().split()
        return cls(
            wanted=tuple(word for word in words if not word.startswith("!")),
            unwanted=tuple(word[1:] for word in words if word.startswith("!") and len(word) > 1),
        )

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def match(self, row: Row) -> bool:
        """Whether the row's target, identity, state, serials and error hold the words, case aside."""
        return self.in_text(text_of(row))

    def in_text(self, text: str) -> bool:
        """The same, of the text of a row."""
        return all(word in text for word in self.wanted) and not any(word in text for word in self.unwanted)


def text_of(row: Row) -> str:
    """All that a filter looks at; worth keeping by those who filter the same rows again and again."""
    # NUL between the fields: a word must be found inside one of them, not across two
    fields = (row.target, row.identity, row.state.value, row.serial, row.served_serial, row.last_error)
    return "\0".join(fields).casefold()


@dataclass(frozen=True)
class Selection:
    """The rows of a query, in order, from which any page can be cut without sorting again."""

    rows: Sequence[Row]
    total: int
    """Rows of the view, filtered or not."""

    def page(self, offset: int, limit: int) -> Page:
        """Cut one page; raises UsageError for a negative offset or limit."""
        if offset < 0 or limit < 0:
            raise UsageError(f"No page starts at {offset} with {limit} rows.", fix="Use 0 and above for both.")
        return Page(rows=tuple(self.rows[offset : offset + limit]), matching=len(self.rows), total=self.total)


def in_view(row: Row, view: View) -> bool:
    """Whether a list of this view shows the row at all."""
    return row.target.startswith(KINDS.get(view, ""))


def sort_key(row: Row, sort: Sort) -> tuple[Any, ...]:
    """What rows are compared by, smallest first. Never equal for two targets, so that an order is total."""
    if sort is Sort.EXPIRY:
        when = _NEVER if row.not_after is None else (0, row.not_after.timestamp())
        return (*when, row.target)
    if sort is Sort.STATE:
        return (URGENCY[row.state], *sort_key(row, Sort.EXPIRY))
    return (row.target,)


def select(rows: Iterable[Row], query: Query) -> Selection:
    """Filter and sort. Descending turns the order round, but ties stay by target and `never expires` stays last."""
    of_view = [row for row in rows if in_view(row, query.view)]
    words = Words.parse(query.filter)
    chosen = [row for row in of_view if words.match(row)] if words else of_view
    keyed = sorted(((sort_key(row, query.sort), row) for row in chosen), key=itemgetter(0))
    ordered = [row for _, row in keyed]
    if query.descending:
        ordered = _descending(ordered, query.sort)
    return Selection(rows=ordered, total=len(of_view))


def page(rows: Sequence[Row], query: Query) -> Page:
    """Answer a query from all rows of a mesh; raises UsageError for a negative offset or limit."""
    return select(rows, query).page(query.offset, query.limit)


def _descending(ordered: list[Row], sort: Sort) -> list[Row]:
    """Largest first. Stable sorting keeps the ties of `ordered` as they are."""
    if sort is Sort.TARGET:
        return ordered[::-1]
    if sort is Sort.STATE:
        return sorted(ordered, key=lambda row: -URGENCY[row.state])
    mortal = [row for row in ordered if row.not_after is not None]
    return sorted(mortal, key=lambda row: -sort_key(row, sort)[1]) + ordered[len(mortal) :]
