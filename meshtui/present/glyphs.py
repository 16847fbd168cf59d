"""The signs that stand before words, in a set with box drawing and one in plain ASCII.

Which one a terminal can show is decided once (`choose`) and handed to everything here that makes lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from meshtui.present.commands import with_state
from meshtui.present.escape import visible

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """One sign for each meaning. All take one cell, but those of the states, which take `state_width`, and of trees."""

    ascii_only: bool
    agrees: str
    differs: str
    unasked: str
    absent: str
    partly: str
    fine: str
    busy: str
    alarm: str
    broken: str
    unknown: str
    pending: str
    state_width: int
    lived: str
    """A lifetime bar: the part that has passed,"""
    ahead: str
    """the part ahead,"""
    tick_lived: str
    """the planned rotation when it lies behind,"""
    tick_ahead: str
    """and when it lies ahead."""
    cursor: str
    marked: str
    """Beside the cursor: the row is one of those that the next verb works on."""
    crumb: str
    dot: str
    times: str
    dash: str
    ellipsis: str
    signed_by: str
    calls: str
    differs_from: str
    rule: str
    rising: str
    """Sorted by this, the smallest first,"""
    falling: str
    """and turned round."""
    levels: str
    """Eight heights of a sparkline, from nothing to the most."""
    parts: str
    """A bar's last cell, from the thinnest to the whole one."""
    fork: str
    """A tree: something that others of the same parent follow,"""
    last_fork: str
    """the last of them,"""
    trunk: str
    """and what stands before their children while others follow."""
    state: str = ""
    """The state directory that commands in texts are to name; empty where they reach it without."""

    def show(self, text: str) -> str:
        """Foreign text made inert, in characters of this set, and with commands that work as they stand here."""
        text = with_state(text, self.state)
        return visible(text.translate(_TYPEWRITTEN) if self.ascii_only else text, ascii_only=self.ascii_only)


_TYPEWRITTEN = str.maketrans({"…": "..", "→": "->", "←": "<-", "≠": "!=", "–": "-", "’": "'", "×": "x"})
"""Signs in our own sentences; no name in a mesh has them. What is foreign besides is escaped."""


UNICODE = Glyphs(
    ascii_only=False,
    agrees="●",
    differs="○",
    unasked="?",
    absent="·",
    partly="◐",
    fine="✓",
    busy="~",
    alarm="!",
    broken="✗",
    unknown="?",
    pending="·",
    state_width=1,
    lived="━",
    ahead="─",
    tick_lived="┿",
    tick_ahead="┼",
    cursor="▸",
    marked="+",
    crumb="▸",
    dot="·",
    times="×",
    dash="–",
    ellipsis="…",
    signed_by="←",
    calls="→",
    differs_from="≠",
    rule="─",
    rising="▲",
    falling="▼",
    levels="▁▂▃▄▅▆▇█",
    parts="▏▎▍▌▋▊▉█",
    fork="├─ ",
    last_fork="└─ ",
    trunk="│  ",
)

ASCII = Glyphs(
    ascii_only=True,
    agrees="*",
    differs="o",
    unasked="?",
    absent=".",
    partly="~",
    fine="ok",
    busy="~",
    alarm="!",
    broken="x",
    unknown="?",
    pending=".",
    state_width=2,
    lived="=",
    ahead="-",
    tick_lived="|",
    tick_ahead="|",
    cursor=">",
    marked="+",
    crumb=">",
    dot="-",
    times="x",
    dash="-",
    ellipsis="..",
    signed_by="<-",
    calls="->",
    differs_from="!=",
    rule="-",
    rising="^",
    falling="v",
    levels="_.:-=+*#",
    parts="-#",
    fork="|- ",
    last_fork="`- ",
    trunk="|  ",
)


def choose(encoding: str, environ: Mapping[str, str], *, wanted: str = "auto", state: str = "") -> Glyphs:
    """The set for a terminal, or whatever else reads what is written in `encoding`; `state`: see `Glyphs.state`.

    Unless a set is `wanted` by its name, `unicode` or `ascii`, the locale and the name of the terminal in `environ` say
    what can be shown. What `encoding` cannot carry is not drawn even then.
    """
    can = _plain(encoding) == "utf8" and (wanted == "unicode" or _has_them(environ))
    chosen = UNICODE if can and wanted != "ascii" else ASCII
    return replace(chosen, state=state) if state else chosen


def _has_them(environ: Mapping[str, str]) -> bool:
    # The Linux console has 512 glyphs at most, and these are rarely among them
    if environ.get("TERM", "") in ("linux", "dumb", "vt100", "vt220"):
        return False
    locale = _locale(environ)
    return not locale or "utf8" in _plain(locale)


def _locale(environ: Mapping[str, str]) -> str:
    """What was said of characters, by the rules of setlocale(3); empty where nothing was.

    Python, which writes UTF-8 even in the locale C, may have set LC_CTYPE itself (PEP 538): then LANG is what was said.
    """
    if said := environ.get("LC_ALL"):
        return said
    said, language = environ.get("LC_CTYPE", ""), environ.get("LANG", "")
    return (language or said) if said in _COERCED else (said or language)


def _plain(name: str) -> str:
    return name.lower().replace("-", "")
