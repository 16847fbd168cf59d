"""Foreign text made inert. Every string that came from a manifest, a certificate, a token or a peer passes here
on its way to a terminal.

What a terminal would obey instead of showing (control characters, ANSI sequences), what reorders or hides text
(bidirectional controls, zero-width characters, exotic spaces) and what makes a cell's width uncertain is written
as an escape that can be read. Square brackets are left alone: nothing here or in the console reads markup.
"""

from __future__ import annotations

import unicodedata

LONGEST = 4096
"""Characters of one string that are looked at; names and errors beyond that are not for reading."""

_MARKS_ON_A_LETTER = 2
"""Combining marks in a row that languages need; more of them pile up over the neighbours."""


def visible(text: str, *, ascii_only: bool = False) -> str:
    """One line of `text` in which every character shows itself, at most `LONGEST` characters of it."""
    text = text[:LONGEST]
    if text.isascii():
        # The way of nearly every string, thousands of times on a full screen
        return text if text.isprintable() else "".join(map(_shown, text))
    if ascii_only:
        return "".join(char if char.isascii() and char.isprintable() else _escaped(char) for char in text)
    shown, marks = [], _MARKS_ON_A_LETTER
    for char in text:
        is_mark = unicodedata.category(char) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        shown.append(_escaped(char) if is_mark and marks > _MARKS_ON_A_LETTER else _shown(char))
    return "".join(shown)


def _shown(char: str) -> str:
    return char if char.isprintable() and not _is_variation_selector(char) else _escaped(char)


def _is_variation_selector(char: str) -> bool:
    # They change how wide the character before them is, differently in every terminal
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _escaped(char: str) -> str:
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
