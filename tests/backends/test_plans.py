"""A plan is good once, for whom it was made, for a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshtui.backends.embedded.plans import LIFETIME, PlanBook
from meshtui.errors import RefusedError
from meshtui.mesh.actions import Plan, Rotate

ACTION = Rotate(targets=("workload/a/b",))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def planned(book: PlanBook, actor: str) -> Plan:
    plan = Plan(id=book.new_id(), title="", verb="rotate", steps=(), effects=(), command="", lapses_at=book.lapse())
    return book.add(actor, ACTION, plan)


def test_it_is_taken_once() -> None:
    """With the action that was planned."""
    book = PlanBook(Clock())
    plan = planned(book, "ana")
    assert book.take("ana", plan.id) == (ACTION, plan)
    with pytest.raises(RefusedError):
        book.take("ana", plan.id)


def test_it_is_for_whom_it_was_made() -> None:
    """Another operator cannot perform it."""
    book = PlanBook(Clock())
    plan = planned(book, "ana")
    with pytest.raises(RefusedError):
        book.take("ben", plan.id)


@pytest.mark.parametrize("seconds", [60, 3600])
def test_it_lapses(seconds: int) -> None:
    """After sixty seconds the mesh may be another."""
    clock = Clock()
    book = PlanBook(clock)
    plan = planned(book, "ana")
    clock.now += timedelta(seconds=seconds)
    with pytest.raises(RefusedError, match="lapsed"):
        book.take("ana", plan.id)


def test_plans_that_lapsed_are_forgotten() -> None:
    """A terminal that only plans does not fill the memory."""
    clock = Clock()
    book = PlanBook(clock)
    for _ in range(100):
        planned(book, "ana")
        clock.now += LIFETIME
    assert len(book._plans) == 1


def test_ids_cannot_be_guessed() -> None:
    """And are never the same."""
    assert len({PlanBook.new_id() for _ in range(1000)}) == 1000
