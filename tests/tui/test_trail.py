"""The way through the places goes back and forward as in a browser."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshtui.tui.places import Place
from meshtui.tui.trail import LONGEST, Trail, Visit

A, B, C = Visit(Place.IDENTITIES, "x"), Visit(Place.WORKLOADS, ""), Visit(Place.AUDIT, "")


def test_back_and_forward() -> None:
    """Two steps back, and again where one came from."""
    trail = Trail().went(A, B).went(B, C)
    back = trail.back(C)
    assert back is not None
    assert back[1] == B
    further = back[0].back(B)
    assert further is not None
    assert further[1] == A
    assert further[0].back(A) is None
    forward = further[0].forward(A)
    assert forward is not None
    assert forward[1] == B


def test_another_turn_forgets_what_lay_ahead() -> None:
    """As in a browser."""
    back = Trail().went(A, B).back(B)
    assert back is not None
    assert back[0].went(A, C).forward(C) is None


def test_where_one_is_already_is_no_step() -> None:
    """The same place under the same filter, or whatever filter is there."""
    assert Trail().went(A, A) == Trail()
    assert Trail().went(A, Visit(A.place)) == Trail()
    assert Trail().went(A, Visit(A.place, "y")).last == A


@given(st.lists(st.sampled_from([A, B, C]), max_size=120))
def test_it_is_never_longer_than_it_may_be(visits: list[Visit]) -> None:
    """However long one walks; and the last place is the one that was left last."""
    trail, here = Trail(), A
    for visit in visits:
        before, trail = trail, trail.went(here, visit)
        assert trail.last == (here if visit != here else before.last)
        here = visit
    assert len(trail.past) <= LONGEST
