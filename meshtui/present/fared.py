"""How each of many targets fares when it is verified: those that fail first, each with its first failing check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshtui.errors import MeshError
from meshtui.findings import Verification
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import check_badge
from meshtui.present.tones import Line, Piece, Tone


def fared_lines(
    targets: Sequence[str], results: Mapping[str, Verification | MeshError], width: int, glyphs: Glyphs
) -> list[Line]:
    """A line of each target at least; those without a result yet come last."""
    order = sorted(targets, key=lambda target: _rank(results.get(target)))
    return [line for target in order for line in _fared(target, results.get(target), width, glyphs)]


def _rank(result: Verification | MeshError | None) -> int:
    if result is None:
        return 3
    if isinstance(result, MeshError) or any(check.passed is False for check in result.checks):
        return 0
    return 2 if result.passed else 1


def _fared(target: str, result: Verification | MeshError | None, width: int, glyphs: Glyphs) -> list[Line]:
    if result is None:
        return [(Piece(f"{glyphs.busy} ", Tone.BUSY), Piece(glyphs.show(target), Tone.QUIET))]
    if isinstance(result, MeshError):
        return _told(target, False, str(result), width, glyphs)
    wrong = next((check for check in result.checks if check.passed is False), None)
    wrong = wrong or next((check for check in result.checks if check.passed is None), None)
    if wrong is None:
        return _told(target, True, f"all {len(result.checks)} checks passed", width, glyphs)
    fix = f" {wrong.fix}" if wrong.fix else ""
    return _told(target, wrong.passed, f"{wrong.name}: {wrong.seen}{fix}", width, glyphs)


def _told(target: str, passed: bool | None, text: str, width: int, glyphs: Glyphs) -> list[Line]:
    badge = check_badge(passed, glyphs)
    first = (Piece(f"{badge.glyph:<{glyphs.state_width}} ", badge.tone), Piece(f"{glyphs.show(target)}  ", Tone.STRONG))
    return paragraph(glyphs.show(text), width, Tone.QUIET if passed else badge.tone, first=first)
