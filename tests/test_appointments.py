"""The earliest of many moments is found, whatever was planned and planned anew before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from meshtui.appointments import Appointments

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_what_is_due_is_taken_once_earliest_first() -> None:
    """Those whose moment has come, in order; the others stay."""
    book = Appointments[str]()
    for key, minutes in (("b", 2), ("a", 1), ("c", 3)):
        book.set(key, at(minutes))
    assert [book.take(at(2)) for _ in range(3)] == ["a", "b", None]
    assert book.first == at(3)


def test_only_an_earlier_moment_is_news() -> None:
    """Whoever waits for the first needs to hear of what comes before it, and of nothing else."""
    book = Appointments[str]()
    assert book.set("a", at(5))
    assert not book.set("b", at(6))
    assert book.set("b", at(4))
    assert not book.set("b", at(4))
    assert not book.set("b", None)
    assert book.first == at(5)


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 50))), max_size=400))
def test_it_is_like_a_plain_table(changes: list[tuple[int, int | None]]) -> None:
    """However often moments are changed, what is due is what a table of the last ones says."""
    book, table = Appointments[int](), dict[int, datetime]()
    for key, minutes in changes:
        book.set(key, None if minutes is None else at(minutes))
        table.pop(key, None)
        if minutes is not None:
            table[key] = at(minutes)
        assert book.first == min(table.values(), default=None)
    due = [key for key in iter(lambda: book.take(at(25)), None) if key is not None]
    assert {key for key, moment in table.items() if moment <= at(25)} == set(due)
    assert [table[key] for key in due] == sorted(table[key] for key in due)
