"""The audit's time line as rows of a list, and one entry of it as a page. What each entry was is `history`'s."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.mesh.rows import HistoryEntry
from meshtui.present.cells import fit, fit_line, paragraph, section
from meshtui.present.columns import Column, Table
from meshtui.present.ends import target_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.history import outcome_mark, record_lines
from meshtui.present.times import STAMP_WIDTH, absolute, in_words, stamp
from meshtui.present.tones import Line, Piece, Tone

KINDS = ("issued", "refused", "configuration", "denied", "operator")
"""What an entry can be about."""

_KIND_WIDTH = 16
_LABEL = 12


def entry_key(entry: HistoryEntry) -> str:
    """What tells an entry from others."""
    return "\0".join((entry.at.isoformat(), entry.kind, entry.target, entry.actor, entry.serial, entry.text))


def text_of_entry(entry: HistoryEntry) -> str:
    """All that a filter looks at."""
    said = (entry.kind, entry.target, entry.actor, entry.text, entry.outcome)
    return "\0".join((*said, entry.serial, entry.policy, entry.reason)).casefold()


def entry_summary(entry: HistoryEntry, _now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """What it is about; what happened; who it was. Three lines."""
    _, tone = outcome_mark(entry.outcome, glyphs)
    lines = (
        (Piece(glyphs.show(entry.target), Tone.STRONG),),
        (Piece(glyphs.show(entry.text), Tone.PLAIN if tone is Tone.QUIET else tone),),
        (Piece(glyphs.show("   ".join(filter(None, (entry.actor, entry.policy, entry.serial)))), Tone.QUIET),),
    )
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def entry_lines(
    entry: HistoryEntry, recorded: Sequence[HistoryEntry], now: datetime, width: int, glyphs: Glyphs
) -> list[Line]:
    """The page of an entry, whole; `recorded` is what the CA has about its serial, where it has one."""
    glyph, tone = outcome_mark(entry.outcome, glyphs)
    first = (Piece(f"{glyph:<{glyphs.state_width}} ", tone),)
    lines = [*paragraph(glyphs.show(entry.text), width, Tone.STRONG, first=first), ()]
    told = {
        "when": f"{absolute(entry.at)}, {in_words(entry.at, now)}",
        "kind": entry.kind,
        "outcome": entry.outcome,
        "target": entry.target,
        "actor": entry.actor,
        "serial": entry.serial,
        "until": absolute(entry.not_after) if entry.not_after else "",
        "credential": entry.credential,
        "policy": entry.policy,
        "reason": entry.reason,
    }
    for label, text in told.items():
        if text:
            lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    record = [line for each in recorded for line in record_lines(each, width, glyphs)]
    return lines + section("ON RECORD", record)


def _when(entry: HistoryEntry, now: datetime, _width: int, _glyphs: Glyphs) -> Line:
    return (Piece(stamp(entry.at, now), Tone.QUIET),)


def _kind(entry: HistoryEntry, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    glyph, tone = outcome_mark(entry.outcome, glyphs)
    return (Piece(f"{glyph:<{glyphs.state_width}} {glyphs.show(entry.kind)}", tone),)


def _target(entry: HistoryEntry, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return target_line(entry.target, width, glyphs) if entry.target else ()


def _text(entry: HistoryEntry, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(entry.text)),)


def _actor(entry: HistoryEntry, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(entry.actor.removeprefix("spiffe://")), Tone.QUIET),)


AUDIT: Table[HistoryEntry] = Table(
    columns=(
        Column("when", "WHEN", STAMP_WIDTH),
        Column("kind", "WHAT", _KIND_WIDTH),
        Column("target", "TARGET", 0, 52, share=4),
        Column("text", "TEXT", 0, share=5),
        Column("actor", "WHO", 0, 110, share=4),
    ),
    drawn={"when": _when, "kind": _kind, "target": _target, "text": _text, "actor": _actor},
)
"""The list of the time line."""
