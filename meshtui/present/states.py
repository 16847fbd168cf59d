"""Where a certificate stands, as a sign and a word: the same on every screen and in every output."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.findings import Severity
from meshtui.mesh.rows import Row, Step
from meshtui.mesh.snapshot import RotationState
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

STATE_WIDTH = 12
"""Cells of the widest badge: `~ verifying`, with the sign of the ASCII set."""


@dataclass(frozen=True)
class Badge:
    """A sign and a word."""

    glyph: str
    word: str
    tone: Tone

    def line(self, glyphs: Glyphs) -> Line:
        """`✓ fresh`, the signs of a column aligned."""
        return (Piece(f"{self.glyph:<{glyphs.state_width}} {self.word}", self.tone),)


def state_badge(state: RotationState, at_risk: bool, glyphs: Glyphs) -> Badge:
    """The badge of a state. What is still well, but cannot be renewed while the CA is away, is `at risk`."""
    if at_risk and state in (RotationState.FRESH, RotationState.DUE):
        return Badge(glyphs.alarm, "at risk", Tone.WARN)
    return {
        RotationState.FRESH: Badge(glyphs.fine, "fresh", Tone.QUIET),
        RotationState.DUE: Badge(glyphs.busy, "due", Tone.PLAIN),
        RotationState.ROTATING: Badge(glyphs.busy, "rotating", Tone.BUSY),
        RotationState.OVERDUE: Badge(glyphs.alarm, "overdue", Tone.WARN),
        RotationState.FAILED: Badge(glyphs.broken, "failed", Tone.BAD),
        RotationState.EXPIRED: Badge(glyphs.broken, "expired", Tone.BAD),
        RotationState.UNKNOWN: Badge(glyphs.unknown, "unknown", Tone.UNSURE),
    }[state]


def step_badge(step: Step, glyphs: Glyphs) -> Badge:
    """The badge of an issue or rotation under way."""
    if step is Step.SERVED:
        return Badge(glyphs.fine, "served", Tone.GOOD)
    if step is Step.FAILED:
        return Badge(glyphs.broken, "failed", Tone.BAD)
    return Badge(glyphs.busy, step.value, Tone.BUSY)


def row_badge(row: Row, glyphs: Glyphs) -> Badge:
    """The badge of a row: its step while one runs, else its state."""
    if row.step is not None:
        return step_badge(row.step, glyphs)
    return state_badge(row.state, row.at_risk, glyphs)


def severity_badge(severity: Severity, glyphs: Glyphs) -> Badge:
    """The badge of a finding."""
    return {
        Severity.CRITICAL: Badge(glyphs.broken, "critical", Tone.BAD),
        Severity.WARNING: Badge(glyphs.alarm, "warning", Tone.WARN),
        Severity.INFO: Badge(glyphs.dot, "info", Tone.QUIET),
    }[severity]


def check_badge(passed: bool | None, glyphs: Glyphs, *, warns: bool = False) -> Badge:
    """The badge of a check. One that could not be made is not one that passed."""
    if passed and warns:
        return Badge(glyphs.alarm, "warning", Tone.WARN)
    if passed is None:
        return Badge(glyphs.unknown, "not checked", Tone.UNSURE)
    return Badge(glyphs.fine, "passed", Tone.GOOD) if passed else Badge(glyphs.broken, "failed", Tone.BAD)
