"""How a mesh stands as a whole, in numbers: states, shares of lifetimes, the outage, decisions of the CA. Parts of
the overview; where they stand on a screen is said there.
"""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.overview import Overview
from meshtui.mesh.snapshot import RotationState
from meshtui.present.cells import fit, line_width, paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.outage import outage_sentence
from meshtui.present.sparkline import bar, sparkline
from meshtui.present.states import STATE_WIDTH, state_badge
from meshtui.present.times import counted, left, stamp
from meshtui.present.tones import Line, Piece, Tone

ORDER = (
    RotationState.EXPIRED,
    RotationState.FAILED,
    RotationState.OVERDUE,
    RotationState.UNKNOWN,
    RotationState.ROTATING,
    RotationState.DUE,
    RotationState.FRESH,
)
"""What needs eyes first."""
_ALWAYS = (RotationState.EXPIRED, RotationState.OVERDUE, RotationState.DUE, RotationState.FRESH)
"""States that the strip names even where nothing is in them, so that it seldom moves."""
_COUNT_WIDTH = 7
_LABEL = 12
_NUMBER = 8


def title(text: str, after: Line = ()) -> Line:
    """The heading of a part, and what there is to say beside it."""
    return (Piece(text, Tone.STRONG), *((Piece("   "), *after) if after else ()))


def state_lines(overview: Overview, width: int, glyphs: Glyphs) -> list[Line]:
    """A line for each state, with a bar."""
    most = max(overview.states.values(), default=0)
    return [_state_line(state, overview.states.get(state, 0), most, width, glyphs) for state in ORDER]


def _state_line(state: RotationState, count: int, most: int, width: int, glyphs: Glyphs) -> Line:
    badge = state_badge(state, False, glyphs)
    tone = badge.tone if count else Tone.QUIET
    number = Piece(f"{counted(count):>{_COUNT_WIDTH}}  ", Tone.PLAIN if count else Tone.QUIET)
    room = width - STATE_WIDTH - _COUNT_WIDTH - 2
    sign = Piece(fit(f"{badge.glyph:<{glyphs.state_width}} {badge.word}", STATE_WIDTH), tone)
    return (sign, number, Piece(bar(count, most, room, glyphs), tone))


def state_strip(overview: Overview, width: int, glyphs: Glyphs) -> list[Line]:
    """All states in a line, or two where it is narrow; those in which nothing is are left out where that is usual."""
    lines: list[Line] = []
    for state in ORDER:
        count = overview.states.get(state, 0)
        if count or state in _ALWAYS:
            badge = state_badge(state, False, glyphs)
            told = Piece(f"{badge.glyph} {counted(count)} {badge.word}", badge.tone if count else Tone.QUIET)
            longer = (*lines[-1], Piece("   "), told) if lines else (told,)
            if lines and line_width(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(longer if not lines else (told,))
    return lines


def share_line(overview: Overview, glyphs: Glyphs) -> Line:
    """How much of their lifetimes certificates have left: few of them at the left end is good."""
    levels = sparkline(overview.left, glyphs)
    return (Piece("0 ", Tone.QUIET), *levels, Piece(" 100 %", Tone.QUIET))


def outage_lines(overview: Overview, now: datetime, glyphs: Glyphs) -> list[Line]:
    """When the first workload fails without the CA, when half of them have, when all."""
    outage = overview.outage
    told = (("first fails", outage.first), ("half failed", outage.half), ("all failed", outage.all))
    lines: list[Line] = [
        (
            Piece(fit(label, _LABEL), Tone.QUIET),
            Piece(fit("now" if when <= now else f"in {left(when, now)}", 11)),
            Piece(stamp(when, now), Tone.QUIET),
        )
        for label, when in told
        if when is not None
    ]
    return lines or [(Piece(f"{glyphs.dash} no workload has a certificate", Tone.QUIET),)]


def outage_words(overview: Overview, now: datetime, width: int) -> list[Line]:
    """The same as a sentence; nothing where there is nothing to lose."""
    sentence = outage_sentence(overview.outage, now)
    return paragraph(sentence, width) if sentence else []


def rate_lines(overview: Overview, glyphs: Glyphs) -> list[Line]:
    """What the CA issued and refused in the last hour."""
    rates = overview.rates
    told = (("issued", rates.issued, Tone.PLAIN), ("refused", rates.refused, Tone.WARN))
    return [
        (
            Piece(fit(label, _LABEL), Tone.QUIET),
            *sparkline(values, glyphs, tone),
            Piece(f"{counted(sum(values)):>{_NUMBER}}", tone if any(values) else Tone.QUIET),
        )
        for label, values, tone in told
    ]
