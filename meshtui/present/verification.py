"""A verification, check by check: what was seen, and where it failed, what to do."""

from __future__ import annotations

from meshtui.findings import Check, Verification
from meshtui.present.cells import fit, line_width, paragraph, width_of
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import check_badge
from meshtui.present.tones import Line, Piece, Tone

_NAME_AT_MOST = 24


def verification_lines(verification: Verification, width: int, glyphs: Glyphs) -> list[Line]:
    """The verdict, and below it every check in the order in which it was made."""
    longest = max((width_of(glyphs.show(check.name)) for check in verification.checks), default=0)
    name = min(longest, _NAME_AT_MOST)
    checks = [line for check in verification.checks for line in _check(check, name, width, glyphs)]
    return [_verdict(verification, glyphs), (), *checks]


def _verdict(verification: Verification, glyphs: Glyphs) -> Line:
    failed = sum(check.passed is False for check in verification.checks)
    unknown = sum(check.passed is None for check in verification.checks)
    passed = len(verification.checks) - failed - unknown
    if verification.passed:
        return (Piece(f"{glyphs.fine} all {passed} checks passed", Tone.GOOD),)
    if not verification.checks:
        return (Piece(f"{glyphs.unknown} nothing could be checked", Tone.UNSURE),)
    open_ones = f"{unknown} could not be made" if unknown else ""
    if not failed:
        return (Piece(f"{glyphs.unknown} {passed} checks passed, {open_ones}", Tone.UNSURE),)
    others = f", {open_ones}" if unknown else ""
    return (Piece(f"{glyphs.broken} {failed} of {len(verification.checks)} checks failed{others}", Tone.BAD),)


def _check(check: Check, name: int, width: int, glyphs: Glyphs) -> list[Line]:
    badge = check_badge(check.passed, glyphs)
    quiet = check.passed is True
    first = (
        Piece(f"{badge.glyph:<{glyphs.state_width}} ", badge.tone),
        Piece(fit(glyphs.show(check.name), name, glyphs.ellipsis) + "  ", Tone.PLAIN if quiet else Tone.STRONG),
    )
    lines = paragraph(glyphs.show(check.seen), width, Tone.QUIET if quiet else badge.tone, first=first)
    if check.fix and not quiet:
        lines += paragraph(glyphs.show(check.fix), width, first=(Piece(" " * line_width(first)),))
    return lines
