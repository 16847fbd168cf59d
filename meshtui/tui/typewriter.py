"""Lines for terminals that show ASCII alone: the last thing that happens to them before they are sent.

Texts are made of the ASCII set already (`present.glyphs`); what is left are the signs of widgets that were too narrow
for a line, and what a person types into a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from meshtui.present.cells import width_of

CUT = ">"
"""For an ellipsis, as `less -S` and editors have it; two full stops would not fit where one sign is."""


class Typewriter(LineFilter):
    """Puts signs of ASCII in place of others, as wide as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """The same line in ASCII."""
        return [
            segment if segment.text.isascii() else segment._replace(text=typewritten(segment.text))
            for segment in segments
        ]


def typewritten(text: Iterable[str]) -> str:
    """A text in ASCII, as wide as it was; what there is no sign for is `?`."""
    return "".join(char if char.isascii() else CUT if char == "…" else "?" * width_of(char) for char in text)
