"""The way a person took through the places, as a browser keeps it: back, forward, and the last one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshtui.tui.places import Place

LONGEST = 50
"""Visits that are kept, on either side."""


@dataclass(frozen=True)
class Visit:
    """A place, and the filter under which it was seen."""

    place: Place
    filter: str | None = None
    """None: whatever is there."""


@dataclass(frozen=True)
class Trail:
    """What lies behind and ahead of where one is."""

    past: tuple[Visit, ...] = ()
    ahead: tuple[Visit, ...] = ()
    last: Visit | None = None
    """Where one was before the last step, whichever way that went."""

    def went(self, here: Visit | None, to: Visit) -> Trail:
        """From here to another visit; what lay ahead is forgotten, as it is where one takes another turn."""
        if here is None or here == replace(to, filter=here.filter if to.filter is None else to.filter):
            return self
        return Trail((*self.past, here)[-LONGEST:], (), here)

    def back(self, here: Visit) -> tuple[Trail, Visit] | None:
        """To where one came from; None when that is nowhere."""
        if not self.past:
            return None
        return Trail(self.past[:-1], (here, *self.ahead)[:LONGEST], here), self.past[-1]

    def forward(self, here: Visit) -> tuple[Trail, Visit] | None:
        """To where one went back from."""
        if not self.ahead:
            return None
        return Trail((*self.past, here)[-LONGEST:], self.ahead[1:], here), self.ahead[0]
