"""A manifest as lines of YAML that fit a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone


def manifest_lines(document: Mapping[str, Any], width: int, glyphs: Glyphs) -> list[Line]:
    """A manifest as YAML, its long lines folded under themselves."""
    import yaml  # noqa: PLC0415 - 20 ms that a start need not wait for

    lines: list[Line] = []
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=not glyphs.ascii_only)
    for line in text.splitlines():
        bare = line.lstrip(" ")
        indent = Piece(" " * (len(line) - len(bare)))
        name, colon, rest = bare.partition(":")
        if colon and " " not in name.removeprefix("- "):
            label = Piece(f"{glyphs.show(name)}:", Tone.QUIET)
            if not rest:
                lines.append((indent, label))
                continue
            lines += paragraph(glyphs.show(rest), width, first=(indent, label, Piece(" ")))
        else:
            lines += paragraph(glyphs.show(bare), width, first=(indent,))
    return lines
