"""The audit's time line as rows of a list, and one entry of it as a page. What each entry was is `history`'s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshtui.mesh.filter_fields import Language
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.rows import HistoryEntry
from meshtui.present.cells import cut_start, fit, fit_line, paragraph, section
from meshtui.present.columns import Column, Table
from meshtui.present.ends import actor_name, target_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.history import outcome_mark, record_lines
from meshtui.present.times import STAMP_WIDTH, absolute, counted, in_words, moment, stamp
from meshtui.present.tones import Line, Piece, Tone

_KIND_WIDTH = 16
_LABEL = 12


@dataclass(frozen=True)
class Told:
    """An entry, and how many denied calls like it came right before it: a flood of them would hide all else."""

    entry: HistoryEntry
    """The newest of them."""
    first_at: datetime
    """Of the oldest of them; of an entry on its own, its own."""
    count: int = 1


def told(entries: Iterable[HistoryEntry]) -> list[Told]:
    """Entries, given newest first, in which denied calls that are alike, with nothing else happening between them,
    are told once, in the place of the newest.
    """
    found: list[Told] = []
    run: dict[tuple[str, ...], int] = {}
    for entry in entries:
        if entry.kind != "denied":
            run = {}
            found.append(Told(entry, entry.at))
            continue
        place = run.setdefault((entry.target, entry.actor, entry.text, entry.policy), len(found))
        if place == len(found):
            found.append(Told(entry, entry.at))
        else:
            found[place] = replace(found[place], first_at=entry.at, count=found[place].count + 1)
    return found


def told_key(item: Told) -> str:
    """What tells an item from others, and stays the same when more like it come."""
    entry = item.entry
    return "\0".join((item.first_at.isoformat(), entry.kind, entry.target, entry.actor, entry.serial, entry.text))


TOLD: Language[Told] = ENTRIES.about(lambda item: item.entry)
"""What a filter can ask of them."""


def told_summary(item: Told, now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """What it is about; what happened, how often; who it was. Three lines."""
    entry = item.entry
    times = f"   {counted(item.count)} times since {moment(item.first_at, now)}" if item.count > 1 else ""
    _, tone = outcome_mark(entry.outcome, glyphs)
    who = entry.actor, entry.policy, entry.serial
    lines = (
        (Piece(glyphs.show(entry.target), Tone.STRONG), Piece(times)),
        (Piece(glyphs.show(entry.text), Tone.PLAIN if tone is Tone.QUIET else tone),),
        (Piece(glyphs.show("   ".join(filter(None, who))), Tone.QUIET),),
    )
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def told_lines(item: Told, recorded: Sequence[HistoryEntry], now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """The page of an item, whole; `recorded` is what the CA has about its serial, where it has one."""
    entry = item.entry
    glyph, tone = outcome_mark(entry.outcome, glyphs)
    first = (Piece(f"{glyph:<{glyphs.state_width}} ", tone),)
    lines = [*paragraph(glyphs.show(entry.text), width, Tone.STRONG, first=first), ()]
    facts = {
        "when": f"{absolute(entry.at)}, {in_words(entry.at, now)}",
        "times": f"{counted(item.count)}, the first at {absolute(item.first_at)}" if item.count > 1 else "",
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
    for label, text in facts.items():
        if text:
            lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    return lines + section("ON RECORD", [line for each in recorded for line in record_lines(each, width, glyphs)])


def _when(item: Told, now: datetime, _width: int, _glyphs: Glyphs) -> Line:
    return (Piece(stamp(item.entry.at, now), Tone.QUIET),)


def _kind(item: Told, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    glyph, tone = outcome_mark(item.entry.outcome, glyphs)
    times = f" {glyphs.times}{counted(item.count)}" if item.count > 1 else ""
    return (Piece(f"{glyph:<{glyphs.state_width}} {glyphs.show(item.entry.kind)}{times}", tone),)


def _target(item: Told, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return target_line(item.entry.target, width, glyphs) if item.entry.target else ()


def _text(item: Told, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(item.entry.text)),)


def _actor(item: Told, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    # the end tells more than the beginning, which is the same trust domain for most
    return (Piece(cut_start(glyphs.show(actor_name(item.entry.actor)), width, glyphs.ellipsis), Tone.QUIET),)


AUDIT: Table[Told] = Table(
    columns=(
        Column("when", "WHEN", STAMP_WIDTH, stays=True),
        Column("kind", "WHAT", _KIND_WIDTH),
        Column("target", "TARGET", 0, 52, share=4, least=20, stays=True),
        Column("text", "TEXT", 0, share=5, least=32),
        Column("actor", "WHO", 0, 110, share=4, least=20),
    ),
    drawn={"when": _when, "kind": _kind, "target": _target, "text": _text, "actor": _actor},
)
"""The list of the time line."""
