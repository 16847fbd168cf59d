"""What can be typed behind `:`, read into commands. Pure; what is offered while it is typed is `command_completion`.

    :wl prod            a place, there a namespace
    :gw /expired        a place, there a filter
    :explain A B        whether A may call B
    :rotate TARGET      what a key does to the row of a target
    :theme light        other colours

Nothing that can be typed is an error here: what is not understood is answered with a sentence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from meshtui.errors import UsageError
from meshtui.mesh.rows import Sort
from meshtui.mesh.targets import FORMS, has_target_form
from meshtui.preferences import THEMES
from meshtui.saved_filters import read_sort
from meshtui.tui.places import Place


@dataclass(frozen=True)
class Go:
    """Go to a place, and show there what a filter lets through."""

    place: Place
    filter: str = ""


@dataclass(frozen=True)
class InNamespace:
    """Only one namespace, wherever one is; empty for all."""

    namespace: str


@dataclass(frozen=True)
class Explain:
    """May the source call the destination?"""

    source: str
    destination: str


@dataclass(frozen=True)
class Act:
    """Do to a target what a key does to its row."""

    verb: str
    target: str


@dataclass(frozen=True)
class SortBy:
    """Another order."""

    sort: Sort
    descending: bool


@dataclass(frozen=True)
class Apply:
    """A saved filter."""

    name: str


@dataclass(frozen=True)
class Wear:
    """Other colours, by the name of a theme."""

    theme: str


@dataclass(frozen=True)
class Do:
    """What a key does too, by the name of the action."""

    action: str


@dataclass(frozen=True)
class Wrong:
    """Why nothing is done, as a sentence."""

    text: str


Command = Go | InNamespace | Explain | Act | SortBy | Apply | Wear | Do | Wrong
PLAINTEXT = "plaintext"
ALL = ("all", "*", "0")
"""Every namespace."""
ALIASES = {
    "overview": ("ov", "pulses"),
    "identities": ("id", "ids", "identity"),
    "workloads": ("wl", "wls", "workload"),
    "gateways": ("gw", "gws", "gateway"),
    "authorities": ("au", "ca", "cas", "authority"),
    "policies": ("pol", "policy"),
    "traffic": ("tr", "calls"),
    "audit": ("hist", "history"),
    "findings": ("fi", "finding"),
}
VERBS: dict[str, tuple[tuple[str, ...], str]] = {
    "ns": (("namespace",), "NAMESPACE, or all"),
    "open": (("describe",), "TARGET"),
    "verify": (("v",), "TARGET"),
    "issue": ((), "TARGET"),
    "rotate": ((), "TARGET"),
    "undo": ((), "TARGET of a gateway"),
    "fix": ((), "TARGET"),
    "explain": (("may",), "SOURCE DESTINATION"),
    "sort": ((), "left, -left, state, issuer"),
    "theme": (("colors", "colours", "skin"), ", ".join(THEMES)),
    "trouble": (("faults",), "only trouble, or all"),
    "matrix": ((), "who can call whom"),
    "help": (("h",), "the keys that work here"),
    "quit": (("q", "q!", "exit"), "end the console"),
}
"""Commands that are no places, with other names and what follows them, or what they do."""
ON_TARGETS = ("open", "verify", "issue", "rotate", "undo", "fix")
"""Those that are followed by a target."""
_DOES = {"trouble": "only-trouble", "matrix": "matrix", "help": "help", "quit": "quit"}
_NAMESPACE = re.compile(r"[a-z0-9*]([-a-z0-9*]{0,62})", re.ASCII)
_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
"""A word of a filter, with the spaces that stand in quotes."""


@dataclass(frozen=True)
class Known:
    """What there is to be named."""

    saved: tuple[str, ...] = ()
    """Names of saved filters."""
    targets: Callable[[], Iterable[str]] = tuple
    """Those at hand; asked for only where a target can stand."""


def parse(text: str, known: Known) -> Command | None:
    """Read what was typed; None for nothing."""
    word, rest = split(text)
    if not word:
        return None
    if word in known.saved:
        return Apply(word)
    name = names().get(word.lower())
    if name is None:
        return Wrong(unknown(word, known))
    if name in tuple(Place):
        return _go(Place(name), rest)
    if name in _DOES:
        return Do(_DOES[name])
    args = rest.split()
    if name in _READERS:
        return _READERS[name](args)
    if len(args) != 1:
        return Wrong(f":{name} needs one target: {FORMS}.")
    target = _target(args[0])
    return target if isinstance(target, Wrong) else Act(name, target)


def in_namespace(filter: str, namespace: str) -> str:  # noqa: A002 - what it is
    """A filter that asks for this namespace in place of others."""
    words = [word for word in _TOKEN.findall(filter) if not re.match(r"!?ns[:=]", word)]
    return " ".join([*([f"ns={namespace}"] if namespace else []), *words])


def names() -> dict[str, str]:
    """Every word a command can begin with, and the command."""
    places = {alias: place.value for place in Place for alias in (place.value, *ALIASES.get(place.value, ()))}
    return places | {alias: name for name, (aliases, _) in VERBS.items() for alias in (name, *aliases)}


def split(text: str) -> tuple[str, str]:
    """The first word, and all that follows it."""
    word, *rest = text.strip().removeprefix(":").split(maxsplit=1) or [""]
    # `:gw/expired` is meant as `:gw /expired`
    name, slash, filter_ = word.partition("/")
    if slash and name.lower() in names():
        return name, " ".join([slash + filter_, *rest])
    return word, rest[0] if rest else ""


def _go(place: Place, rest: str) -> Go:
    word, *more = rest.split(maxsplit=1) or [""]
    if rest.startswith("/"):
        return Go(place, rest[1:].strip())
    after = more[0].strip().removeprefix("/").strip() if more else ""
    if word in ALL:
        return Go(place, after)
    if place.view is not None and _NAMESPACE.fullmatch(word):
        return Go(place, f"ns={word} {after}".strip())
    return Go(place, f"{word} {after}".strip())


def _narrow(args: Sequence[str]) -> Command:
    return InNamespace("" if not args or args[0] in ALL else args[0])


def _sort(args: Sequence[str]) -> Command:
    try:
        return SortBy(*read_sort(args[0] if args else ""))
    except UsageError as error:
        return Wrong(str(error))


def _wear(args: Sequence[str]) -> Command:
    (theme,) = args[:1] or [""]
    if theme not in THEMES:
        return Wrong(f"{theme!r} is no theme. There are: {', '.join(THEMES)}.")
    return Wear(theme)


def _explain(args: Sequence[str]) -> Command:
    if len(args) != 2:
        return Wrong(":explain needs a source, which may be plaintext, and a destination.")
    source = PLAINTEXT if args[0] == PLAINTEXT else _target(args[0])
    destination = _target(args[1])
    if isinstance(source, Wrong):
        return source
    return destination if isinstance(destination, Wrong) else Explain(source, destination)


def _target(word: str) -> str | Wrong:
    """A target; `prod/reviews` is a workload."""
    if has_target_form(word):
        return word
    if word.count("/") == 1 and all(word.split("/")):
        return f"workload/{word}"
    return Wrong(f"{word!r} is not a target. A target is {FORMS}.")


def unknown(word: str, known: Known) -> str:
    """That there is no such command, and which one was perhaps meant."""
    near = difflib.get_close_matches(word.lower()[:40], (*names(), *known.saved), n=1, cutoff=0.5)
    if near:
        meant = names().get(near[0], near[0])
        return f"There is no command {word!r}. Did you mean :{meant}?"
    return f"There is no command {word!r}. :help shows what there is."


_READERS: dict[str, Callable[[Sequence[str]], Command]] = {
    "ns": _narrow,
    "sort": _sort,
    "theme": _wear,
    "explain": _explain,
}
"""Verbs whose arguments are of a kind of their own; those of the others are one target."""
