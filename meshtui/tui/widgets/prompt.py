"""The last line of a screen: its keys, or, while something is typed, what is typed. It never changes its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.message import Message

from meshtui.present.cells import cut_start, fit_line, line_width
from meshtui.present.escape import visible
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.widgets.lines import Lines


@dataclass(frozen=True)
class Question:
    """What is asked for, and what helps to answer."""

    sign: str
    """Stands before what is typed, and tells questions apart."""
    answers: tuple[tuple[str, str], ...] = ()
    """Keys and words that end it."""
    note: Callable[[str], Line] = lambda _text: ()
    """What there is to know about what is typed."""
    completed: Callable[[str], str] | None = None
    """A longer text that begins with what is typed, or an empty one; tab then takes it instead of ending it all."""
    earlier: tuple[str, ...] | None = None
    """Earlier answers, the latest last; up and down then go through them and do not end the question."""
    longest: int = 200
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
        sign: str = "/"

    @dataclass
    class Submitted(Message):
        """Enter, or a key that leads away: what stands there is meant."""

        text: str
        sign: str = "/"

    @dataclass
    class Cancelled(Message):
        """Escape: forget it."""

        sign: str = "/"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keys: Line = ()
        self._asked = Question("")
        self._text = ""
        self._place = 0
        self._earlier = 0
        """How many answers back one is."""
        self._draft = ""
        """What was typed before one went back."""
        self.asks = False
        """Whether a question is open."""

    def show_keys(self, keys: Line) -> None:
        """Keys to show whenever nothing is asked."""
        self._keys = keys
        self._redraw()

    def show_again(self) -> None:
        """What helps to answer may be different."""
        self._redraw()

    def ask(self, question: Question, text: str = "") -> None:
        """Ask for text, beginning with `text`."""
        self._asked, self._text, self._place = question, text, len(text)
        self._earlier, self._draft = 0, text
        self.asks = True
        self._redraw()

    def on_resize(self) -> None:
        """A question is cut to the width that there is now."""
        self._redraw()

    def take_key(self, event: events.Key) -> None:
        """Edit. Keys that mean nothing here mean nothing at all while a question is open."""
        event.stop()
        event.prevent_default()
        asked, key = self._asked, event.key
        if asked.completed is not None and (key == "tab" or (key == "right" and self._place == len(self._text))):
            self._complete()
        elif asked.earlier is not None and key in ("up", "down"):
            self._go_back(1 if key == "up" else -1)
        elif key in ("enter", "up", "down", "tab"):
            self._end(self.Submitted(self._text, asked.sign))
        elif key == "escape":
            self._end(self.Cancelled(asked.sign))
        else:
            self._edit(key, event.character if event.is_printable else None)

    def take_paste(self, event: events.Paste) -> None:
        """Take pasted text, on one line."""
        event.stop()
        self._put(" ".join(event.text.split()))

    @property
    def text(self) -> str:
        """What is typed."""
        return self._text

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

    def _complete(self) -> None:
        if longer := self._completion():
            self._set(longer[: self._asked.longest], "")

    def _completion(self) -> str:
        """What tab would make of it; empty where nothing, or while the cursor is inside."""
        if self._asked.completed is None or self._place < len(self._text):
            return ""
        longer = self._asked.completed(self._text)
        return longer if longer.startswith(self._text) else ""

    def _go_back(self, by: int) -> None:
        earlier = self._asked.earlier or ()
        if not self._earlier:
            self._draft = self._text
        self._earlier = min(max(self._earlier + by, 0), len(earlier))
        self._set(earlier[-self._earlier] if self._earlier else self._draft, "")

    def _put(self, text: str) -> None:
        before, after = self._text[: self._place], self._text[self._place :]
        room = max(self._asked.longest - len(self._text), 0)
        if room:
            self._set(before + text[:room], after)

    def _set(self, before: str, after: str) -> None:
        changed = before + after != self._text
        self._text, self._place = before + after, len(before)
        self._redraw()
        if changed:
            self.post_message(self.Changed(self._text, self._asked.sign))

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
        ghost = visible(self._completion()[len(self._text) :])
        under, rest = (after or ghost)[:1] or " ", (after or ghost)[1:]
        line: Line = (
            Piece(f" {self._asked.sign}", Tone.BUSY),
            Piece(before, Tone.STRONG),
            Piece(under, Tone.CARET),
            Piece(rest, Tone.STRONG if after else Tone.QUIET),
        )
        if note := self._asked.note(self._text):
            line = (*line, Piece("  "), *note)
        answers = tuple(
            piece for key, word in self._asked.answers for piece in (Piece(f"   {key}", Tone.BUSY), Piece(f" {word}"))
        )
        if not answers or line_width((*line, *answers)) <= self.size.width:
            return (*line, *answers)
        # What the keys are is known from the line before, what is wrong with a text is not; only the last leads out
        leads_out = (Piece("  "), Piece(self._asked.answers[-1][0], Tone.BUSY))
        return (*fit_line(line, self.size.width - line_width(leads_out), ""), *leads_out)
