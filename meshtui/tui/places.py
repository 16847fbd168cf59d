"""The places of the console that a digit leads to: lists of certificates, which are views of one set of rows, and
lists of other things, each with a screen of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from textual.binding import Binding

from meshtui.mesh.rows import View
from meshtui.present.cells import line_width
from meshtui.present.glyphs import UNICODE, Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.saved_filters import SavedFilter
from meshtui.tui.keys import VIEWS, bound


class Place(StrEnum):
    """In the order of their digits."""

    OVERVIEW = "overview"
    IDENTITIES = View.IDENTITIES.value
    WORKLOADS = View.WORKLOADS.value
    GATEWAYS = View.GATEWAYS.value
    AUTHORITIES = View.AUTHORITIES.value
    POLICIES = "policies"
    TRAFFIC = "traffic"
    AUDIT = "audit"
    FINDINGS = "findings"

    @property
    def view(self) -> View | None:
        """Which certificates it lists, each for itself; None for a place that shows something else."""
        return View(self.value) if self in (Place.IDENTITIES, Place.WORKLOADS, Place.GATEWAYS) else None

    @property
    def digit(self) -> str:
        """The key that leads there."""
        return str(list(Place).index(self))

    def turned(self, by: int) -> Place:
        """The place that comes `by` places later, round and round."""
        places = list(Place)
        return places[(places.index(self) + by) % len(places)]


_SHORT = {
    Place.IDENTITIES: "ids",
    Place.WORKLOADS: "wls",
    Place.GATEWAYS: "gws",
    Place.AUTHORITIES: "cas",
}
"""As command lines abbreviate them, where it is narrow."""

DIGITS = tuple(Binding(place.digit, f"app.place('{place}')", place.value, group=VIEWS) for place in Place)
"""What leads to a place from wherever one is."""
TURNS = (bound("next-view", "turn(1)"), bound("view-before", "turn(-1)"))
"""What leads from one place to the next."""


def place_line(here: Place, width: int, saved: Sequence[SavedFilter] = (), glyphs: Glyphs = UNICODE) -> Line:
    """All places with their digits, the one where one is in strong letters; as much of each as there is room for.

    Behind them saved filters that have a digit, where all of them fit: a place whose digit one of them has does
    without.
    """
    taken = {str(each.digit): each for each in saved if each.digit}
    extra = tuple(Piece(f"  {digit} {glyphs.show(taken[digit].name)}", Tone.QUIET) for digit in sorted(taken))
    names = {place: place.value for place in Place}
    short = names | _SHORT
    longest = max(map(len, short.values()))
    line: Line = ()
    for gap, letters, words in ((2, None, names), (1, None, names), *((1, n, short) for n in range(longest, -1, -1))):
        pieces = [Piece(" ")]
        for place in Place:
            digit = "" if place.digit in taken else f"{place.digit} "
            told = f"{digit}{words[place][:letters]}".rstrip() or glyphs.dot
            pieces += [Piece(told, Tone.STRONG if place is here else Tone.QUIET), Piece(" " * gap)]
        line = tuple(pieces[:-1])
        if line_width(line) < width:
            break
    return (*line, *extra) if line_width((*line, *extra)) < width else line
