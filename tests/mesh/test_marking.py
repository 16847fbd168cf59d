"""Which rows are marked at once, of lists whose rows move meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.mesh import marking
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.marking import check_marks, row_at, rows_between, rows_listed, rows_of
from meshtui.mesh.query import select
from meshtui.mesh.rows import Page, Query, Row, Sort, View

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = fleet_rows(600, NOW)
LISTS = [Query(), Query(view=View.WORKLOADS, filter="ns:p*", sort=Sort.NAME, descending=True), Query(only_trouble=True)]


def listed(query: Query, rows: Iterable[Row] = ROWS) -> list[str]:
    return [row.target for row in select(rows, query, NOW).rows]


def named(rows: object) -> list[str]:
    assert isinstance(rows, list | tuple)
    return [row.target for row in rows]


@pytest.mark.parametrize("query", LISTS)
async def test_a_range_is_what_lies_between_in_its_direction(query: Query) -> None:
    """Under the same view, filter and order, both ends with it, upwards as downwards, from whatever page was shown."""
    mesh, order = FakeMesh(ROWS, now=lambda: NOW), listed(query)
    page = replace(query, offset=3, limit=2, around="workload/no/body", before=1)
    assert order[2:9] == named(await rows_between(mesh, page, order[2], order[8]))
    assert order[8:1:-1] == named(await rows_between(mesh, page, order[8], order[2]))
    assert order[2:3] == named(await rows_between(mesh, page, order[2], order[2]))
    assert order == named(await rows_between(mesh, page, order[0], order[-1])) == named(await rows_listed(mesh, page))


class Restless(FakeMesh):
    """A fake whose rows move between two questions about them."""

    def __init__(self, moving: int) -> None:
        super().__init__(ROWS, now=lambda: NOW)
        self.all = {row.target: row for row in ROWS}
        self.moving = moving
        self.asked = 0

    async def rows(self, query: Query) -> Page:
        page = await super().rows(query)
        self.asked += 1
        order = listed(Query(), self.all.values())
        for target in order[-self.moving :]:
            row = replace(self.all[target], not_after=NOW + timedelta(seconds=self.asked))
            self.all[target] = row
            self.put(row)
        return page


async def test_a_range_is_of_one_moment_though_rows_move() -> None:
    """Rows that came between the two ends while it was asked for are in it; nothing is in it that is not between."""
    mesh = Restless(moving=7)
    first, last = listed(Query())[0], listed(Query())[40]
    targets = named(await rows_between(mesh, Query(sort=Sort.EXPIRY), first, last))
    assert (targets[0], targets[-1]) == (first, last)
    assert len(targets) == len(set(targets)) > 41


async def test_a_range_that_never_holds_still_is_given_up_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows come into it between two questions than are asked for, again and again."""
    monkeypatch.setattr(marking, "_SLACK", 0)
    mesh = Restless(moving=7)
    first, last = listed(Query())[0], listed(Query())[40]
    with pytest.raises(UsageError, match="change their places too fast"):
        await rows_between(mesh, Query(), first, last)


async def test_too_many_are_refused_before_they_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both numbers, and what to do."""
    monkeypatch.setattr(marking, "MOST", 30)
    mesh, order = FakeMesh(ROWS, now=lambda: NOW), listed(Query())
    assert len(await rows_between(mesh, Query(), order[0], order[29])) == 30
    with pytest.raises(UsageError, match="31 are more than the 30 that can be marked"):
        await rows_between(mesh, Query(), order[0], order[30])
    with pytest.raises(UsageError, match="600 are more than the 30"):
        await rows_listed(mesh, Query())
    with pytest.raises(UsageError, match="31 are more"):
        check_marks(31)


async def test_an_end_that_is_not_in_the_list_is_named() -> None:
    """Where the filter hides it, or it is gone."""
    mesh, order = FakeMesh(ROWS, now=lambda: NOW), listed(Query())
    with pytest.raises(UsageError, match="workload/no/body is not in this list"):
        await rows_between(mesh, Query(), order[0], "workload/no/body")


async def test_rows_are_found_by_place_and_by_target() -> None:
    """A place behind the last has none, nor has a target that is gone."""
    mesh, order = FakeMesh(ROWS, now=lambda: NOW), listed(Query())
    found = [await row_at(mesh, Query(), place) for place in (0, 599, 600)]
    assert [row.target if row else None for row in found] == [order[0], order[599], None]
    assert set(order[5:7]) == {row.target for row in await rows_of(mesh, [*order[5:7], "workload/no/body"])}
    assert await rows_of(mesh, []) == ()
