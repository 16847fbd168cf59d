"""Which rows a list shows and in what order: pure, and the same for every mesh that has its rows in memory.

This is what is right; `index` answers the same from what it keeps. What a row looks like is not decided here
(`present.rows`), and nothing here knows where rows come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from meshtui.errors import UsageError
from meshtui.mesh.filter import Filter
from meshtui.mesh.order import descending, sorted_keys
from meshtui.mesh.rows import Page, Query, Row, View
from meshtui.mesh.targets import TargetKind
from meshtui.mesh.trouble import in_trouble

KINDS = {
    View.WORKLOADS: f"{TargetKind.WORKLOAD}/",
    View.GATEWAYS: f"{TargetKind.GATEWAY}/",
    View.AUTHORITIES: f"{TargetKind.AUTHORITY}/",
}
"""What the targets of a view start with; a view without an entry shows all."""


@dataclass(frozen=True)
class Selection:
    """The rows of a query, in order, from which any page can be cut without sorting again."""

    rows: Sequence[Row]
    total: int
    """Rows of the view, filtered or not."""

    def page(self, query: Query) -> Page:
        """Cut one page; raises UsageError for one that cannot be."""
        check_page(query)
        places = (place for place, row in enumerate(self.rows) if row.target == query.around)
        place = next(places, None) if query.around else None
        begin = query.begin(place)
        rows = tuple(self.rows[begin : begin + query.limit])
        return Page(rows=rows, matching=len(self.rows), total=self.total, place=place)


def check_page(query: Query) -> None:
    """Raises UsageError for a negative offset or limit, or rows before a target that are fewer than none."""
    if query.offset < 0 or query.limit < 0:
        raise UsageError(f"No page starts at {query.offset} with {query.limit} rows.", fix="Use 0 and above for both.")
    if query.before < 0:
        raise UsageError(f"No page begins {query.before} rows before a target.", fix="Use 0 and above.")


def in_view(row: Row, view: View) -> bool:
    """Whether a list of this view shows the row at all."""
    return row.target.startswith(KINDS.get(view, ""))


def select(rows: Iterable[Row], query: Query, now: datetime) -> Selection:
    """Filter and sort. Descending turns the order round, but ties stay as they are, and what misses a value last."""
    named = frozenset(query.targets)
    of_view = {row.target: row for row in rows if in_view(row, query.view) and (not named or row.target in named)}
    match = Filter.parse(query.filter).at(now)
    chosen = [row for row in of_view.values() if match.match(row) and (not query.only_trouble or in_trouble(row))]
    keys = sorted_keys(chosen, query.sort)
    if query.descending:
        keys = descending(keys, 0, len(keys))
    return Selection(rows=[of_view[key[-1]] for key in keys], total=len(of_view))


def page(rows: Iterable[Row], query: Query, now: datetime) -> Page:
    """Answer a query from all rows of a mesh; raises UsageError for a page that cannot be."""
    return select(rows, query, now).page(query)
