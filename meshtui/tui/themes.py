"""The colours of the console, one for each tone: dark and light sets, both also for eyes that tell fewer colours
apart, and the terminal's own 16.

Quiet is the rule: what is as it should be is grey or the default text, and colour is for what needs eyes. Text is told
from its ground by a contrast of 4.5 at least (WCAG 2.2, 1.4.3), also in the nearest of 256 colours, for which grounds
are nearly grey: the palette has no dark colour that is not a loud one.
Meanings live in `present.tones`; how a widget gets its styles, in `palette`.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

from meshtui.present.tones import Tone

AUTO = "auto"
"""No theme, but the one that suits the terminal."""
DARK = "dark"
LIGHT = "light"
COLORBLIND_DARK = "colorblind-dark"
COLORBLIND_LIGHT = "colorblind-light"
TERMINAL = "terminal"


def _theme(name: str, tones: dict[Tone, str], *, ground: str, cursor: str, flash: str, rule: str, dark: bool) -> Theme:
    """A theme of RGB colours: `ground` behind everything, `cursor` and `flash` behind a line and a cell."""
    tones = tones | {Tone.GUARD: tones[Tone.WARN], Tone.CARET: tones[Tone.BUSY]}  # which are reversed
    variables = {f"tone-{tone}": colour for tone, colour in tones.items()}
    styles = {Tone.STRONG: "bold", Tone.GUARD: "bold reverse", Tone.CARET: "reverse"}
    variables |= {f"tone-{tone}-style": styles.get(tone, "none") for tone in Tone}
    variables |= {"cursor-ground": cursor, "cursor-style": "bold", "flash-ground": flash, "flash-style": "none"}
    variables |= {"rule": rule, "ground": ground}
    return Theme(
        name=name,
        primary=tones[Tone.BUSY],
        foreground=tones[Tone.PLAIN],
        background=ground,
        surface=ground,
        panel=ground,
        warning=tones[Tone.WARN],
        error=tones[Tone.BAD],
        success=tones[Tone.GOOD],
        dark=dark,
        variables=variables,
    )


def _ansi_theme() -> Theme:
    """The terminal's own colours, for those that have 16 or none: its ground stays as it is.

    Whether that is dark or light is seldom known. Green, yellow and cyan vanish on white and blue on black in the
    palettes that are usual; red and magenta can be read on both, and they are kept for trouble.
    """
    colours = {
        Tone.PLAIN: ("ansi_default", "none"),
        Tone.STRONG: ("ansi_default", "bold"),
        # Dim follows the ground of the terminal; bright black is invisible on some
        Tone.QUIET: ("ansi_default", "dim"),
        Tone.GOOD: ("ansi_default", "bold"),
        Tone.BUSY: ("ansi_default", "bold"),
        Tone.WARN: ("ansi_magenta", "bold"),
        Tone.BAD: ("ansi_red", "bold"),
        Tone.UNSURE: ("ansi_default", "underline"),
        Tone.GUARD: ("ansi_magenta", "bold reverse"),
        Tone.CARET: ("ansi_default", "reverse"),
    }
    # Textual's own widgets ask native themes for more variables than RGB ones
    variables = dict(BUILTIN_THEMES["ansi-dark"].variables)
    variables |= {f"tone-{tone}": colour for tone, (colour, _) in colours.items()}
    variables |= {f"tone-{tone}-style": style for tone, (_, style) in colours.items()}
    variables |= {"cursor-ground": "ansi_default", "cursor-style": "reverse"}
    variables |= {"flash-ground": "ansi_default", "flash-style": "reverse"}
    variables |= {"rule": "ansi_default", "ground": "ansi_default"}
    return Theme(
        name=TERMINAL,
        ansi=True,
        primary="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        warning="ansi_magenta",
        error="ansi_red",
        success="ansi_default",
        variables=variables,
    )


THEMES = (
    _theme(
        DARK,
        {
            Tone.PLAIN: "#c9d1d9",
            Tone.STRONG: "#f0f3f6",
            Tone.QUIET: "#8b949e",
            Tone.GOOD: "#56d364",
            Tone.BUSY: "#6cb6ff",
            Tone.WARN: "#e3b341",
            Tone.BAD: "#ff7b72",
            Tone.UNSURE: "#d2a8ff",
        },
        ground="#0e1116",
        cursor="#272c33",
        flash="#2e382e",
        rule="#30363d",
        dark=True,
    ),
    _theme(
        LIGHT,
        {
            Tone.PLAIN: "#24292f",
            Tone.STRONG: "#000000",
            Tone.QUIET: "#59636e",
            Tone.GOOD: "#116329",
            Tone.BUSY: "#0550ae",
            Tone.WARN: "#7d4e00",
            Tone.BAD: "#b31d28",
            Tone.UNSURE: "#5e2ca0",
        },
        ground="#ffffff",
        cursor="#e9ebee",
        flash="#dff3d8",
        rule="#d0d7de",
        dark=False,
    ),
    # Hues after Okabe and Ito, "Color Universal Design" (2008). What they leave alike to some eyes differs in lightness
    _theme(
        COLORBLIND_DARK,
        {
            Tone.PLAIN: "#f9f9f9",
            Tone.STRONG: "#ffffff",
            Tone.QUIET: "#949494",
            Tone.GOOD: "#92ffc2",
            Tone.BUSY: "#23a9ff",
            Tone.WARN: "#e5e200",
            Tone.BAD: "#ff6e11",
            Tone.UNSURE: "#ff7bcb",
        },
        ground="#0e1116",
        cursor="#272c33",
        flash="#2e3238",
        rule="#30363d",
        dark=True,
    ),
    _theme(
        COLORBLIND_LIGHT,
        {
            Tone.PLAIN: "#252525",
            Tone.STRONG: "#000000",
            Tone.QUIET: "#575757",
            Tone.GOOD: "#0b592e",
            Tone.BUSY: "#155be3",
            Tone.WARN: "#422c00",
            Tone.BAD: "#c00e00",
            Tone.UNSURE: "#5d027c",
        },
        ground="#ffffff",
        cursor="#e9ebee",
        flash="#dff3d8",
        rule="#d0d7de",
        dark=False,
    ),
    _ansi_theme(),
)


def choose(wanted: str, color_system: str | None, environ: Mapping[str, str]) -> str:
    """The theme for a terminal: the one that is `wanted` (`auto`: dark or light, like its ground) where it has the
    colours for it, which its `color_system`, as Rich names it, and the environment (COLORFGBG, NO_COLOR) say.

    With 16 colours or none it is always the terminal's own: the nearest of so few would hide what they are to show.
    """
    if color_system not in ("256", "truecolor") or "NO_COLOR" in environ:
        return TERMINAL
    if wanted != AUTO:
        return wanted
    # Terminals that tell their ground do it as FOREGROUND;BACKGROUND; 7 and 15 are the light ones
    return LIGHT if environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else DARK
