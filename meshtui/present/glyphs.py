"""The signs that stand before words, in a set with box drawing and one in plain ASCII.

Which one a terminal can show is asked once (`choose`) and handed to everything here that makes lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshtui.present.commands import with_state
from meshtui.present.escape import visible


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
        return visible(with_state(text, self.state), ascii_only=self.ascii_only)


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


def choose(encoding: str, terminal: str, state: str = "") -> Glyphs:
    """The set for a terminal: `encoding` of what is written to it, and its name (`TERM`); see `Glyphs.state`."""
    # The Linux console has 512 glyphs at most, and these are rarely among them
    can = encoding.lower().replace("-", "") == "utf8" and terminal not in ("linux", "dumb", "vt100", "vt220")
    chosen = UNICODE if can else ASCII
    return replace(chosen, state=state) if state else chosen
