"""What is wrong with a mesh as lines of lists: what it is about, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meshtui.findings import MESH, Finding, Severity
from meshtui.present.cells import cut_start, fit, fit_line, line_width, paragraph
from meshtui.present.columns import Column, Table
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import severity_badge
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone


def finding_key(finding: Finding) -> str:
    """What tells it from all others, for as long as it lasts."""
    return f"{finding.target} {finding.code} {' '.join(finding.affects)} {'' if finding.target else finding.text}"


def severities_line(severities: Mapping[Severity, int], glyphs: Glyphs) -> Line:
    """`2 critical   1 warning`, those that there are; `✓ none` without any."""
    pieces: list[Piece] = []
    for severity, count in severities.items():
        if count:
            badge = severity_badge(severity, glyphs)
            pieces.append(Piece(f"{'   ' if pieces else ''}{badge.glyph} {counted(count)} {badge.word}", badge.tone))
    return tuple(pieces) or (Piece(f"{glyphs.fine} none", Tone.QUIET),)


def brief_lines(finding: Finding, width: int, glyphs: Glyphs) -> tuple[Line, Line]:
    """What is wrong with what; below it, what to do. Both are cut to the width."""
    badge = severity_badge(finding.severity, glyphs)
    sign = Piece(f"{badge.glyph:<{glyphs.state_width}} ", badge.tone)
    target = glyphs.show(finding.target or MESH)
    room = max(width // 2 - glyphs.state_width, 20)
    first = (sign, Piece(cut_start(target, room, glyphs.ellipsis)), Piece(f"  {_words(finding, glyphs)}", badge.tone))
    fix = (Piece(" " * line_width((sign,))), Piece(glyphs.show(finding.fix), Tone.QUIET))
    return fit_line(first, width, glyphs.ellipsis), fit_line(fix, width, glyphs.ellipsis)


def _words(finding: Finding, glyphs: Glyphs) -> str:
    return glyphs.show(finding.text.replace("≠", glyphs.differs_from))


def finding_summary(finding: Finding, _now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """What is wrong in as many of three lines as it needs, and what to do in the rest."""
    badge = severity_badge(finding.severity, glyphs)
    wrong = paragraph(_words(finding, glyphs), width, badge.tone, first=(Piece(f"{badge.glyph} ", badge.tone),))
    fix = paragraph(glyphs.show(finding.fix), width, first=(Piece("  "),)) if finding.fix else []
    lines = [*wrong[: 2 if fix else 3], *fix]
    if len(lines) > 3:  # a command that looks whole would be typed
        lines[2:] = [(*lines[2], Piece(f" {glyphs.ellipsis}"))]
    return tuple([fit_line(line, width, glyphs.ellipsis) for line in lines] + [()] * (3 - len(lines)))


def finding_page(finding: Finding, width: int, glyphs: Glyphs) -> list[Line]:
    """All of it."""
    from meshtui.present.detail import finding_lines  # noqa: PLC0415 - a start need not wait for it

    head = (Piece(fit(glyphs.show(finding.target or MESH), width, glyphs.ellipsis), Tone.STRONG),)
    return [head, (), *finding_lines(finding, width, glyphs, affects=True)]


def _severity(finding: Finding, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return severity_badge(finding.severity, glyphs).line(glyphs)


def _sign(finding: Finding, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    badge = severity_badge(finding.severity, glyphs)
    return (Piece(badge.glyph, badge.tone),)


def _target(finding: Finding, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    text = cut_start(glyphs.show(finding.target or MESH), width, glyphs.ellipsis)
    where, slash, name = text.rpartition("/")
    return (Piece(where + slash, Tone.QUIET), Piece(name))


def _text(finding: Finding, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(_words(finding, glyphs), severity_badge(finding.severity, glyphs).tone),)


def _fix(finding: Finding, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(finding.fix)),)


FINDINGS: Table[Finding] = Table(
    columns=(
        Column("sign", "", 2, until_width=72),
        Column("severity", "SEVERITY", 11, 72),
        Column("target", "ABOUT", 0, share=4, least=24, stays=True),
        Column("text", "FINDING", 0, share=5, least=32),
        Column("fix", "WHAT TO DO", 0, 120, share=5, least=32),
    ),
    drawn={"sign": _sign, "severity": _severity, "target": _target, "text": _text, "fix": _fix},
)
"""The list of findings."""
