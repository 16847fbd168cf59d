"""The line of places, and the order in which tab goes through them."""

from __future__ import annotations

import pytest

from meshtui.mesh.rows import View
from meshtui.preferences import VIEWS
from meshtui.present.cells import line_width
from meshtui.present.tones import Tone, plain
from meshtui.tui.command_line import Go, Known, parse
from meshtui.tui.places import Place, place_line


@pytest.mark.parametrize("here", Place)
@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_the_line_fits_and_shows_where_one_is(width: int, here: Place) -> None:
    """At every width; one place is in strong letters, and its digit is there."""
    line = place_line(here, width)
    assert line_width(line) <= width
    (strong,) = [piece.text for piece in line if piece.tone is Tone.STRONG]
    assert strong.startswith(here.digit)


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (140, "overview identities workloads gateways authorities policies traffic audit findings"),
        (80, "overview ids wls gws cas policies traffic audit findings"),
    ],
)
def test_where_there_is_room_every_place_has_its_whole_name(width: int, names: str) -> None:
    """At 80 cells at least one that people know from command lines."""
    words = plain(place_line(Place.AUDIT, width)).split()
    assert words[1::2] == names.split()
    assert words[::2] == [place.digit for place in Place] == list("012345678")
    assert [parse(word, Known()) for word in words[1::2]] == [Go(place) for place in Place]


def test_places_go_round() -> None:
    """Tab behind the last one is the first one, and back."""
    assert [place.turned(1) for place in Place] == [*list(Place)[1:], Place.OVERVIEW]
    assert Place.OVERVIEW.turned(-1) is Place.FINDINGS


def test_views_of_rows_are_places_but_for_the_tree_of_authorities() -> None:
    """And no other place is one."""
    assert [place.view for place in Place if place.view is not None] == list(View)[:3]
    assert Place.AUTHORITIES.view is None


def test_the_console_can_begin_at_every_place() -> None:
    """What a person may prefer are the places that there are."""
    assert list(VIEWS) == [place.value for place in Place]
