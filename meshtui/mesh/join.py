"""Joins the four truths of one identity and names the first disagreement. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.mesh.snapshot import Mark, Truth

NAMES = ("desired", "issued", "held", "served")


@dataclass(frozen=True)
class Joined:
    """Four marks, and the first pair that differs (`held≠served`), empty when none does."""

    marks: tuple[Mark, Mark, Mark, Mark]
    disagreement: str


def join(*, desired: bool, issued: Truth, held: Truth, served: Truth | None) -> Joined:
    """Compare each truth with the last known one before it, by fingerprint.

    `served` is None where nothing is expected to serve the certificate. What is unknown neither agrees nor
    disagrees: the next truth is then compared with the one before.
    """
    marks = [Mark.AGREES if desired else Mark.ABSENT]
    disagreement = ""
    expected, expected_by = None, NAMES[0]
    for name, truth in zip(NAMES[1:], (issued, held, served), strict=True):
        mark = _mark(truth, expected, required=desired or expected is not None)
        marks.append(mark)
        if mark is Mark.DIFFERS and not disagreement:
            disagreement = f"{expected_by}≠{name}"
        if truth is not None and truth.certificate is not None:
            expected, expected_by = truth.certificate.sha256, name
    return Joined((marks[0], marks[1], marks[2], marks[3]), disagreement)


def _mark(truth: Truth | None, expected: str | None, *, required: bool) -> Mark:
    if truth is None:
        return Mark.ABSENT
    if truth.unknown:
        return Mark.UNKNOWN
    if truth.certificate is None:
        return Mark.DIFFERS if required else Mark.ABSENT
    return Mark.AGREES if expected in (None, truth.certificate.sha256) else Mark.DIFFERS
