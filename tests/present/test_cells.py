"""Text takes exactly the cells that it is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present.cells import cut, cut_line, cut_start, fit, fit_line, fold, line_width, paragraph, width_of
from meshtui.present.escape import visible
from meshtui.present.tones import Line, Piece, Tone, plain

TEXTS = st.text().map(visible)
LINES = st.lists(st.builds(Piece, TEXTS, st.sampled_from(Tone)), max_size=5).map(tuple)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_width_counts_cells(text: str, width: int) -> None:
    """Wide characters take two cells and combining marks none."""
    assert width_of(text) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [("abcdef", 4, "abc…"), ("abcd", 4, "abcd"), ("日本語", 4, "日…"), ("abc", 1, "…"), ("abc", 0, "")],
)
def test_cutting_shows_that_something_is_missing(text: str, width: int, expected: str) -> None:
    """What does not fit ends with an ellipsis, never in the middle of a wide character."""
    assert cut(text, width) == expected


def test_cutting_at_the_start_keeps_the_end() -> None:
    """Of a target, the end tells it apart from others."""
    assert cut_start("workload/prod/httpbin", 9) == "…/httpbin"
    assert cut_start("short", 9) == "short"


@given(TEXTS, st.integers(0, 40))
def test_fitted_text_has_its_width(text: str, width: int) -> None:
    """Whatever the text, its cell is filled and not overrun."""
    assert width_of(fit(text, width)) == width
    assert width_of(cut(text, width)) <= width
    assert width_of(cut_start(text, width)) <= width


@given(LINES, st.integers(0, 60))
def test_fitted_lines_have_their_width(line: Line, width: int) -> None:
    """Whatever its pieces, a line fills its width and does not overrun it."""
    assert line_width(fit_line(line, width)) == width
    assert line_width(cut_line(line, width)) <= width


def test_padding_continues_the_last_tone() -> None:
    """A filled line needs no change of colour at its end."""
    assert fit_line((Piece("a"), Piece("b", Tone.BAD)), 4) == (Piece("a"), Piece("b  ", Tone.BAD))


@given(TEXTS, st.integers(2, 30))
def test_folded_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    """Lines are at most as wide as asked, and joined again they are the words."""
    lines = fold(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_paragraph_hangs_behind_its_first_piece() -> None:
    """Lines that follow begin where the text began."""
    lines = paragraph("one two three", 9, first=(Piece("x "),))
    assert [plain(line) for line in lines] == ["x one two", "  three"]
