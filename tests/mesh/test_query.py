"""Which rows a query shows, and in what order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.mesh.fake import demo_rows
from meshtui.mesh.filter import Filter
from meshtui.mesh.order import sort_key
from meshtui.mesh.query import page, select
from meshtui.mesh.rows import Query, Row, Sort, View
from meshtui.mesh.snapshot import RotationState

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = demo_rows(NOW)


def targets(query: Query) -> list[str]:
    return [row.target for row in select(ROWS, query, NOW).rows]


@pytest.mark.parametrize(
    ("view", "prefix"),
    [(View.WORKLOADS, "workload/"), (View.GATEWAYS, "gateway/"), (View.AUTHORITIES, "authority/")],
)
def test_a_view_shows_its_kind_only(view: View, prefix: str) -> None:
    """A view holds every row of its kind and no other, and its total counts them."""
    found = page(ROWS, Query(view=view), NOW)
    assert [row.target for row in ROWS if row.target.startswith(prefix)] == sorted(
        (row.target for row in found.rows), key=[row.target for row in ROWS].index
    )
    assert found.total == found.matching == len(found.rows)


def test_soonest_to_die_comes_first() -> None:
    """By default the certificate that ends first is the first row, and what never ends is the last."""
    rows = select(ROWS, Query(), NOW).rows
    ends = [row.not_after for row in rows if row.not_after is not None]
    assert sorted(ends) == ends
    assert rows[-1].not_after is None


def test_what_never_ends_stays_last_when_the_order_is_turned() -> None:
    """A row without an expiry is not the most distant one: it is last in both directions."""
    rows = select(ROWS, Query(descending=True), NOW).rows
    ends = [row.not_after for row in rows if row.not_after is not None]
    assert sorted(ends, reverse=True) == ends
    assert rows[-1].not_after is None


def test_ties_are_broken_by_target_in_both_directions() -> None:
    """Rows that end at the same moment stand in the order of their targets, so that no two lists differ."""
    twins = [replace(ROWS[0], target=f"workload/a/{name}") for name in "cab"]
    for descending in (False, True):
        found = select(twins, Query(descending=descending), NOW).rows
        assert [f"workload/a/{name}" for name in "abc"] == [row.target for row in found]


def test_sorting_by_state_puts_what_needs_eyes_first() -> None:
    """Expired comes before failed, overdue and fresh; turned round, fresh comes first."""
    states = [row.state for row in select(ROWS, Query(sort=Sort.STATE), NOW).rows]
    assert states[0] is RotationState.EXPIRED
    assert states[-1] is RotationState.FRESH
    assert select(ROWS, Query(sort=Sort.STATE, descending=True), NOW).rows[0].state is RotationState.FRESH


def test_sorting_by_target_is_by_name() -> None:
    """Names sort as text, and the other way round."""
    names = sorted(row.target for row in ROWS)
    assert names == targets(Query(sort=Sort.TARGET))
    assert names[::-1] == targets(Query(sort=Sort.TARGET, descending=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PROD !reviews httpbin", {"workload/prod/httpbin"}),
        ("expired", {"workload/payments/ledger"}),
        ("envoy rejected", {"gateway/istio-system/shop-credential"}),
        ("sa/sleep", {"workload/prod/sleep"}),
    ],
)
def test_words_are_sought_in_target_identity_state_and_error(text: str, expected: set[str]) -> None:
    """All words must occur, none of the negated ones may, and case does not matter."""
    assert expected == set(targets(Query(filter=text)))


def test_a_serial_finds_its_row() -> None:
    """A serial number, or part of one, is a word like any other."""
    assert [ROWS[1].target] == targets(Query(filter=ROWS[1].serial[4:20]))


def test_a_word_is_not_found_across_two_fields() -> None:
    """The end of a target and the beginning of an identity are not one word."""
    row = replace(ROWS[0], target="workload/a/b", identity="spiffe://c")
    assert not Filter.parse("bspiffe").at(NOW).match(row)


def test_a_lone_exclamation_mark_waits() -> None:
    """Someone who types `!` is about to type more: nothing vanishes meanwhile."""
    assert targets(Query()) == targets(Query(filter=" ! "))


def test_pages_cut_the_same_order() -> None:
    """Pages laid end to end are the whole list, and each says how many rows there are."""
    query = Query(filter="prod")
    whole = targets(query)
    pages = [page(ROWS, replace(query, offset=offset, limit=3), NOW) for offset in range(0, len(whole), 3)]
    assert whole == [row.target for part in pages for row in part.rows]
    assert {(len(whole), len(ROWS))} == {(part.matching, part.total) for part in pages}


def test_a_negative_offset_is_refused() -> None:
    """No page begins before the first row."""
    with pytest.raises(UsageError, match="-1"):
        page(ROWS, Query(offset=-1), NOW)


@given(st.permutations(ROWS), st.sampled_from(Sort), st.booleans())
def test_the_order_is_total(rows: list[Row], sort: Sort, descending: bool) -> None:
    """However rows arrive, a query shows them in one order: no two keys are equal."""
    query = Query(sort=sort, descending=descending)
    assert select(ROWS, query, NOW).rows == select(rows, query, NOW).rows
    assert len({sort_key(row, sort) for row in rows}) == len(rows)


def test_only_trouble_leaves_out_what_is_well() -> None:
    """Under any filter, what is well can be left out, and is still counted."""
    found = page(ROWS, Query(filter="kind:workload", only_trouble=True), NOW)
    assert {row.target for row in found.rows} == set(targets(Query(filter="kind:workload is:trouble")))
    assert found.matching < found.total == len(ROWS)
