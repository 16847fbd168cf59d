"""Everything about one target, as a page of text: the same in the console and on a command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from meshtui.findings import Finding
from meshtui.mesh.remedy import remedy
from meshtui.mesh.rows import ChainLink, Detail
from meshtui.present.cells import cut_line, fit, paragraph, section
from meshtui.present.glyphs import Glyphs
from meshtui.present.history import told_lines
from meshtui.present.lifetime_bar import lifetime_bar, row_bar
from meshtui.present.states import row_badge, severity_badge
from meshtui.present.times import absolute, in_words, left, length_in_words
from meshtui.present.tones import Line, Piece, Tone
from meshtui.present.truth_table import truth_table

_LABEL = 17
_CHAIN_LABEL = 9
_BAR = 20


def detail_lines(detail: Detail, now: datetime, width: int, glyphs: Glyphs, *, fix_key: str = "") -> list[Line]:
    """The page, in lines of at most `width` cells. `fix_key` stands before the fix that a key of the console plans."""
    lines = [*_headline(detail, now, width, glyphs), (), *truth_table(detail, now, width, glyphs)]
    for title, parts in _sections(detail, now, width, glyphs, fix_key):
        lines += section(title, parts)
    return lines


def _sections(
    detail: Detail, now: datetime, width: int, glyphs: Glyphs, fix_key: str
) -> Iterator[tuple[str, list[Line]]]:
    yield "FINDINGS", _findings(detail.findings, width, glyphs, fix_key)
    yield "CHAIN", _chain(detail.chain, now, width, glyphs)
    yield "DEPENDS ON IT", [line for text in detail.depends for line in paragraph(glyphs.show(text), width)]
    yield "WANTED", _pairs(detail.desired.items(), _LABEL, width, glyphs)
    yield "HISTORY", told_lines(detail.history, now, width, glyphs)


def _findings(findings: tuple[Finding, ...], width: int, glyphs: Glyphs, fix_key: str) -> list[Line]:
    found = remedy(findings) if fix_key else None
    planned = found.finding if found is not None else None
    return [
        line for item in findings for line in finding_lines(item, width, glyphs, key=fix_key if item is planned else "")
    ]


def finding_lines(finding: Finding, width: int, glyphs: Glyphs, *, affects: bool = False, key: str = "") -> list[Line]:
    """What is wrong, below it what to do and, where it is not said elsewhere, what stands behind it."""
    badge = severity_badge(finding.severity, glyphs)
    first = (Piece(f"{badge.glyph:<{glyphs.state_width}} ", badge.tone),)
    lines = paragraph(glyphs.show(finding.text), width, badge.tone, first=first)
    indent = Piece(" " * (glyphs.state_width + 1))
    if finding.fix:
        begin = Piece(f"{fit(key, glyphs.state_width)} ", Tone.BUSY) if key else indent
        lines += paragraph(glyphs.show(finding.fix), width, first=(begin,))
    if affects and finding.affects:
        text = f"Affects {', '.join(finding.affects)}."
        lines += paragraph(glyphs.show(text), width, Tone.QUIET, first=(indent,))
    return lines


def _headline(detail: Detail, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    row = detail.row
    identity = paragraph(glyphs.show(row.identity or row.target), width, Tone.STRONG)
    if row.not_after is None or row.issued_at is None:
        return [*identity, (*row_badge(row, glyphs).line(glyphs), Piece("   no certificate", Tone.UNSURE))]
    verb = "ends" if now < row.not_after else "ended"
    length = length_in_words(row.not_after - row.issued_at)
    life = (
        *row_badge(row, glyphs).line(glyphs),
        Piece("   "),
        *row_bar(row, now, glyphs, _BAR),
        Piece(f"   {verb} {in_words(row.not_after, now)}"),
        Piece(f", {absolute(row.not_after)}", Tone.QUIET),
    )
    rest = f"lives {length}"
    if row.due_at is not None:
        tense = "to be" if now < row.due_at else "was to be"
        whose = " by you" if row.manual else ""
        rest += f", {tense} replaced{whose} {in_words(row.due_at, now)}, {absolute(row.due_at)}"
    if row.at_risk:
        rest += "; at risk: the CA does not answer"
    return [*identity, cut_line(life, width, glyphs.ellipsis), *paragraph(rest, width, Tone.QUIET)]


def _chain(chain: tuple[ChainLink, ...], now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for depth, link in enumerate(chain):
        facts = link.certificate
        name = glyphs.show(facts.subject or ", ".join(facts.sans))
        arrow = (Piece(f"{glyphs.signed_by} ", Tone.QUIET),) if depth else ()
        bar = lifetime_bar(facts.not_before, None, facts.not_after, now, glyphs)
        late = Tone.BAD if now >= facts.not_after else Tone.PLAIN
        lines += paragraph(name, width, Tone.PLAIN, first=arrow)
        lines.append((Piece("  "), Piece(fit(facts.key, 10)), *bar, Piece(f"  {left(facts.not_after, now)}", late)))
        told = {
            "valid": f"{absolute(facts.not_before)} to {absolute(facts.not_after)}",
            "serial": facts.serial,
            "SHA-256": facts.sha256,
        }
        if facts.sans and facts.subject:
            told["names"] = ", ".join(facts.sans)
        lines += [(Piece("  "), *line) for line in _pairs(told.items(), _CHAIN_LABEL, width - 2, glyphs)]
    return lines


def _pairs(pairs: Iterable[tuple[str, str]], column: int, width: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for label, text in pairs:
        first = (Piece(fit(glyphs.show(label), column - 1, glyphs.ellipsis) + " ", Tone.QUIET),)
        lines += paragraph(glyphs.show(text), width, first=first)
    return lines
