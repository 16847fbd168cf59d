"""Rows that a person marked, so that a verb works on all of them. Free of Textual, and of what the list shows.

Marks are kept by target: a filter, another view or another page of the list leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshtui.mesh.marking import check_marks
from meshtui.mesh.rows import Row


class Marked:
    """Marked rows as they were last heard of, in the order in which they were marked."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self.anchor = ""
        """The target that was marked, or unmarked, last: where a range begins."""
        self.changes = 0
        """How often marks, or marked rows, became others: for those who keep what they made of them."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return iter(tuple(self._rows.values()))

    def __contains__(self, target: object) -> bool:
        """Whether a target is marked."""
        return target in self._rows

    @property
    def targets(self) -> tuple[str, ...]:
        """What is marked."""
        return tuple(self._rows)

    def extend(self, rows: Iterable[Row]) -> None:
        """Mark all of these, or none: raises UsageError where that are too many. The last begins the next range."""
        more = {row.target: row for row in rows}
        marked = self._rows | more
        check_marks(len(marked))
        self._rows = marked
        self.anchor = next(reversed(more), self.anchor)
        self.changes += 1

    def take_away(self, target: str) -> None:
        """Take the mark of one away; a range can begin there."""
        self.drop((target,))
        self.anchor = target

    def drop(self, targets: Iterable[str]) -> None:
        """Take the marks of these away."""
        for target in targets:
            self._rows.pop(target, None)
        self.changes += 1

    def clear(self) -> None:
        """Take all marks away."""
        self._rows.clear()
        self.anchor = ""
        self.changes += 1

    def update(self, rows: Iterable[Row], gone: Iterable[str] = ()) -> None:
        """Keep up with the mesh: rows are different, and what is gone cannot be marked."""
        changed = {row.target: row for row in rows if row.target in self._rows}
        vanished = [target for target in gone if target in self._rows]
        self._rows |= changed
        if vanished:
            self.drop(vanished)
        self.changes += bool(changed)

    def renew(self, targets: Iterable[str], rows: Iterable[Row]) -> None:
        """Take what the mesh answered when it was asked for the rows of these targets."""
        found = {row.target: row for row in rows}
        self.update(found.values(), gone=[target for target in targets if target not in found])
