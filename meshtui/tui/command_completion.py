"""What is offered and said while a command is typed: longer texts that begin with it, and what it wants. Pure.

Targets are completed from those at hand; of a large mesh `sought` says which others to ask its owner for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from meshtui.mesh.targets import TargetKind, has_target_form
from meshtui.preferences import THEMES
from meshtui.saved_filters import SORTS
from meshtui.tui.command_line import ALIASES, ON_TARGETS, PLAINTEXT, VERBS, Known, names, split, unknown
from meshtui.tui.places import Place

_PART = re.compile(r'[^"*!]+')
"""A beginning that can be asked for as it stands."""
_WORKLOAD = f"{TargetKind.WORKLOAD}/"


class _Wants(Enum):
    """What can stand where one is typing."""

    NOTHING = "nothing"
    ORDER = "order"
    THEME = "theme"
    NAMESPACE = "namespace"
    TARGET = "target"


def completions(text: str, known: Known) -> Iterator[str]:
    """Longer texts that begin with this one, the likeliest first."""
    word, rest = split(text)
    if not text[:1].strip() or text.startswith(":"):
        return
    if not re.search(r"\s", text):
        first_words = dict.fromkeys((*Place, *VERBS, *known.saved))
        yield from (str(each) for each in first_words if each.startswith(word) and each != word)
        return
    name, before, last, first = _argument(text)
    if rest.startswith("/") or not last:
        return
    yield from (
        before + each for each in _arguments(name, known, first=first) if each.startswith(last) and each != last
    )


def completed(text: str, known: Known) -> str:
    """The likeliest of them; empty when there is none."""
    return next(completions(text, known), "")


def sought(text: str) -> str:
    """The filter that finds the targets by which what is typed could be completed; empty where none can stand."""
    name, before, last, first = _argument(text)
    if not before.strip() or not last or not _PART.fullmatch(last):
        return ""
    wants = _wants(name, first=first)
    if wants is _Wants.NAMESPACE:
        return f"ns:{last}" if "/" not in last else ""
    if wants is not _Wants.TARGET:
        return ""
    if has_target_form(last):
        return f'"{last}"'
    if "/" in last:
        return f'kind:{TargetKind.WORKLOAD} "{last}"'
    is_kind = any(kind.startswith(last) for kind in TargetKind)
    return f"kind:{last}" if is_kind else f"kind:{TargetKind.WORKLOAD} ns:{last}"


def usage(text: str, known: Known) -> str:
    """What the command that is being typed wants, or that there is none; empty while that cannot be said."""
    word, _ = split(text)
    if not word:
        return f"{', '.join(ALIASES[place][0] for place in Place if place in ALIASES)}, {', '.join(VERBS)}"
    name = names().get(word.lower())
    if name is None:
        is_beginning = word in known.saved or completed(word, known)
        return "" if is_beginning else unknown(word, known)
    if name in tuple(Place):
        return f"{name}: NAMESPACE, /FILTER"
    return f"{name}: {VERBS[name][1]}"


def _wants(name: str, *, first: bool) -> _Wants:
    if name == "explain" or (name in ON_TARGETS and first):
        return _Wants.TARGET
    if not first:
        return _Wants.NOTHING
    if name == "sort":
        return _Wants.ORDER
    if name == "theme":
        return _Wants.THEME
    is_view = name in tuple(Place) and Place(name).view is not None
    return _Wants.NAMESPACE if name == "ns" or is_view else _Wants.NOTHING


def _arguments(name: str, known: Known, *, first: bool) -> Iterator[str]:
    match _wants(name, first=first):
        case _Wants.ORDER:
            yield from (sign + word for sign in ("", "-") for word in SORTS)
        case _Wants.THEME:
            yield from THEMES
        case _Wants.NAMESPACE:
            yield "all"
            yield from dict.fromkeys(parts[1] for target in known.targets() if len(parts := target.split("/")) == 3)
        case _Wants.TARGET:
            if name == "explain" and first:
                yield PLAINTEXT
            for target in known.targets():
                yield target
                if target.startswith(_WORKLOAD):  # which is also meant by its namespace and name alone
                    yield target.removeprefix(_WORKLOAD)


def _argument(text: str) -> tuple[str, str, str, bool]:
    """The command, what stands before the word that is being typed, that word, and whether it is the first one."""
    word, _ = split(text)
    last = re.split(r"\s", text)[-1]
    before = text[: len(text) - len(last)]
    return names().get(word.lower(), ""), before, last, not before.strip() or before.split() == [word]
