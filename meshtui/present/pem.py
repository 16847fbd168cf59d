"""Certificates as PEM, at the end of a page: to be selected in a terminal where nothing can be copied by a key."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.mesh.rows import ChainLink
from meshtui.present.cells import fold, paragraph, section
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone


def pem_lines(chain: Iterable[ChainLink], width: int, glyphs: Glyphs) -> list[Line]:
    """Each certificate below its subject. Its lines begin at the margin: a space before them, and they are no PEM."""
    lines: list[Line] = []
    for link in chain:
        subject = link.certificate.subject or ", ".join(link.certificate.sans)
        lines += paragraph(glyphs.show(subject), width, Tone.QUIET)
        lines += [(Piece(part),) for text in link.pem.splitlines() for part in fold(glyphs.show(text), width)]
    return section("PEM", lines)
