"""The store keeps its order right whatever happens, and finds every row in it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import demo_rows, fleet_rows
from meshtui.mesh.query import select
from meshtui.mesh.rows import Query, Row, View
from meshtui.tui.widgets.row_store import RowStore
from tests.tui.console import NOW

ROWS = demo_rows(NOW)
TARGETS = [row.target for row in ROWS]

changes = st.lists(
    st.tuples(st.sampled_from(ROWS), st.integers(-3, 400), st.sampled_from(["", "prod", "refused"]), st.booleans()),
    max_size=40,
)


def filled(rows: tuple[Row, ...] = ROWS) -> RowStore:
    store = RowStore()
    store.update(rows)
    return store


@given(changes, st.sampled_from(View), st.sampled_from(["", "prod", "prod !fresh", "refused", "zz"]))
def test_the_order_is_what_the_mesh_would_answer(
    steps: list[tuple[Row, int, str, bool]], view: View, text: str
) -> None:
    """After any sequence of changes, under any view and filter, the store shows what a fresh query would."""
    store, mesh = RowStore(), {row.target: row for row in ROWS}
    store.update(ROWS[:7])
    store.arrange(view, text)
    store.update(ROWS)
    for row, days, error, gone in steps:
        changed = replace(row, not_after=NOW + timedelta(days=days), last_error=error)
        if gone:
            mesh.pop(row.target, None)
            store.update(gone=[row.target])
        else:
            mesh[row.target] = changed
            store.update([changed])
    expected = select(mesh.values(), Query(view=view, filter=text), NOW)
    assert list(store) == expected.rows
    assert (len(store), store.total) == (len(expected.rows), expected.total)
    assert [store.place_of(row.target) for row in store] == list(range(len(store)))


@settings(max_examples=20)
@given(changes)
def test_many_changes_at_once_are_the_same_as_one_by_one(steps: list[tuple[Row, int, str, bool]]) -> None:
    """A whole page of changes takes another way through the store and ends at the same order."""
    fleet = tuple(fleet_rows(210, NOW))
    store, other = filled(fleet), filled(fleet)
    moved = [replace(row, not_after=NOW + timedelta(minutes=index * 7 % 210)) for index, row in enumerate(fleet)]
    moved += [replace(row, not_after=NOW + timedelta(days=days), last_error=error) for row, days, error, _ in steps]
    store.update(moved)
    for row in moved:
        other.update([row])
    assert list(store) == list(other)


def test_an_update_tells_what_changed_and_whether_places_did() -> None:
    """Screens repaint by this: new, different and vanished rows, and whether the order is another."""
    store, row = filled(), ROWS[0]
    assert not store.update([row]).rows
    louder = replace(row, last_error="loud")
    assert (store.update([louder]).rows, store.update([louder]).reordered) == (((row, louder),), False)
    later = replace(row, not_after=NOW + timedelta(days=999))
    assert store.update([later]).reordered
    gone = store.update(gone=[row.target, "workload/no/body"])
    assert (gone.rows, gone.reordered) == (((later, None),), True)


def test_a_row_outside_the_view_changes_no_places() -> None:
    """What is not in the list does not move it, and is still known by its target."""
    store = filled()
    store.arrange(View.GATEWAYS, "")
    row = replace(ROWS[0], not_after=NOW + timedelta(days=3))
    assert not store.update([row]).reordered
    assert store.get(row.target) == row
    assert store.place_of(row.target) is None


def test_a_row_enters_and_leaves_a_filter_with_its_words() -> None:
    """When a row begins to match it is in the list, and when it ceases to, it is not."""
    store = filled()
    store.arrange(View.IDENTITIES, "needle")
    assert len(store) == 0
    store.update([replace(ROWS[3], last_error="a needle")])
    assert [row.target for row in store] == [ROWS[3].target]
    store.update([ROWS[3]])
    assert len(store) == 0
