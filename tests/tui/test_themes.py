"""Colours that can be told from their ground and from each other, by every eye, in 24 bits and in 256 colours."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from meshtui.preferences import THEMES as NAMES
from meshtui.present.tones import Tone
from meshtui.tui.themes import AUTO, COLORBLIND_DARK, COLORBLIND_LIGHT, DARK, LIGHT, TERMINAL, THEMES, choose

Vector = tuple[float, ...]
RGB_THEMES = [theme for theme in THEMES if not theme.ansi]
STATES = (Tone.QUIET, Tone.PLAIN, Tone.GOOD, Tone.BUSY, Tone.WARN, Tone.BAD, Tone.UNSURE)
"""The tones of badges (`present.states`)."""
VISIONS: dict[str, tuple[Vector, ...]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What an eye makes of linear RGB: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color
Vision Deficiency", IEEE TVCG 15(6), 2009, table 1, severity 1.0.
"""
PALETTES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "xterm": (("#000000", "#ffffff"), {"red": "#cd0000", "magenta": "#cd00cd"}),
    "Linux console": (("#000000",), {"red": "#aa0000", "magenta": "#aa00aa"}),
    "Solarized": (("#002b36", "#fdf6e3"), {"red": "#dc322f", "magenta": "#d33682"}),
    "VTE": (("#171421", "#ffffff"), {"red": "#c01c28", "magenta": "#a347ba"}),
    "macOS Terminal": (("#000000", "#ffffff"), {"red": "#990000", "magenta": "#b200b2"}),
    "Windows": (("#0c0c0c", "#ffffff"), {"red": "#c50f1f", "magenta": "#881798"}),
}
"""Grounds of terminals, and what they make of those of their 16 colours that are used."""
VISIBLE = 2.3
"""Palettes are not ours: the least contrast of red or magenta in any of them. Yellow on white has 1.7 in xterm."""
READABLE = 4.5
"""WCAG 2.2, 1.4.3."""
GLIMPSED = 3.0
"""WCAG 2.2, 1.4.11: for a change of a cell, whose ground is gone a moment later."""
NOTICED = 2.3
"""Of lightness: the smallest difference that is seen, in CIELAB (Mahy, Van Eycken, Oosterlinck, 1994)."""
APART, APART_OF_256 = 15.0, 12.0
"""Of colours, six and five times that."""


def linear(colour: str) -> Vector:
    """Linear RGB of sRGB (IEC 61966-2-1), each 0 to 1."""
    parts = (component / 255 for component in Color.parse(colour).get_truecolor())
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def dot(one: Vector, other: Vector) -> float:
    return sum(ours * theirs for ours, theirs in zip(one, other, strict=True))


def times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    return tuple(dot(row, vector) for row in matrix)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1 to 21."""
    dark, light = sorted(dot((0.2126, 0.7152, 0.0722), linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, vision: str) -> Vector:
    """CIELAB of what an eye makes of it, under D65."""
    rgb = tuple(min(max(part, 0.0), 1.0) for part in times(VISIONS[vision], linear(colour)))
    to_xyz = ((0.41246, 0.35758, 0.18044), (0.21267, 0.71515, 0.07217), (0.01933, 0.11919, 0.95030))
    x, y, z = (
        math.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
        for part in (value / white for value, white in zip(times(to_xyz, rgb), (0.95047, 1, 1.08883), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def of_256(colour: str) -> str:
    """The nearest of 256, as it is sent to terminals that have no more."""
    return Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex


def tone(theme: Theme, tone: Tone) -> str:
    return theme.variables[f"tone-{tone}"]


@pytest.mark.parametrize("theme", RGB_THEMES, ids=lambda theme: theme.name)
def test_every_tone_can_be_read(theme: Theme) -> None:
    """On the ground, on the line of the cursor, and for the moment of a change; also where there are 256 colours."""
    grounds = {"ground": READABLE, "cursor-ground": READABLE, "flash-ground": GLIMPSED}
    for each in Tone:
        for name, least in grounds.items():
            ground = theme.variables[name]
            assert contrast(tone(theme, each), ground) >= least, (each, name)
            assert contrast(of_256(tone(theme, each)), of_256(ground)) >= least, (each, name, "of 256")


@pytest.mark.parametrize("terminal", PALETTES)
def test_no_tone_vanishes_in_the_colours_of_a_terminal(terminal: str) -> None:
    """On a dark ground as on a light one, and trouble is not of one colour."""
    (theme,) = (theme for theme in THEMES if theme.ansi)
    grounds, palette = PALETTES[terminal]
    used = {each: tone(theme, each).removeprefix("ansi_") for each in Tone}
    for colour in {*used.values()} - {"default"}:
        assert min(contrast(palette[colour], ground) for ground in grounds) >= VISIBLE
    assert "default" not in (used[Tone.WARN], used[Tone.BAD])
    assert used[Tone.WARN] != used[Tone.BAD]


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", [COLORBLIND_DARK, COLORBLIND_LIGHT])
def test_states_are_told_apart_by_eyes_that_know_fewer_colours(name: str, vision: str) -> None:
    """Any two states differ in colour, and in lightness too, whichever cones are missing."""
    (theme,) = (theme for theme in THEMES if theme.name == name)
    for one, other in combinations((tone(theme, each) for each in STATES), 2):
        ours, theirs = seen(one, vision), seen(other, vision)
        assert math.dist(ours, theirs) >= APART, (one, other)
        assert abs(ours[0] - theirs[0]) >= NOTICED, (one, other)
        assert math.dist(seen(of_256(one), vision), seen(of_256(other), vision)) >= APART_OF_256, (one, other)


def test_what_is_simulated_is_known() -> None:
    """Greys stay, what is red and green to others is alike to those who lack the cone for it, and blue is not."""
    for vision in VISIONS:
        assert math.dist(seen("#808080", vision), seen("#808080", "usual")) < 1
    red, green, blue = "#c05000", "#7a7a00", "#3060ff"
    assert math.dist(seen(red, "usual"), seen(green, "usual")) > 50
    assert math.dist(seen(red, "deuteranopia"), seen(green, "deuteranopia")) < APART
    assert math.dist(seen(blue, "deuteranopia"), seen(green, "deuteranopia")) > 50
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("wanted", "colours", "environment", "expected"),
    [
        (AUTO, "truecolor", {}, DARK),
        (AUTO, "256", {"COLORFGBG": "0;15"}, LIGHT),
        (AUTO, "256", {"COLORFGBG": "15;default;0"}, DARK),
        (AUTO, "standard", {"COLORFGBG": "0;15"}, TERMINAL),
        (COLORBLIND_DARK, "256", {"COLORFGBG": "0;15"}, COLORBLIND_DARK),
        (DARK, "standard", {}, TERMINAL),
        (LIGHT, None, {}, TERMINAL),
        (LIGHT, "truecolor", {"NO_COLOR": "1"}, TERMINAL),
        (TERMINAL, "truecolor", {}, TERMINAL),
    ],
)
def test_a_theme_is_worn_where_it_can_be_shown(
    wanted: str, colours: str | None, environment: dict[str, str], expected: str
) -> None:
    """What was asked for or what suits the ground; with 16 colours or none, the terminal's own."""
    assert choose(wanted, colours, environment) == expected


def test_every_theme_can_be_preferred() -> None:
    """Settings and commands know those that there are."""
    assert (AUTO, *(theme.name for theme in THEMES)) == NAMES
