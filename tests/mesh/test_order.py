"""The orders of a list, forward, turned round, and after changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import demo_rows, fleet_rows
from meshtui.mesh.order import Key, descending, moved, numbered_from_expiry, numbered_keys, sort_key, sorted_keys
from meshtui.mesh.rows import Row, Sort
from meshtui.mesh.snapshot import Mark

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
TWINS = [replace(row, issuer="", target=f"{row.target}-twin") for row in demo_rows(NOW)]
ROWS = [*demo_rows(NOW), *TWINS]
BY_TARGET = {row.target: row for row in ROWS}

keys = st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 5), st.integers(0, 99)), unique=True)


def values(sort: Sort) -> list[object]:
    rows = [BY_TARGET[key[-1]] for key in sorted_keys(ROWS, sort)]
    return [getattr(row, sort.value) for row in rows]


@pytest.mark.parametrize("sort", [Sort.ISSUER, Sort.SERIAL])
def test_what_misses_a_value_comes_last(sort: Sort) -> None:
    """Rows without an issuer, or without a serial, follow those that have one, which are in the order of texts."""
    found = values(sort)
    present = [value for value in found if value]
    assert [*sorted(present, key=str), *[""] * (len(found) - len(present))] == found


def test_names_and_namespaces_are_those_of_targets() -> None:
    """Names leave kind and namespace aside; authorities, which are in no namespace, follow the others."""
    names = [key[-1].rpartition("/")[2] for key in sorted_keys(ROWS, Sort.NAME)]
    assert sorted(names) == names
    parts = [key[-1].split("/") for key in sorted_keys(ROWS, Sort.NAMESPACE)]
    spaces = [part[1] for part in parts if len(part) == 3]
    assert sorted(spaces) == spaces
    assert [3] * len(spaces) + [2] * (len(parts) - len(spaces)) == [len(part) for part in parts]


def test_truths_put_the_earliest_disagreement_first() -> None:
    """What was never issued comes before what is not held, what is not served, and what agrees."""
    rows = [BY_TARGET[key[-1]] for key in sorted_keys(ROWS, Sort.TRUTHS)]
    wrong = [[mark in (Mark.DIFFERS, Mark.UNKNOWN) for mark in row.truths] for row in rows]
    assert sorted(wrong, reverse=True) == wrong


@settings(deadline=None)
@given(keys, st.integers(0, 30), st.integers(0, 30))
def test_a_page_turned_round(given_keys: list[Key], offset: int, limit: int) -> None:
    """The largest value comes first, ties stay as they are, and what misses a value stays last, on every page."""
    ordered = sorted(given_keys)
    groups = [list(group) for _, group in groupby((key for key in ordered if not key[0]), lambda key: key[1])]
    whole = [key for group in reversed(groups) for key in group] + [key for key in ordered if key[0]]
    assert whole[offset : offset + limit] == descending(ordered, offset, limit)


@settings(deadline=None)
@given(st.data(), st.integers(0, 900), st.integers(0, 400))
def test_moving_keys_is_sorting_anew(data: st.DataObject, size: int, changes: int) -> None:
    """Few changes, many, or nearly all: the keys that are left and come are in order."""
    before = [(0, number * 7919 % 1009, number) for number in range(size)]
    shift = data.draw(st.integers(1, 1000))
    removed = before[::3][:changes]
    added = [(0, (key[1] + shift) % 1009, key[2]) for key in removed] + [
        (0, 500, 5000 + n) for n in range(changes // 2)
    ]
    expected = sorted({*before} - {*removed} | {*added})
    assert expected == moved(sorted(before), removed, added)


@pytest.mark.parametrize("sort", [Sort.STATE, Sort.ISSUER, Sort.TRUTHS])
def test_a_short_cut_from_expiry_ends_at_the_same_order(sort: Sort) -> None:
    """Orders that are made of that by expiry are those that would be made of the rows."""
    rows: list[Row] = [*ROWS, *fleet_rows(300, NOW), replace(ROWS[0], target="workload/a/b", not_after=None)]
    rows += [replace(row, target=f"{row.target}-b", not_after=NOW + timedelta(hours=1)) for row in rows[:50]]
    by_expiry = numbered_keys([(row, number) for number, row in enumerate(rows)], Sort.EXPIRY)
    expected = sorted((*sort_key(row, sort), number) for number, row in enumerate(rows))
    assert expected == numbered_from_expiry(by_expiry, rows, sort)
