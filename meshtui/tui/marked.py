"""Rows that a person marked, so that a verb works on all of them. Free of Textual, and of what the list shows.

Marks are kept by target: a filter, another view or another page of the list leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshtui.mesh.rows import Row
from meshtui.tui.widgets.row_store import Changes


class Marked:
    """Marked rows as they were last heard of, in the order in which they were marked."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self.anchor = ""
        """The target that was marked, or unmarked, last: where a range begins."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return iter(tuple(self._rows.values()))

    def __contains__(self, target: object) -> bool:
        """Whether a target is marked."""
        return target in self._rows

    def toggle(self, row: Row) -> None:
        """Mark a row, or take its mark away."""
        if self._rows.pop(row.target, None) is None:
            self._rows[row.target] = row
        self.anchor = row.target

    def extend(self, rows: Iterable[Row]) -> None:
        """Mark all of these; the last one begins the next range."""
        for row in rows:
            self._rows[row.target] = row
            self.anchor = row.target

    def drop(self, targets: Iterable[str]) -> None:
        """Take the marks of these away."""
        for target in targets:
            self._rows.pop(target, None)

    def clear(self) -> None:
        """Take all marks away."""
        self._rows.clear()
        self.anchor = ""

    def update(self, changes: Changes) -> None:
        """Keep up with the mesh: what is gone cannot be marked."""
        for before, after in changes.rows:
            if after is not None and after.target in self._rows:
                self._rows[after.target] = after
            elif after is None and before is not None:
                self._rows.pop(before.target, None)
