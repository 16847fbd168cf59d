"""Host patterns."""

from __future__ import annotations

import pytest

from meshtui.manifest.hosts import meet


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a.com", "a.com", "a.com"),
        ("*", "a.com", "a.com"),
        ("*.a.com", "b.a.com", "b.a.com"),
        ("*.a.com", "*.b.a.com", "*.b.a.com"),
        ("*.a.com", "a.com", ""),
        ("*.a.com", "ba.com", ""),
        ("a.com", "b.com", ""),
        ("*", "*", "*"),
        ("*", "*.a.com", "*.a.com"),
    ],
)
def test_hosts_meet_in_the_narrower_pattern(one: str, other: str, both: str) -> None:
    """Two patterns share the hosts of the narrower one, from whichever side it is looked at."""
    assert both == meet(one, other) == meet(other, one)
