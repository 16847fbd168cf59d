"""What of a large list is in view, which page of it is to be here for that, and how soon. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msgspec.structs import replace

from meshtui.mesh.rows import Query

WINDOW = 400
"""Rows that are kept of a large mesh; more on terminals so high that they could not scroll in it."""
AHEAD = 80
"""Rows beyond those in view that are asked for before they are needed: two pages of most terminals."""


class Need(Enum):
    """How soon the owner is to be asked."""

    NOTHING = "nothing"
    LATER = "later"
    """The order may be another."""
    NOW = "now"
    """Another question was asked, or rows in view are missing, or will be in a moment."""


@dataclass(frozen=True)
class InView:
    """The lines of a list that are shown."""

    top: int = 0
    height: int = 0
    target: str = ""
    """Under the cursor; empty while its row is not here."""
    upwards: bool = False
    """Whether it moved there from below."""

    def moved(self, top: int, height: int, target: str) -> InView:
        """Something else is in view."""
        return InView(top, height, target, top < self.top if top != self.top else self.upwards)

    def needed(self, matching: int) -> tuple[int, int]:
        """The first place of the rows that are to be here, and the one behind the last, of so many that match."""
        top = min(self.top, max(matching - self.height, 0))
        return max(top - AHEAD, 0), min(top + self.height + AHEAD, matching)

    def page(self, question: Query, place: int | None, matching: int) -> Query:
        """The page to ask for when the cursor's target was at `place`: most of it lies where one is going."""
        limit = self._limit()
        begin = self.top + self.height - 3 * limit // 4 if self.upwards else self.top - limit // 4
        begin = max(min(begin, matching - limit), 0)
        around, before = (self.target, max(place - begin, 0)) if place is not None else ("", 0)
        return replace(question, offset=begin, limit=limit, around=around, before=before)

    def first_page(self, question: Query, place: int | None) -> Query:
        """The page to ask for when the question is new: around the cursor's target, or from the beginning."""
        before = AHEAD + (self.height // 2 if place is None else max(place - self.top, 0))
        return replace(question, limit=self._limit(), around=self.target, before=before)

    def page_of(self, target: str, query: Query) -> Query:
        """The same page, but around a target that is somewhere else."""
        return replace(query, around=target, before=AHEAD + self.height)

    def _limit(self) -> int:
        return max(WINDOW, 2 * (self.height + 2 * AHEAD))
