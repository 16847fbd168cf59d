"""Bindings made of the table of actions (`meshtui.keymap`), and the groups by which help puts them in order."""

from __future__ import annotations

from textual.binding import Binding

from meshtui.keymap import ACTIONS, Group

_GROUPS = {group: Binding.Group(group.value) for group in Group}
THIS_ROW = _GROUPS[Group.THIS_ROW]
THE_LIST = _GROUPS[Group.THE_LIST]
SORT = _GROUPS[Group.SORT]
VIEWS = _GROUPS[Group.VIEWS]
MOVE = _GROUPS[Group.MOVE]
ALWAYS = _GROUPS[Group.ALWAYS]

GROUPS = tuple(_GROUPS.values())
"""In the order in which help shows them; a binding without a group is not shown."""


def bound(name: str, run: str = "", text: str = "") -> Binding:
    """The binding of an action, which can be put on another key; `run` and `text` where a screen says it otherwise."""
    action = ACTIONS[name]
    return Binding(
        action.keys, run or name.replace("-", "_"), text or action.text, id=name, group=_GROUPS[action.group]
    )
