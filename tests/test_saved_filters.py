"""Saved filters are read one by one: a mistake in one costs no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.errors import UsageError
from meshtui.mesh.rows import Sort
from meshtui.saved_filters import PLACES, SORTS, SavedFilter, read_filters, read_sort, sort_name
from meshtui.tui.places import Place


def test_a_text_alone_is_a_filter_of_everything() -> None:
    """And a table says where, on which digit, in which order."""
    saved, problems = read_filters(
        {
            "prod": "ns:prod",
            "late": {"filter": "is:trouble", "place": "workloads", "digit": 8, "sort": "-state"},
        }
    )
    assert not problems
    assert saved == (
        SavedFilter("prod", "ns:prod"),
        SavedFilter("late", "is:trouble", "workloads", 8, "-state"),
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7 is neither a filter nor a table"),
        ({"filter": 7}, "The filter 7 is no text."),
        ({"filtr": "x"}, "A saved filter has no 'filtr'."),
        ({"filter": "x", "place": "plans"}, "The place 'plans' is none of identities"),
        ({"filter": "x", "digit": 0}, "The digit 0 is none of 1 to 9."),
        ({"filter": "x", "digit": True}, "The digit True is none of 1 to 9."),
        ({"filter": "x", "sort": "size"}, "'size' is no order. There are: left,"),
        ({"filter": "x", "sort": 3}, "The sort 3 is no text."),
        ("left:3h", "left is compared by size"),
        ("left<", "left< waits for a time"),
        ({"filter": "form:sleep", "place": "traffic"}, "did you mean from?"),
        ({"filter": "severity:bad", "place": "findings"}, "'bad' is none of severity: critical"),
    ],
)
def test_a_mistake_is_told_with_its_value(value: object, words: str) -> None:
    """And costs only the filter it is in."""
    saved, ((name, text),) = read_filters({"odd": value, "prod": "ns:prod"})
    assert saved == (SavedFilter("prod", "ns:prod"),)
    assert name == "odd"
    assert words in text


def test_of_two_filters_on_a_digit_the_first_has_it() -> None:
    """The other is told of."""
    saved, problems = read_filters({"a": {"filter": "x", "digit": 8}, "b": {"filter": "y", "digit": 8}})
    assert [each.name for each in saved] == ["a"]
    assert problems == [("b", "The digit 8 is that of 'a'.")]


@given(st.dictionaries(st.text(), st.text() | st.dictionaries(st.sampled_from(["filter", "sort"]), st.text())))
def test_any_names_and_texts_are_survived(table: dict[str, object]) -> None:
    """Names that could not be typed or shown are refused."""
    saved, problems = read_filters(table)
    assert len(saved) + len(problems) == len(table)
    assert all(each.name.isprintable() and " " not in each.name for each in saved)


def test_every_order_has_a_name_that_reads_back() -> None:
    """Also turned round."""
    for sort in Sort:
        assert read_sort(sort_name(sort)) == (sort, False)
        assert read_sort(f"-{sort_name(sort)}") == (sort, True)
    assert set(SORTS.values()) == set(Sort)
    with pytest.raises(UsageError):
        read_sort("")


def test_filters_are_of_places() -> None:
    """All of them but the overview, which is no list."""
    assert set(PLACES) == set(Place) - {Place.OVERVIEW}
