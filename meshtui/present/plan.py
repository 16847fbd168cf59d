"""A plan as a person reads it before saying yes: what is done to what, what it touches, and the same in a shell."""

from __future__ import annotations

from meshtui.mesh.actions import Plan
from meshtui.present.cells import cut_start, fit, paragraph, width_of
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone

STEPS_SHOWN = 12
"""Of a long plan; the rest is counted."""


def plan_lines(plan: Plan, width: int, glyphs: Glyphs) -> list[Line]:
    """Steps, effects, warnings and command, without the title."""
    shown = plan.steps[:STEPS_SHOWN]
    targets = [glyphs.show(step.target) for step in shown]
    column = min(max(map(width_of, targets), default=0), max(width // 2, 1))
    lines: list[Line] = []
    for target, step in zip(targets, shown, strict=True):
        name = fit(cut_start(target, column, glyphs.ellipsis), column)
        lines += paragraph(glyphs.show(step.text), width, first=(Piece(name, Tone.STRONG), Piece("  ")))
    if more := len(plan.steps) - len(shown):
        lines.append((Piece(f"and {counted(more)} more", Tone.QUIET),))
    if plan.effects or plan.warnings:
        lines.append(())
        lines += [line for text in plan.effects for line in paragraph(glyphs.show(text), width)]
        lines += warning_lines(plan, width, glyphs)
    return [*lines, (), *paragraph(glyphs.show(plan.command), width, Tone.QUIET, first=(Piece("$ ", Tone.QUIET),))]


def warning_lines(plan: Plan, width: int, glyphs: Glyphs) -> list[Line]:
    """The warnings alone, for who has not asked for the rest."""
    first = (Piece(f"{glyphs.alarm} ", Tone.WARN),)
    return [line for text in plan.warnings for line in paragraph(glyphs.show(text), width, Tone.WARN, first=first)]


def by_hand_lines(plan: Plan, glyphs: Glyphs) -> list[Line]:
    """The same with openssl and kubectl, each command on a line of its own whatever its width: it is to be copied."""
    if not plan.by_hand:
        return []
    title = (Piece("By hand, with openssl and kubectl:", Tone.QUIET),)
    return [(), title, *((Piece(glyphs.show(command)),) for command in plan.by_hand)]


def folded_by_hand(plan: Plan, width: int, glyphs: Glyphs) -> list[Line]:
    """The same for a page, which has a width: folded, to be read; what is copied from there is not this."""
    prompt = (Piece("$ ", Tone.QUIET),)
    return [(), *(line for text in plan.by_hand for line in paragraph(glyphs.show(text), width, first=prompt))]
