"""Certificates as PEM, at the end of a page: to be selected in a terminal where nothing can be copied by a key."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.mesh.rows import ChainLink
from meshtui.present.cells import fold, paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone


def pem_lines(chain: Iterable[ChainLink], width: int, margin: int, glyphs: Glyphs) -> list[Line]:
    """Each certificate below its subject. Its own lines have no margin: with a space before them they are no PEM."""
    space = Piece(" " * margin)
    lines: list[Line] = []
    for link in chain:
        subject = link.certificate.subject or ", ".join(link.certificate.sans)
        lines += [()] if lines else [(), (space, Piece("PEM", Tone.STRONG))]
        lines += paragraph(glyphs.show(subject), width - margin, Tone.QUIET, first=(space,))
        lines += [(Piece(part),) for text in link.pem.splitlines() for part in fold(glyphs.show(text), width)]
    return lines
