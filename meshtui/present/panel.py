"""The row under the cursor beside a list: at once what the row says, and below it what a look at its details adds.

The parts of both come in the same order in the same places, so that nothing moves when the details arrive.
"""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.remedy import remedy
from meshtui.mesh.rows import Detail, Row
from meshtui.mesh.snapshot import RotationState
from meshtui.present.cells import cut_line, cut_start, fit, paragraph, section
from meshtui.present.detail import finding_lines
from meshtui.present.glyphs import Glyphs
from meshtui.present.history import told_lines
from meshtui.present.lifetime_bar import row_bar
from meshtui.present.states import row_badge
from meshtui.present.summary import served_words
from meshtui.present.times import counted, in_words, left, moment
from meshtui.present.tones import Line, Piece, Tone
from meshtui.present.truth_table import reason_lines, truth_lines

_BAR = 20
_NAME_LINES = 3
"""Lines of a name, which may be endless."""
_DEPENDS_SHOWN = 8
_HISTORY_SHOWN = 4


def panel_lines(
    row: Row, detail: Detail | None, now: datetime, width: int, glyphs: Glyphs, *, fix_key: str = ""
) -> list[Line]:
    """The lines, each of at most `width` cells. `detail` is of the same target, and may be older than the row."""
    known = detail if detail is not None and detail.row == row else None
    lines = [
        *paragraph(glyphs.show(row.target), width, Tone.STRONG)[:_NAME_LINES],
        *(paragraph(glyphs.show(row.identity), width, Tone.QUIET)[:_NAME_LINES] if row.identity else ()),
        (),
        *_life(row, now, width, glyphs),
        *section("TRUTHS", truth_lines(row, known, now, width, glyphs)),
        *_server(row, width, glyphs),
        *reason_lines(row, width, glyphs),
        *section("SIGNED BY", _signers(row, detail, now, width, glyphs)),
    ]
    if detail is None:
        return lines
    found = remedy(detail.findings)
    wrong = [
        line
        for each in detail.findings
        for line in finding_lines(each, width, glyphs, key=fix_key if found and each is found.finding else "")
    ]
    depends = [line for text in detail.depends[:_DEPENDS_SHOWN] for line in paragraph(glyphs.show(text), width)]
    if (more := len(detail.depends) - _DEPENDS_SHOWN) > 0:
        depends.append((Piece(f"and {counted(more)} more", Tone.QUIET),))
    return [
        *lines,
        *section("FINDINGS", wrong),
        *section("DEPENDS ON IT", depends),
        *section("HISTORY", told_lines(detail.history[:_HISTORY_SHOWN], now, width, glyphs)),
    ]


def _life(row: Row, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    badge = row_badge(row, glyphs).line(glyphs)
    if row.not_after is None:
        return [(*badge, Piece("   no certificate", Tone.UNSURE))]
    tones = {RotationState.EXPIRED: Tone.BAD, RotationState.OVERDUE: Tone.WARN}
    until = "until" if now < row.not_after else "ended"
    lines: list[Line] = [
        (*badge, Piece("   "), *row_bar(row, now, glyphs, _BAR)),
        (
            Piece(f"{until} ", Tone.QUIET),
            Piece(moment(row.not_after, now)),
            Piece(f", {in_words(row.not_after, now)}", tones.get(row.state, Tone.QUIET)),
        ),
    ]
    if row.due_at is not None:
        verb = "to be replaced" if now < row.due_at else "was to be replaced"
        whose = " by hand" if row.manual else ""
        lines.append((Piece(f"{verb}{whose} {in_words(row.due_at, now)}", Tone.QUIET),))
    return [cut_line(line, width, glyphs.ellipsis) for line in lines]


def _server(row: Row, width: int, glyphs: Glyphs) -> list[Line]:
    """Who serves it, or why nobody does; its serial stands above."""
    if not row.served_by:
        return []
    by = (Piece("served by ", Tone.QUIET), Piece(glyphs.show(row.served_by)))
    return [cut_line(by if row.served_serial else served_words(row, glyphs), width, glyphs.ellipsis)]


def _signers(row: Row, detail: Detail | None, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """Who signed it, who signed that one: of a row only the first, as it names itself."""
    arrow = Piece(f"{glyphs.signed_by} ", Tone.QUIET)
    if detail is None or len(detail.chain) < 2:
        return [cut_line((arrow, Piece(glyphs.show(row.issuer))), width, glyphs.ellipsis)] if row.issuer else []
    lines: list[Line] = []
    names = [row.issuer, *(link.certificate.subject for link in detail.chain[2:])]
    for name, link in zip(names, detail.chain[1:], strict=True):
        facts = link.certificate
        late = Tone.BAD if now >= facts.not_after else Tone.QUIET
        room = width - 24
        lines.append(
            (
                arrow,
                Piece(fit(cut_start(glyphs.show(name), room, glyphs.ellipsis), room)),
                Piece(f"  {fit(glyphs.show(facts.key), 10)}", Tone.QUIET),
                Piece(f"  {left(facts.not_after, now)}", late),
            )
        )
    return [cut_line(line, width, glyphs.ellipsis) for line in lines]
