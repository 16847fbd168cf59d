"""What a picture of the console says, and in which words another one differs from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import unified_diff
from html import unescape
from pathlib import Path

_TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)"[^>]* clip-path="url\(#[\w-]*line-(\d+)\)">([^<]*)</text>')
_CELL = 12.2
"""Width of a cell in Rich's SVG."""


def words_of(svg: str) -> list[str]:
    """The lines that a picture shows."""
    lines: dict[int, str] = {}
    for x, number, text in _TEXT.findall(svg):
        line = int(number)
        before = lines.get(line, "").ljust(round(float(x) / _CELL))
        lines[line] = before + unescape(text).replace("\xa0", " ")
    return [lines.get(line, "").rstrip() for line in range(max(lines, default=-1) + 1)]


def difference(accepted: Path, seen: Sequence[str]) -> str:
    """Why what is `seen`, line by line, is not the accepted picture."""
    if not accepted.exists():
        return f"There is no picture {accepted.name}. Make it with --snapshot-update, and look at it."
    words, seen = words_of(accepted.read_text(encoding="utf-8")), [line.rstrip() for line in seen]
    changes = list(unified_diff(words, seen, accepted.name, "what is shown", lineterm="", n=0))
    return "\n".join(changes) or f"The words of {accepted.name} are shown, in other colours."
