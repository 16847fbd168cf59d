"""All that can be done where one is, found by its words: made from the same live bindings as help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.containers import Container
from textual.dom import DOMNode
from textual.screen import ModalScreen

from meshtui.keymap import shown_key
from meshtui.mesh.words import Words
from meshtui.present.cells import cut_line, fit
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import GROUPS, MOVE, SORT, VIEWS
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt, Question

WIDTH, HEIGHT = 64, 16
"""Cells and lines of the list, where there are so many."""
_FRAME = 4
"""Lines of the dialog around the list: border, question, rule."""
_KEYS = 12
_BEFORE = {VIEWS: "go to ", SORT: "sort by "}
"""Words that say outside of their group what these are."""


@dataclass(frozen=True)
class Choice:
    """One thing that can be done."""

    keys: str
    text: str
    run: str
    """As the toolkit names it."""
    node: DOMNode
    """Where that is."""
    reason: str = ""
    """Why it does not work now; empty when it does."""


def choices(bindings: Iterable[ActiveBinding], why_not: Callable[[str], str]) -> list[Choice]:
    """What the live bindings do, in the order of help, each once; how the cursor moves needs no list. `why_not` says
    why an action does not work now.
    """
    found: dict[tuple[int, str], Choice] = {}
    for active in bindings:
        binding = active.binding
        if binding.group not in GROUPS or binding.group is MOVE or not binding.description or not active.enabled:
            continue
        if binding.action.endswith("palette"):
            continue
        text = _BEFORE.get(binding.group, "") + binding.description
        key = GROUPS.index(binding.group), binding.action
        reason = why_not(binding.action)
        found.setdefault(key, Choice(shown_key(binding.key), text, binding.action, active.node, reason))
    return [found[key] for key in sorted(found, key=lambda key: key[0])]


class PaletteScreen(ModalScreen[Choice | None], Leaving[Choice | None], inherit_bindings=False):
    """A list that is narrowed while one types; enter does what the cursor is on."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, found: Sequence[Choice], glyphs: Glyphs) -> None:
        super().__init__()
        self._all = [*found]
        self._shown = self._all
        self._glyphs = glyphs
        self._cursor = 0

    def compose(self) -> ComposeResult:
        """Show the question above the list."""
        with Container(id="dialog", classes="-ascii" if self._glyphs.ascii_only else ""):
            yield Prompt(id="question")
            yield Lines(id="rule")
            yield Lines(id="choices")

    def on_mount(self) -> None:
        """Begin to ask."""
        self.query_one("#question", Prompt).ask(
            Question(f"{self._glyphs.cursor} ", (("enter", "do"), ("esc", "close")))
        )

    def on_resize(self, event: events.Resize) -> None:
        """Take the room that there is."""
        dialog = self.query_one("#dialog")
        dialog.styles.width = min(WIDTH, event.size.width) + 6
        dialog.styles.height = min(min(HEIGHT, len(self._all)) + _FRAME, event.size.height)
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Move, choose, leave, or type."""
        if event.key in ("down", "ctrl+n", "tab", "up", "ctrl+p", "shift+tab"):
            self._move(1 if event.key in ("down", "ctrl+n", "tab") else -1)
        elif event.key in ("pagedown", "pageup"):
            self._move(self._height if event.key == "pagedown" else -self._height)
        elif event.key == "enter":
            self._choose()
        elif event.key == "escape":
            self.dismiss(None)
        else:
            self.query_one("#question", Prompt).take_key(event)
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is text."""
        self.query_one("#question", Prompt).take_paste(event)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Narrow the list."""
        words = Words.parse(message.text)
        self._shown = [each for each in self._all if words.in_text(f"{each.text} {each.keys}".casefold())]
        self._cursor = 0
        self._show()

    def _choose(self) -> None:
        if self._cursor < len(self._shown):
            self.dismiss(self._shown[self._cursor])

    def _move(self, by: int) -> None:
        self._cursor = min(max(self._cursor + by, 0), max(len(self._shown) - 1, 0))
        self._show()

    @property
    def _height(self) -> int:
        return max(min(HEIGHT, len(self._all), self.size.height - _FRAME), 1)

    def _show(self) -> None:
        width, height = min(WIDTH, self.size.width - 6), self._height
        top = min(max(self._cursor - height // 2, 0), max(len(self._shown) - height, 0))
        lines = [
            self._line(choice, width, selected=place == self._cursor)
            for place, choice in enumerate(self._shown[top : top + height], top)
        ]
        nothing: Line = (Piece("nothing here is called that", Tone.QUIET),)
        lines = lines or [nothing]
        self.query_one("#choices", Lines).show([*lines, *[()] * (height - len(lines))])
        self.query_one("#rule", Lines).show([(Piece(self._glyphs.rule * width, Tone.QUIET),)])

    def _line(self, choice: Choice, width: int, *, selected: bool) -> Line:
        sign = Piece(fit(self._glyphs.cursor if selected else "", 2), Tone.BUSY)
        tone = Tone.QUIET if choice.reason else Tone.STRONG if selected else Tone.PLAIN
        why = f" ({choice.reason})" if choice.reason else ""
        text = self._glyphs.show(f"{choice.text}{why}")
        return cut_line(
            (sign, Piece(fit(choice.keys, _KEYS), Tone.BUSY), Piece(text, tone)), width, self._glyphs.ellipsis
        )
