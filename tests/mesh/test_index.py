"""What the index answers is what sorting and filtering everything would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.mesh.fake import demo_rows, fleet_rows
from meshtui.mesh.index import ORDERS, SELECTIONS, TIMED_FOR, RowIndex
from meshtui.mesh.query import page
from meshtui.mesh.rows import Query, Row, Sort, View
from meshtui.mesh.snapshot import RotationState

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = demo_rows(NOW)
FLEET = fleet_rows(1500, NOW)

queries = st.builds(
    Query,
    view=st.sampled_from(View),
    targets=st.lists(st.sampled_from(["workload/no/body", *(row.target for row in ROWS)]), max_size=3).map(tuple),
    filter=st.sampled_from(["", " ", "prod", "prod !fresh", "left<12h", "!left<50% ns:p", "is:trouble", "refused"]),
    only_trouble=st.booleans(),
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    offset=st.integers(0, 20),
    limit=st.integers(0, 20),
    around=st.sampled_from(["", "workload/no/body", *(row.target for row in ROWS)]),
    before=st.integers(0, 4),
)


@dataclass(frozen=True)
class Change:
    """What becomes of a row."""

    row: Row
    days: int
    error: str
    state: RotationState
    gone: bool


changes = st.builds(
    Change,
    st.sampled_from(ROWS),
    st.integers(-3, 400),
    st.sampled_from(["", "refused"]),
    st.sampled_from(RotationState),
    st.booleans(),
)
steps = st.lists(changes | queries | st.integers(1, 90_000), max_size=40)


@settings(deadline=None)
@given(steps)
def test_pages_are_those_of_sorting_everything(taken: list[Change | Query | int]) -> None:
    """Whatever rows came, changed and went between any queries, and however time passed, each page is right."""
    now, rows, index = NOW, {row.target: row for row in ROWS}, RowIndex(ROWS)
    for step in taken:
        if isinstance(step, Query):
            assert page(rows.values(), step, now) == index.page(step, now)
        elif isinstance(step, int):
            now += timedelta(seconds=step)  # at least as long as a selection by time is good for
        elif step.gone:
            assert rows.pop(step.row.target, None) == index.drop(step.row.target)
        else:
            end = None if step.days < 0 else NOW + timedelta(days=step.days)
            row = replace(step.row, not_after=end, last_error=step.error, state=step.state)
            rows[row.target] = row
            index.put(row)
    assert {row.target: row for row in index.rows} == rows
    assert [rows.get(row.target) for row in ROWS] == [index.get(row.target) for row in ROWS]
    assert len(rows) == len(index)


@settings(max_examples=10, deadline=None)
@given(st.lists(queries, min_size=1, max_size=4), st.integers(1, 1400), st.booleans())
def test_many_changes_at_once(asked: list[Query], count: int, ask_between: bool) -> None:
    """A whole fleet that changes takes other ways through the index and ends at the same pages."""
    index = RowIndex(FLEET)
    if ask_between:
        for query in asked:
            index.page(query, NOW)
    changed = [replace(row, not_after=NOW + timedelta(minutes=n * 7 % 210)) for n, row in enumerate(FLEET[:count])]
    for row in changed:
        index.put(row)
    rows: list[Row] = [*changed, *FLEET[count:]]
    for query in asked:
        assert page(rows, query, NOW) == index.page(query, NOW)


def test_a_filter_about_time_is_looked_at_again() -> None:
    """What begins to match by the clock alone is there after no more than a moment."""
    index, query = RowIndex(ROWS), Query(filter="left<1h !left<0")
    before = index.page(query, NOW)
    soon = NOW + timedelta(hours=2)
    assert page(ROWS, query, soon) == index.page(query, soon) != before
    assert page(ROWS, query, NOW) == index.page(query, NOW)
    almost = NOW + TIMED_FOR - timedelta(milliseconds=1)
    assert index.page(query, NOW) == index.page(query, almost)


def test_no_more_is_kept_than_is_asked_for() -> None:
    """Sorts and filters that were asked for long ago are forgotten, and answered all the same."""
    index = RowIndex(ROWS)
    for sort in Sort:
        for number in range(20):
            query = Query(sort=sort, filter=f"!none{number}")
            assert page(ROWS, query, NOW) == index.page(query, NOW)
    assert len(index._orders) == ORDERS
    assert len(index._selections) == SELECTIONS


def test_a_negative_offset_is_refused() -> None:
    """No page begins before the first row."""
    with pytest.raises(UsageError, match="-1"):
        RowIndex(ROWS).page(Query(offset=-1), NOW)
