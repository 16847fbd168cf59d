"""The store keeps its order right whatever happens, and finds every row in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import demo_rows, fleet_rows
from meshtui.mesh.index import RowIndex
from meshtui.mesh.query import select
from meshtui.mesh.rows import Query, Row, Sort, View
from meshtui.tui.widgets.in_view import AHEAD, WINDOW, Need
from meshtui.tui.widgets.row_store import WHOLE, RowStore
from tests.tui.console import NOW

ROWS = demo_rows(NOW)
TARGETS = [row.target for row in ROWS]

changes = st.lists(
    st.tuples(st.sampled_from(ROWS), st.integers(-3, 400), st.sampled_from(["", "prod", "refused"]), st.booleans()),
    max_size=40,
)


def need(store: RowStore) -> Need:
    """What it needs at this moment; type checkers think that it would be the same in the next."""
    return store.need


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


FLEET = tuple(fleet_rows(WHOLE + 500, NOW))
HEIGHT = 38


class Setting:
    """A large mesh, a store over it, and a list that looks at it as `RowList` does."""

    def __init__(self) -> None:
        self.rows = {row.target: row for row in FLEET}
        self.mesh = RowIndex(FLEET)
        self.store = RowStore()
        self.cursor = self.top = 0
        self.target = ""
        first = Query(limit=500)
        self.store.take(first, self.mesh.page(first, NOW))
        self.look()

    def look(self) -> None:
        """As after every move and change: scroll to the cursor, and say what is in view."""
        self.top = min(max(self.top, self.cursor - HEIGHT + 1), self.cursor)
        row = self.store.at(self.cursor)
        self.target = row.target if row is not None else "" if self.cursor < len(self.store) else self.target
        self.store.look(self.top, HEIGHT, self.target)

    def move(self, by: int) -> None:
        self.cursor = min(max(self.cursor + by, 0), max(len(self.store) - 1, 0))
        self.look()

    def change(self, row: Row | None, target: str = "") -> None:
        """A row is different in the mesh, or gone, and the store is told."""
        if row is not None:
            self.rows[row.target] = row
            self.mesh.put(row)
            self.follow(self.store.update([row]).reordered)
        else:
            self.rows.pop(target, None)
            self.mesh.drop(target)
            self.follow(self.store.update(gone=[target]).reordered)

    def answer(self) -> bool:
        """Answer what the store needs now, if anything."""
        if self.store.need is Need.NOTHING:
            return False
        query = self.store.ask()
        changes = self.store.take(query, self.mesh.page(query, NOW))
        if changes.rearranged:
            self.cursor = self.store.place_of(self.target) or 0
        self.follow(changes.reordered)
        return True

    def follow(self, reordered: bool) -> None:
        if reordered:
            place, above = self.store.place_of(self.target), self.cursor - self.top
            self.cursor = min(self.cursor, max(len(self.store) - 1, 0)) if place is None else place
            self.top = max(self.cursor - above, 0)
        self.look()

    def rest(self) -> None:
        """Answer until nothing is missing; fails when that never comes."""
        for _ in range(10):
            if not self.answer():
                return
        pytest.fail("the store never has enough")


moves = st.tuples(st.just("move"), st.sampled_from([1, -1, 37, -37, 400, -400, 5000, -5000]))
arrangements = st.tuples(
    st.just("arrange"),
    st.tuples(
        st.sampled_from(View),
        st.sampled_from(["", "pay", "ns:pay* !ledger", "refused", "zz"]),
        st.sampled_from(Sort),
        st.booleans(),
        st.booleans(),
    ),
)
steps_of_rows = st.tuples(
    st.just("change"),
    st.tuples(st.integers(0, len(FLEET) - 1), st.integers(-3, 90), st.sampled_from(["", "refused"]), st.booleans()),
)
answers = st.tuples(st.just("answer"), st.none())


@settings(max_examples=60, deadline=None)
@given(st.lists(moves | arrangements | steps_of_rows | answers, max_size=25))
def test_a_window_shows_what_sorting_everything_would(steps: list[tuple[str, Any]]) -> None:
    """However one moves, filters and sorts while rows change and answers come late, in the end what is in view and
    around it is right, and the window stays one.
    """
    here = Setting()
    for kind, what in steps:
        if kind == "move":
            here.move(what)
        elif kind == "arrange":
            view, text, sort, turned, trouble = what
            here.store.arrange(view, text, sort=sort, descending=turned, only_trouble=trouble)
        elif kind == "change":
            number, days, error, gone = what
            row = FLEET[number]
            changed = replace(row, not_after=NOW + timedelta(days=days), last_error=error)
            here.change(None if gone else changed, row.target)
        else:
            here.answer()
    here.rest()
    store = here.store
    expected = select(here.rows.values(), store.shown, NOW)
    assert store.is_answered
    assert (len(store), store.total) == (len(expected.rows), expected.total)
    first, last = max(here.top - AHEAD, 0), here.top + HEIGHT + AHEAD
    assert [store.at(place) for place in range(first, min(last, len(store)))] == expected.rows[first:last]
    assert len(list(store)) <= max(WINDOW, 500)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(FLEET) - 1), st.lists(steps_of_rows, max_size=30), st.sampled_from(Sort), st.booleans())
def test_the_cursor_keeps_its_target_whatever_changes(
    start: int, steps: list[tuple[str, Any]], sort: Sort, turned: bool
) -> None:
    """Anywhere in a large list, other rows come, go and move, and the cursor is where its target is."""
    here = Setting()
    here.store.arrange(View.IDENTITIES, "", sort=sort, descending=turned)
    here.rest()
    here.move(start)
    here.rest()
    target = here.target
    for _, (number, days, error, gone) in steps:
        row = FLEET[number]
        is_other = row.target != target
        changed = replace(row, not_after=NOW + timedelta(days=days), last_error=error)
        here.change(None if gone and is_other else changed, row.target)
        if number % 3 == 0:
            here.answer()
    here.rest()
    order = [row.target for row in select(here.rows.values(), here.store.shown, NOW).rows]
    assert (here.target, here.cursor) == (target, order.index(target))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(FLEET) - 1), st.integers(0, len(FLEET) - 1), st.sampled_from(Sort))
def test_a_row_is_found_anywhere(start: int, number: int, sort: Sort) -> None:
    """Whoever knows its target can have the rows around it, without knowing its place."""
    here, target = Setting(), FLEET[number].target
    here.store.arrange(View.IDENTITIES, "", sort=sort)
    here.rest()
    here.move(start)
    here.rest()
    here.store.seek(target)
    assert here.answer()
    place = here.store.place_of(target)
    assert place == [row.target for row in select(FLEET, here.store.shown, NOW).rows].index(target)


def test_an_answer_to_a_question_of_before_is_dropped() -> None:
    """Of keys typed fast, only the last filter is shown, and the list stays what it was until then."""
    here = Setting()
    here.store.arrange(View.IDENTITIES, "pa")
    query = here.store.ask()
    here.store.arrange(View.IDENTITIES, "pay")
    assert here.store.need is Need.NOTHING
    before = list(here.store)
    assert not here.store.take(query, here.mesh.page(query, NOW)).rearranged
    assert list(here.store) == before
    assert (here.store.shown.filter, here.store.filter, here.store.need) == ("", "pay", Need.NOW)
    here.rest()
    assert here.store.shown.filter == "pay"


def test_rows_that_were_asked_for_are_kept_up_to_date_outside_the_window() -> None:
    """A page about a row knows how it is, wherever the list is."""
    here = Setting()
    assert here.store.get(here.target) is not None
    target = here.target
    here.move(1200)
    here.rest()
    assert here.store.place_of(target) is None
    louder = replace(here.rows[target], last_error="loud")
    here.change(louder)
    assert louder == here.store.get(target)
    here.change(None, target)
    assert here.store.get(target) is None


def test_a_small_mesh_that_grows_is_let_go() -> None:
    """Rows that come one by one do not pile up: of a mesh that became large, a window is kept."""
    store = filled(FLEET[: WHOLE // 2])
    assert need(store) is Need.NOTHING
    store.look(0, HEIGHT, FLEET[0].target)
    for row in fleet_rows(2 * WHOLE + 1, NOW):
        store.update([row])
    assert len(list(store)) <= WINDOW
    assert len(store) == 2 * WHOLE + 1
    assert need(store) is Need.LATER


def test_a_mesh_that_does_not_answer_is_asked_again() -> None:
    """An answer that never came leaves the need as it was."""
    here = Setting()
    here.move(1200)
    here.store.ask()
    assert need(here.store) is Need.NOTHING
    here.store.unanswered()
    assert need(here.store) is Need.NOW
