"""Policies of the mesh as rows of a list, and one of them as a page."""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.access import SHORT_KINDS, PolicyRow
from meshtui.present.cells import cut_start, fit, fit_line, paragraph
from meshtui.present.columns import Column, Table
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import Badge
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone

_BADGE_WIDTH = 17
_LABEL = 12


def policy_badge(state: str, glyphs: Glyphs) -> Badge:
    """How a policy stands, as a sign and a word."""
    glyph, tone = {
        "in force": (glyphs.fine, Tone.QUIET),
        "dry run": (glyphs.pending, Tone.PLAIN),
        "pending": (glyphs.busy, Tone.BUSY),
        "without effect": (glyphs.alarm, Tone.WARN),
        "rejected": (glyphs.broken, Tone.BAD),
    }.get(state, (glyphs.unknown, Tone.UNSURE))
    return Badge(glyph, glyphs.show(state), tone)


def policy_summary(row: PolicyRow, _now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Which it is; what it says about whom; what is wrong with it. Three lines."""
    lines = ((Piece(glyphs.show(row.policy), Tone.STRONG),), _about(row, glyphs), _problem(row, glyphs))
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def policy_lines(row: PolicyRow, width: int, glyphs: Glyphs) -> list[Line]:
    """How a policy stands, in full."""
    lines = [*paragraph(glyphs.show(row.policy), width, Tone.STRONG), policy_badge(row.state, glyphs).line(glyphs)]
    if row.problem:
        lines += paragraph(glyphs.show(row.problem), width, policy_badge(row.state, glyphs).tone)
    lines.append(())
    told = {"says": row.says, "is about": _whom(row), "decided": _decided(row)}
    for label, text in told.items():
        lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    return lines


def _about(row: PolicyRow, glyphs: Glyphs) -> Line:
    return (
        Piece(glyphs.show(row.says)),
        Piece("   about ", Tone.QUIET),
        Piece(glyphs.show(_whom(row))),
        Piece("   decided ", Tone.QUIET),
        Piece(_decided(row)),
    )


def _whom(row: PolicyRow) -> str:
    return f"{row.scope}, {counted(row.workloads)} workload{'' if row.workloads == 1 else 's'}"


def _decided(row: PolicyRow) -> str:
    return f"{counted(row.decisions)} call{'' if row.decisions == 1 else 's'}" if row.decisions else "nothing yet"


def _problem(row: PolicyRow, glyphs: Glyphs) -> Line:
    badge = policy_badge(row.state, glyphs)
    return (Piece(f"{badge.glyph} {glyphs.show(row.problem)}", badge.tone),) if row.problem else ()


def _policy(row: PolicyRow, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    text = cut_start(glyphs.show(f"{row.namespace}/{row.name}"), width, glyphs.ellipsis)
    where, slash, name = text.rpartition("/")
    return (Piece(where + slash, Tone.QUIET), Piece(name))


def _state(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return policy_badge(row.state, glyphs).line(glyphs)


def _kind(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.kind), Tone.QUIET),)


def _short(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(SHORT_KINDS.get(row.kind, glyphs.show(row.kind)), Tone.QUIET),)


def _says(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.says)),)


def _scope(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.scope)),)


def _workloads(row: PolicyRow, _now: datetime, width: int, _glyphs: Glyphs) -> Line:
    return (Piece(f"{counted(row.workloads):>{width}}", Tone.PLAIN if row.workloads else Tone.WARN),)


def _decisions(row: PolicyRow, _now: datetime, width: int, _glyphs: Glyphs) -> Line:
    return (Piece(f"{counted(row.decisions):>{width}}", Tone.PLAIN if row.decisions else Tone.QUIET),)


def _words(row: PolicyRow, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(row.problem), policy_badge(row.state, glyphs).tone),)


POLICIES: Table[PolicyRow] = Table(
    columns=(
        Column("short", "", 2, 50, until_width=100),
        Column("kind", "KIND", 21, 100),
        Column("policy", "POLICY", 0, share=3, least=24, stays=True),
        Column("state", "STATE", _BADGE_WIDTH),
        Column("says", "SAYS", 0, 60, share=2, least=20),
        Column("scope", "ABOUT", 0, 96, share=2, least=20),
        Column("workloads", " FOR", 4, 110),
        Column("decisions", " DECIDED", 8, 72),
        Column("problem", "PROBLEM", 0, 150, share=3, least=24),
    ),
    drawn={
        "short": _short,
        "kind": _kind,
        "policy": _policy,
        "state": _state,
        "says": _says,
        "scope": _scope,
        "workloads": _workloads,
        "decisions": _decisions,
        "problem": _words,
    },
)
"""The list of policies."""
