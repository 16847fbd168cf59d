"""Numbers as heights and lengths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.sparkline import bar, sparkline
from meshtui.present.tones import Tone, plain


def test_heights_are_shares_of_the_largest() -> None:
    """Nothing is the lowest and quiet, the least that is something is higher, the largest is the highest."""
    line = sparkline([0, 1, 50, 100], UNICODE, Tone.WARN)
    assert plain(line) == "▁▂▅█"
    assert [piece.tone for piece in line] == [Tone.QUIET, Tone.WARN]
    assert plain(sparkline([0, 1, 50, 100], ASCII)) == "_.=#"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_every_value_has_a_cell_and_higher_is_never_lower(glyphs: Glyphs, values: list[int]) -> None:
    """Whatever the numbers are."""
    text = plain(sparkline(values, glyphs))
    heights = [glyphs.levels.index(char) for char in text]
    assert len(heights) == len(values)
    assert [height for _, height in sorted(zip(values, heights, strict=True))] == sorted(heights)
    assert [value > 0 for value in values] == [height > 0 for height in heights]


def test_bars_are_as_long_as_their_share() -> None:
    """In eighths of a cell, where the signs have them; one of very many can still be seen."""
    assert [bar(value, 16, 2, UNICODE) for value in (0, 1, 8, 9, 16)] == ["", "▏", "█", "█▏", "██"]
    assert bar(1, 100_000, 20, UNICODE) == "▏"
    assert [bar(value, 4, 4, ASCII) for value in (0, 1, 4)] == ["", "#", "####"]
    assert not bar(0, 0, 10, UNICODE)
