"""What was meant by a name that nothing has: the one name there is that is nearly the same."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_MOST = 1_000
"""Names that are compared; among more, finding one would take longer than the answer is worth."""
_LONGEST = 100


def nearest(name: str, names: Collection[str], cutoff: float = 0.7) -> str:
    """The one of `names` that is nearly `name`, whatever the case; empty when none is."""
    if len(names) > _MOST or len(name) > _LONGEST:
        return ""
    by_lower = {each.lower(): each for each in names}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[near[0]] if near else ""


def did_you_mean(name: str, names: Collection[str]) -> str:
    """`; did you mean prod?` for the end of a reason; empty when nothing is near."""
    near = nearest(name, names)
    return f"; did you mean {near}?" if near else ""
