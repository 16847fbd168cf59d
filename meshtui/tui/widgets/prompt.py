"""The last line of a screen: its keys, or, while something is typed, what is typed. It never changes its place."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from meshtui.present.cells import cut_start
from meshtui.present.escape import visible
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.widgets.lines import Lines

LONGEST = 200
"""Characters that can be typed; what is longer was pasted by mistake."""


class Prompt(Lines):
    """Shows `keys` until `ask` begins a question; answers come as messages.

    It never takes the focus, because Textual repaints whole widgets that gain or lose it: the screen passes keys
    and pasted text on while `asks` is true.
    """

    @dataclass
    class Changed(Message):
        """Something else stands there now."""

        text: str

    @dataclass
    class Submitted(Message):
        """Enter, or a key that leads away: what stands there is meant."""

        text: str

    class Cancelled(Message):
        """Escape: forget it."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keys: Line = ()
        self._sign = ""
        self._answers = ("keep", "clear")
        self._text = ""
        self._place = 0
        self.asks = False
        """Whether a question is open."""

    def show_keys(self, keys: Line) -> None:
        """Keys to show whenever nothing is asked."""
        self._keys = keys
        self._redraw()

    def ask(self, sign: str, text: str, answers: tuple[str, str] = ("keep", "clear")) -> None:
        """Ask for text, beginning with `text`; `sign` stands before it, and behind it what enter and escape do."""
        self._sign, self._text, self._place, self._answers = sign, text, len(text), answers
        self.asks = True
        self._redraw()

    def on_resize(self) -> None:
        """A question is cut to the width that there is now."""
        self._redraw()

    def take_key(self, event: events.Key) -> None:
        """Edit. Keys that mean nothing here mean nothing at all while a question is open."""
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "up", "down", "tab"):
            self._end(self.Submitted(self._text))
        elif event.key == "escape":
            self._end(self.Cancelled())
        else:
            self._edit(event.key, event.character if event.is_printable else None)

    def take_paste(self, event: events.Paste) -> None:
        """Take pasted text, on one line."""
        event.stop()
        self._put(" ".join(event.text.split()))

    def _edit(self, key: str, character: str | None) -> None:
        before, after = self._text[: self._place], self._text[self._place :]
        if character is not None:
            self._put(character)
        elif key in ("left", "right"):
            self._move(self._place + (1 if key == "right" else -1))
        elif key in ("home", "ctrl+a"):
            self._move(0)
        elif key in ("end", "ctrl+e"):
            self._move(len(self._text))
        elif key in ("backspace", "ctrl+h"):
            self._set(before[:-1], after)
        elif key in ("delete", "ctrl+d"):
            self._set(before, after[1:])
        elif key == "ctrl+u":
            self._set("", after)
        elif key == "ctrl+k":
            self._set(before, "")
        elif key == "ctrl+w":
            self._set(before.rstrip().rpartition(" ")[0] + (" " if " " in before.rstrip() else ""), after)

    def _put(self, text: str) -> None:
        before, after = self._text[: self._place], self._text[self._place :]
        room = max(LONGEST - len(self._text), 0)
        self._set(before + text[:room], after)

    def _set(self, before: str, after: str) -> None:
        changed = before + after != self._text
        self._text, self._place = before + after, len(before)
        self._redraw()
        if changed:
            self.post_message(self.Changed(self._text))

    def _move(self, place: int) -> None:
        self._place = min(max(place, 0), len(self._text))
        self._redraw()

    def _end(self, answer: Message) -> None:
        self.asks = False
        self._redraw()
        self.post_message(answer)

    def _redraw(self) -> None:
        self.show([self._question() if self.asks else self._keys])

    def _question(self) -> Line:
        before, after = visible(self._text[: self._place]), visible(self._text[self._place :])
        before = cut_start(before, max(self.size.width - 30, 10))
        under, rest = (after[:1] or " "), after[1:]
        enter, escape = self._answers
        answers = (
            Piece("   enter", Tone.BUSY),
            Piece(f" {enter}   "),
            Piece("esc", Tone.BUSY),
            Piece(f" {escape}"),
        )
        caret = Piece(under, Tone.CARET)
        return (
            Piece(f" {self._sign}", Tone.BUSY),
            Piece(before, Tone.STRONG),
            caret,
            Piece(rest, Tone.STRONG),
            *answers,
        )
