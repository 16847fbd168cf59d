"""The places of the console that a digit leads to: lists of certificates, which are views of one set of rows, and
lists of other things, each with a screen of its own.
"""

from __future__ import annotations

from enum import StrEnum

from textual.binding import Binding

from meshtui.mesh.rows import View
from meshtui.present.cells import line_width
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import THE_LIST, VIEWS


class Place(StrEnum):
    """In the order of their digits."""

    IDENTITIES = View.IDENTITIES.value
    WORKLOADS = View.WORKLOADS.value
    GATEWAYS = View.GATEWAYS.value
    AUTHORITIES = View.AUTHORITIES.value
    POLICIES = "policies"
    TRAFFIC = "traffic"
    AUDIT = "audit"

    @property
    def view(self) -> View | None:
        """Which certificates it lists; None for a place that lists something else."""
        return View(self.value) if self.value in tuple(View) else None

    @property
    def digit(self) -> str:
        """The key that leads there."""
        return str(list(Place).index(self) + 1)

    def turned(self, by: int) -> Place:
        """The place that comes `by` places later, round and round."""
        places = list(Place)
        return places[(places.index(self) + by) % len(places)]


KEYS = (
    *(Binding(place.digit, f"app.place('{place}')", place.value, group=VIEWS) for place in Place),
    Binding("tab", "turn(1)", "next view, view before", group=THE_LIST),
    Binding("shift+tab", "turn(-1)", "next view, view before", group=THE_LIST),
)
"""What leads from one place to another."""


def place_line(here: Place, width: int) -> Line:
    """All places with their digits, the one where one is in strong letters; as much of each as there is room for."""
    longest = max(len(place) for place in Place)
    line: Line = ()
    for gap, letters in ((2, longest), *((1, letters) for letters in range(longest, -1, -1))):
        pieces = [Piece(" ")]
        for place in Place:
            words = f"{place.digit} {place.value[:letters]}".rstrip()
            pieces += [Piece(words, Tone.STRONG if place is here else Tone.QUIET), Piece(" " * gap)]
        line = tuple(pieces[:-1])
        if line_width(line) < width:
            break
    return line
