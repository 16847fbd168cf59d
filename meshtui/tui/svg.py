"""Rich's SVG of a terminal made to look the same wherever it is seen: no font from the network, and every word at
a place of its own, because not every renderer keeps spaces or stretches a text to the length it is told. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FONTS = "'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas, monospace"

_WEB_FONT = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
_TEXT = re.compile(
    r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" clip-path="([^"]*)">([^<]*)</text>'
)
_SPACE = "&#160;"
_CHARACTER = re.compile(r"&[^;]+;|.", re.DOTALL)
_CELL = 12.2
"""Width of a cell in Rich's SVG: a line of 20 by an aspect of 0.61."""


def portable(svg: str) -> str:
    """The same picture for any renderer."""
    return _TEXT.sub(_split, _WEB_FONT.sub("", svg).replace("Fira Code, monospace", FONTS))


def _split(match: re.Match[str]) -> str:
    """The words of one text, each where its first cell is; texts of spaces vanish."""
    name, x, y, length, clip, text = match.groups()
    characters = _CHARACTER.findall(text)
    # Wide characters take two cells: their texts stay whole, as places in them cannot be told by counting
    if round(float(length) / _CELL) != len(characters):
        return match[0]
    texts = []
    for start, end in _words(characters):
        place = f'x="{float(x) + start * _CELL:g}" y="{y}" textLength="{(end - start) * _CELL:g}"'
        texts.append(f'<text class="{name}" {place} clip-path="{clip}">{"".join(characters[start:end])}</text>')
    return "".join(texts)


def _words(characters: list[str]) -> Iterator[tuple[int, int]]:
    """Start and end of what two spaces or more divide."""
    start = end = 0
    for place, character in enumerate(characters):
        if character == _SPACE:
            continue
        if place > end + 1 or start == end:
            if start < end:
                yield start, end
            start = place
        end = place + 1
    if start < end:
        yield start, end
