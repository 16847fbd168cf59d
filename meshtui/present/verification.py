"""A verification, check by check: what was seen, and where it failed, what to do; then how to repeat it by hand."""

from __future__ import annotations

from meshtui.findings import Check, Verification
from meshtui.present.cells import fit, line_width, paragraph, width_of
from meshtui.present.commands import command_lines
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import check_badge
from meshtui.present.tones import Line, Piece, Tone

_NAME_AT_MOST = 24


def verification_lines(verification: Verification, width: int, glyphs: Glyphs) -> list[Line]:
    """The verdict, below it every check in the order in which it was made, below those the commands."""
    longest = max((width_of(glyphs.show(check.name)) for check in verification.checks), default=0)
    name = min(longest, _NAME_AT_MOST)
    lines: list[Line] = [_verdict(verification, glyphs)]
    endpoint: tuple[str, str] | None = None
    for check in verification.checks:
        if (check.host, check.address) != endpoint:
            endpoint = check.host, check.address
            lines += [(), *_heading(check, width, glyphs)]
        lines += _check(check, name, width, glyphs)
    if verification.by_hand:
        lines += [(), (Piece("By hand:", Tone.STRONG),)]
    for command in verification.by_hand:
        lines += command_lines(glyphs.show(command), width)
    return lines


def _heading(check: Check, width: int, glyphs: Glyphs) -> list[Line]:
    """Which endpoint the checks that follow are about; nothing above those of the target itself."""
    text = check.host if check.host not in check.address else ""  # an IP address needs to be said once
    text = " at ".join(filter(None, (text, check.address)))
    return paragraph(glyphs.show(text), width, Tone.STRONG) if text else []


def _verdict(verification: Verification, glyphs: Glyphs) -> Line:
    failed = sum(check.passed is False for check in verification.checks)
    unknown = sum(check.passed is None for check in verification.checks)
    passed = len(verification.checks) - failed - unknown
    if verification.passed:
        count = f"{passed} checks passed, {unknown} could not be made" if unknown else f"all {passed} checks passed"
        warnings = sum(bool(check.passed and check.fix) for check in verification.checks)
        also = f", {warnings} with a warning" if warnings else ""
        return (Piece(f"{glyphs.fine} {count}{also}", Tone.GOOD),)
    if not verification.checks:
        return (Piece(f"{glyphs.unknown} nothing could be checked", Tone.UNSURE),)
    open_ones = f"{unknown} could not be made" if unknown else ""
    if not failed:
        return (Piece(f"{glyphs.unknown} {passed} checks passed, {open_ones}", Tone.UNSURE),)
    others = f", {open_ones}" if unknown else ""
    return (Piece(f"{glyphs.broken} {failed} of {len(verification.checks)} checks failed{others}", Tone.BAD),)


def _check(check: Check, name: int, width: int, glyphs: Glyphs) -> list[Line]:
    badge = check_badge(check.passed, glyphs, warns=bool(check.fix))
    quiet = check.passed is True and not check.fix
    first = (
        Piece(f"{badge.glyph:<{glyphs.state_width}} ", badge.tone),
        Piece(fit(glyphs.show(check.name), name, glyphs.ellipsis) + "  ", Tone.PLAIN if quiet else Tone.STRONG),
    )
    lines = paragraph(glyphs.show(check.seen), width, Tone.QUIET if quiet else badge.tone, first=first)
    if check.fix and not quiet:
        lines += paragraph(glyphs.show(check.fix), width, first=(Piece(" " * line_width(first)),))
    return lines
