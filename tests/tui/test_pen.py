"""A pen says what is different, and nothing else. What a terminal makes of it is tested with the frame."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from meshtui.tui.pen import Pen


def written(*pieces: tuple[str, str], colours: Literal["standard", "256", "truecolor"] = "256") -> str:
    """What is sent for texts in styles, the pen put down behind them."""
    pen = Pen(Console(file=io.StringIO(), force_terminal=True, color_system=colours))
    return pen.write(Strip([Segment(text, Style.parse(style)) for text, style in pieces])) + pen.put_down()


def test_a_style_holds_until_another_is_needed() -> None:
    """Of two pieces on the same ground only the colour of the letters is said again, and plain text needs nothing."""
    pieces = ("a", "color(3) on color(20)"), ("b", "color(3) on color(20)"), ("c", "color(5) on color(20)")
    assert written(*pieces) == "\x1b[33;48;5;20mab\x1b[35mc\x1b[0m"
    assert written(("plain", "none")) == "plain"


def test_blanks_do_not_care_for_the_colour_of_letters() -> None:
    """Between columns nothing is said, unless the blank shows it: its ground, and a line under it."""
    assert written(("a", "bold red"), ("  ", "green"), ("b", "bold red")) == "\x1b[1;31ma  b\x1b[0m"
    assert written(("a", "red"), (" ", "red on blue")) == "\x1b[31ma\x1b[44m \x1b[0m"
    assert written((" ", "underline green")) == "\x1b[4;32m \x1b[0m"


def test_what_goes_off_alone_is_turned_off_alone() -> None:
    """Bold and dim share a code to turn them off; the one that stays is said again."""
    assert written(("a", "bold red"), ("b", "red")) == "\x1b[1;31ma\x1b[22mb\x1b[0m"
    assert written(("a", "bold dim"), ("b", "dim")) == "\x1b[1;2ma\x1b[22;2mb\x1b[0m"
    assert written(("a", "red on blue"), ("b", "none")) == "\x1b[31;44ma\x1b[39;49mb"


@pytest.mark.parametrize(("colours", "code"), [("standard", "31"), ("256", "38;5;160"), ("truecolor", "38;2;215;0;0")])
def test_colours_are_those_that_the_terminal_has(colours: Literal["standard", "256", "truecolor"], code: str) -> None:
    """A colour is brought down to what there is."""
    assert written(("a", "#d70000"), colours=colours) == f"\x1b[{code}ma\x1b[0m"
