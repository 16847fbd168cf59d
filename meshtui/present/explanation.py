"""May this one call that one: the answer, what it came from, and every policy that was asked. The same everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.mesh.access import Explanation, TrailStep
from meshtui.present.cells import cut_line, fit, line_width, paragraph, section
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

_LABEL = 13
_DECIDES = 2
_ACTION = 12


def explanation_lines(explanation: Explanation, width: int, glyphs: Glyphs) -> list[Line]:
    """The verdict, why, what each end does, and the trail, in lines of at most `width` cells."""
    lines = [*_headline(explanation, width, glyphs), ()]
    lines += paragraph(glyphs.show(explanation.reason), width)
    lines.append(())
    for label, text in _facts(explanation):
        lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    trail = [line for step in explanation.trail for line in _step(step, explanation, width, glyphs)]
    return lines + section("POLICIES, IN THE ORDER OF ASKING", trail)


def verdict(explanation: Explanation, glyphs: Glyphs) -> Piece:
    """The answer in a sign and a few words: `✗ denied: 403`."""
    if explanation.allowed:
        return Piece(f"{glyphs.fine:<{glyphs.state_width}} allowed", Tone.GOOD)
    return Piece(f"{glyphs.broken:<{glyphs.state_width}} denied: {glyphs.show(explanation.outcome)}", Tone.BAD)


def _headline(explanation: Explanation, width: int, glyphs: Glyphs) -> Iterator[Line]:
    yield cut_line((verdict(explanation, glyphs),), width, glyphs.ellipsis)
    request = f"{explanation.method} {explanation.host}{explanation.path}"
    to = explanation.destination + (f", port {explanation.port}" if explanation.port else "")
    for label, text in (("from", explanation.source), ("to", to), ("request", request)):
        yield from paragraph(glyphs.show(text), width, Tone.STRONG, first=(Piece(fit(label, _LABEL), Tone.QUIET),))


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    by = f", by {explanation.policy}" if explanation.policy else ""
    yield "decided", f"at {explanation.stage}{by}"
    yield "caller sees", explanation.outcome
    yield "caller sends", explanation.client
    if explanation.mtls:
        yield "server takes", f"{explanation.mtls}, by {explanation.mtls_policy or 'default'}"
    yield "server is", explanation.identity
    if explanation.accepted:
        yield "may answer", ", ".join(explanation.accepted)


def _step(step: TrailStep, explanation: Explanation, width: int, glyphs: Glyphs) -> Iterator[Line]:
    # a token is refused by the policy that it does not fit
    decides = step.policy == explanation.policy and (step.matched or explanation.stage == "request authentication")
    glyph = (glyphs.partly if step.dry_run else glyphs.agrees) if step.matched else glyphs.absent
    tone = Tone.STRONG if decides else Tone.PLAIN if step.matched else Tone.QUIET
    first = (
        Piece(fit(glyph, _DECIDES), tone),
        Piece(fit(glyphs.show(step.action), _ACTION, glyphs.ellipsis) + " ", tone),
    )
    notes = (", a dry run" if step.dry_run else "") + (", which decides" if decides else "")
    yield from paragraph(glyphs.show(step.policy) + notes, width, tone, first=first)
    if step.why:
        yield from paragraph(glyphs.show(step.why), width, Tone.QUIET, first=(Piece(" " * line_width(first)),))
