"""Which rows are meant when many are marked at once, as the owner of the mesh has them at one moment.

A console has only the rows of a large list that are in view; what lies between two of them, only their owner knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Row

MOST = 10_000
"""Marks that there can be: more are hardly meant."""
_SLACK = 100
"""Rows that are asked for beyond a range: so many may move into it between two questions."""
_ATTEMPTS = 5
"""At a range into which more move."""


async def rows_listed(mesh: Mesh, query: Query) -> Sequence[Row]:
    """All rows of a list, in its order. Raises UsageError for too many."""
    whole = replace(query, offset=0, around="", before=0)
    check_marks((await mesh.rows(replace(whole, limit=0))).matching)
    page = await mesh.rows(replace(whole, limit=MOST))
    check_marks(page.matching)
    return page.rows


async def rows_between(mesh: Mesh, query: Query, first: str, last: str) -> Sequence[Row]:
    """The rows of a list from one target to another, which may be above it, in this order; both with them.

    They are those of one moment, whatever moves meanwhile. Raises UsageError for too many, and for a target that is
    not in the list.
    """
    for _ in range(_ATTEMPTS):
        begin, end = [await _place(mesh, query, target) for target in (first, last)]
        check_marks(count := abs(end - begin) + 1)
        upper, lower = (first, last) if begin <= end else (last, first)
        page = await mesh.rows(replace(query, around=upper, before=0, limit=count + _SLACK))
        targets = [row.target for row in page.rows]
        if targets[:1] == [upper] and lower in targets:
            rows = page.rows[: targets.index(lower) + 1]
            check_marks(len(rows))
            return rows if upper == first else rows[::-1]
    raise UsageError("The rows change their places too fast.", fix="Sort by something else, such as the kind.")


async def row_at(mesh: Mesh, query: Query, place: int) -> Row | None:
    """The row at a place of a list; None when it is not that long."""
    page = await mesh.rows(replace(query, offset=place, limit=1, around="", before=0))
    return next(iter(page.rows), None)


async def rows_of(mesh: Mesh, targets: Sequence[str]) -> Sequence[Row]:
    """The rows of these targets as they are now; none of those that are gone."""
    return (await mesh.rows(Query(targets=tuple(targets), limit=len(targets)))).rows if targets else ()


def check_marks(count: int) -> None:
    """Raises UsageError for more marks than there can be."""
    if count > MOST:
        raise UsageError(f"{count:,} are more than the {MOST:,} that can be marked.", fix="Narrow the list.")


async def _place(mesh: Mesh, query: Query, target: str) -> int:
    page = await mesh.rows(replace(query, around=target, before=0, limit=0))
    if page.place is None:
        raise UsageError(f"{target} is not in this list.")
    return page.place
