"""What a terminal sends, made safe to take apart into keys: bytes that are no text, pastes that hold more than text.

Sans-I/O. Textual would end with a traceback at the first byte that is not UTF-8, and take what stands behind an escape
in a paste for keys: whoever had a person paste something could press them.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

BEGIN, END = "\x1b[200~", "\x1b[201~"
"""Around what is pasted, where the terminal says so (xterm, "bracketed paste mode")."""
INTERRUPT = "\x03"
_KEPT = "\t\n\r"
_INERT = {number: " " for number in (*range(32), *range(127, 160)) if chr(number) not in _KEPT}
"""Control characters; none of them belongs into a line."""


class Typed:
    """The text of one terminal, as it arrives piece by piece."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._is_pasting = False
        self._before = ""
        """The end of what was typed, which may be the beginning of `BEGIN`."""
        self._held = ""
        """The end of what was pasted so far, which may be the beginning of `END`."""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text of the next bytes; in a paste there is no control character until its end.

        An interrupt that comes alone was pressed: it ends a paste whose end was lost.
        """
        text, safe = self._decode(data, final), ""
        if self._is_pasting and text == INTERRUPT:
            text = END + INTERRUPT
        while text:
            part, text = self._pasted(text) if self._is_pasting else self._pressed(text)
            safe += part
        return safe

    def _pressed(self, text: str) -> tuple[str, str]:
        """What of a text is keys, and the rest."""
        known = self._before + text
        begin = known.find(BEGIN)
        if begin < 0:
            self._before = known[1 - len(BEGIN) :]
            return text, ""
        end = begin + len(BEGIN) - len(self._before)
        self._is_pasting, self._before = True, ""
        return text[:end], text[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        """What of a text is pasted, and the rest."""
        text, self._held = self._held + text, ""
        paste, end, rest = text.partition(END)
        if end:
            self._is_pasting = False
            return paste.translate(_INERT) + END, rest
        held = next((size for size in range(len(END) - 1, 0, -1) if text.endswith(END[:size])), 0)
        paste, self._held = text[: len(text) - held], text[len(text) - held :]
        return paste.translate(_INERT), ""
