"""Every action of the console that has a key: its name in settings, its keys, what it is called. One table, from which
bindings, help, footer and palette are made, and against which remaps are checked. Knows no toolkit.

What an action does is said where it is done; dialogs, whose keys are written on them, keep their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from meshtui.errors import UsageError


class Group(StrEnum):
    """What a key is for, in the order in which help shows it."""

    THIS_ROW = "THIS ROW"
    THE_LIST = "THE LIST"
    SORT = "SORT"
    VIEWS = "VIEWS"
    MOVE = "MOVE"
    ALWAYS = "ALWAYS"


@dataclass(frozen=True)
class Action:
    """One line of the table."""

    name: str
    keys: str
    """As the toolkit names them, divided by commas."""
    text: str
    group: Group


def _of(group: Group, *lines: tuple[str, str, str]) -> tuple[Action, ...]:
    return tuple(Action(name, keys, text, group) for name, keys, text in lines)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        *_of(
            Group.THIS_ROW,
            ("open", "enter", "open"),
            ("issue", "i", "issue the first one"),
            ("rotate", "r", "rotate: a new key too"),
            ("fix", "f", "fix what is found"),
            ("undo", "u", "undo: the one before"),
            ("verify", "v", "verify to the wire"),
            ("reach", "x", "who may call whom"),
            ("copy", "c", "copy it, or a value"),
            ("copy-pem", "y", "copy the PEM"),
        ),
        *_of(
            Group.THE_LIST,
            ("filter", "slash", "filter: words, fields"),
            ("clear", "escape", "clear, then up"),
            ("only-trouble", "ctrl+z", "only trouble, or all"),
            ("mark", "space", "mark, unmark"),
            ("mark-range", "ctrl+@,ctrl+space", "mark from the last one"),
            ("mark-all", "asterisk", "mark all in the list"),
            ("unmark", "ctrl+backslash", "unmark all"),
            ("matrix", "m", "matrix: who can call whom"),
            ("denied", "d", "denied calls, one by one"),
            ("leave", "backspace", "back"),
            ("next-view", "tab", "next view, view before"),
            ("view-before", "shift+tab", "next view, view before"),
        ),
        *_of(
            Group.SORT,
            ("sort-left", "L", "left"),
            ("sort-state", "S", "state"),
            ("sort-name", "N", "name"),
            ("sort-namespace", "P", "namespace"),
            ("sort-target", "K", "kind"),
            ("sort-truths", "T", "truths"),
            ("sort-issuer", "I", "issuer"),
            ("sort-serial", "R", "serial"),
        ),
        *_of(
            Group.MOVE,
            ("down", "j,down", "down, up"),
            ("up", "k,up", "down, up"),
            ("page-down", "ctrl+f,pagedown", "page down"),
            ("page-up", "ctrl+b,pageup", "page up"),
            ("half-down", "ctrl+d", "half a page down, up"),
            ("half-up", "ctrl+u", "half a page down, up"),
            ("left", "h,left", "left"),
            ("right", "l,right", "right"),
            ("all-columns", "ctrl+w", "all columns, or as fit"),
            ("first", "g,home", "first, last"),
            ("last", "G,end", "first, last"),
        ),
        *_of(
            Group.ALWAYS,
            ("command", "colon", "command"),
            ("palette", "ctrl+p", "palette: all actions"),
            ("back", "escape,backspace", "back"),
            ("place-before", "left_square_bracket", "place before, after"),
            ("place-after", "right_square_bracket", "place before, after"),
            ("last-place", "minus", "last place, and back"),
            ("help", "question_mark", "help"),
            ("save", "ctrl+s", "save this view"),
            ("read-again", "ctrl+r", "read everything again"),
            ("redraw", "ctrl+l", "redraw the screen"),
            ("quit", "q", "quit"),
        ),
    )
}
"""By their names. Places that have digits are not among them."""

_CHARACTER_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where the toolkit's name of a key is not Unicode's name of the character."""
_NAMED = ("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown")
_KEY = re.compile(rf"((ctrl|alt|shift)\+)*([a-z]|{'|'.join(_NAMED)}|up|down|left|right|f[1-9]|f1[0-2])")
_SHORT = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "return": "enter"}
_KEPT = ("ctrl+c", "ctrl+q")
"""They always quit."""
_SHOWN = {"@": "space", "escape": "esc", "pagedown": "PgDn", "pageup": "PgUp"} | {
    name: character
    for character in map(chr, range(33, 127))
    if not character.isalnum()
    and (name := unicodedata.name(character).lower().replace("-", "_").replace(" ", "_"))
    and (name := _CHARACTER_NAMES.get(name, name))
}
_PUNCTUATION = {shown: name for name, shown in _SHOWN.items() if len(shown) == 1}


def shown_key(key: str) -> str:
    """A key as a person reads it: `ctrl-z`, `L`, `?`."""
    *held, last = key.split("+")
    return "-".join([*held, _SHOWN.get(last, last)])


def read_key(text: str) -> str:
    """A key as a person writes it, by the toolkit's name: `ctrl-z`, `shift-l` (`L`), `/`, `f5`.

    Raises UsageError for what is no key, or always means something else.
    """
    if text in _PUNCTUATION:
        return _PUNCTUATION[text]
    if len(text) == 1 and text.isascii() and text.isalpha():
        return text
    *held, last = re.split(r"[-+]", text.strip().lower())
    key = "+".join([*held, _SHORT.get(last, last)])
    if len(text) == 1 and text.isdigit():
        raise UsageError(f"{text!r} is a digit: digits lead to places and saved filters.")
    if not _KEY.fullmatch(key):
        raise UsageError(f"{text!r} is no key.", fix="Write it as x, X, ctrl-x, /, f5 or space.")
    if held == ["shift"] and len(last) == 1:
        return last.upper()
    if key in _KEPT:
        raise UsageError(f"{text!r} always quits.")
    return key


@dataclass(frozen=True)
class Keymap:
    """The keys that apply."""

    remapped: Mapping[str, str] = field(default_factory=dict)
    """By the names of actions: keys in place of those of the table."""

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of an action, by the toolkit's names."""
        return tuple(self.remapped.get(name, ACTIONS[name].keys).split(","))

    def shown(self, name: str) -> str:
        """The first of them, as a person reads it."""
        return shown_key(self.keys(name)[0])


def read_keymap(table: Mapping[str, Any]) -> tuple[Keymap, list[tuple[str, str]]]:
    """The keymap of a table `action = "key"` (or several, with commas), and what is wrong: names and sentences.

    A key that another action has is refused, unless that one gets another key too.
    """
    remapped: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for name, value in table.items():
        try:
            remapped[name] = _keys_of(name, value)
        except UsageError as error:
            problems.append((name, str(error)))
    while (clash := _clash(remapped)) is not None:
        name, key, other = clash
        del remapped[name]
        problems.append((name, f"{shown_key(key)!r} is the key of {other}. Give that one another key too."))
    return Keymap(remapped), problems


def _keys_of(name: str, value: Any) -> str:
    if name not in ACTIONS:
        raise UsageError(f"There is no such action. There are: {', '.join(ACTIONS)}.")
    if not isinstance(value, str) or not value:
        raise UsageError(f'{value!r} is no key. Write it as "x", "ctrl-x" or "f5".')
    parts = [value] if value == "," else [part.strip() or part for part in value.split(",")]
    return ",".join(read_key(part) for part in parts)


def _clash(remapped: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The first remap to a key of another action: its name, the key, the other's name."""
    keymap = Keymap(remapped)
    for name in remapped:
        for other, action in ACTIONS.items():
            # of different screens, like `back` and `clear`
            alike = set(ACTIONS[name].keys.split(",")) & set(action.keys.split(","))
            both = [key for key in keymap.keys(name) if key in keymap.keys(other)]
            if both and other != name and not alike:
                return name, both[0], other
    return None
