"""Serial numbers that fit a column: both ends of one, which is what two people compare aloud."""

from __future__ import annotations

from meshtui.present.glyphs import Glyphs

SERIAL_WIDTH = 9


def short_serial(serial: str, glyphs: Glyphs) -> str:
    """`9f3a…01c7`, or the whole of a serial that is no longer than that; empty without one."""
    if len(serial) <= SERIAL_WIDTH:
        return serial
    tail = SERIAL_WIDTH - 4 - len(glyphs.ellipsis)
    return f"{serial[:4]}{glyphs.ellipsis}{serial[-tail:]}"
