"""What can be typed behind `:`: read into commands, and completed while it is typed. Pure.

    :wl prod            a place, there a namespace
    :gw /expired        a place, there a filter
    :explain A B        whether A may call B
    :theme light        other colours

Nothing that can be typed is an error here: what is not understood is answered with a sentence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshtui.errors import UsageError
from meshtui.mesh.rows import Sort
from meshtui.mesh.targets import FORMS, has_target_form
from meshtui.preferences import THEMES
from meshtui.saved_filters import SORTS, read_sort
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
class Look:
    """Open a target, or verify it."""

    target: str
    verify: bool = False


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


Command = Go | InNamespace | Explain | Look | SortBy | Apply | Wear | Do | Wrong
PLAINTEXT = "plaintext"
ALL = ("all", "*", "0")
"""Every namespace."""
_ALIASES = {
    "overview": ("ov", "pulses"),
    "identities": ("id", "ids", "identity"),
    "workloads": ("wl", "workload"),
    "gateways": ("gw", "gateway"),
    "authorities": ("au", "ca", "authority"),
    "policies": ("pol", "policy"),
    "traffic": ("tr", "calls"),
    "audit": ("hist", "history"),
    "findings": ("fi", "finding"),
}
_VERBS: dict[str, tuple[tuple[str, ...], str]] = {
    "ns": (("namespace",), "NAMESPACE, or all"),
    "open": (("describe",), "TARGET"),
    "verify": (("v",), "TARGET"),
    "explain": (("may",), "SOURCE DESTINATION"),
    "sort": ((), "left, -left, state, issuer"),
    "theme": (("colors", "colours", "skin"), ", ".join(THEMES)),
    "trouble": (("faults",), "only trouble, or all"),
    "matrix": ((), "who can call whom"),
    "help": (("h",), "the keys that work here"),
    "quit": (("q", "q!", "exit"), "end the console"),
}
"""Commands that are no places, with other names and what follows them, or what they do."""
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
    """Asked for only where a target can stand."""


def parse(text: str, known: Known) -> Command | None:
    """Read what was typed; None for nothing."""
    word, rest = _split(text)
    if not word:
        return None
    if word in known.saved:
        return Apply(word)
    name = _names().get(word.lower())
    if name is None:
        return Wrong(_unknown(word, known))
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
    return target if isinstance(target, Wrong) else Look(target, verify=name == "verify")


def completions(text: str, known: Known) -> Iterator[str]:
    """Longer texts that begin with this one, the likeliest first."""
    word, rest = _split(text)
    if not text[:1].strip() or text.startswith(":"):
        return
    if not re.search(r"\s", text):
        names = dict.fromkeys((*Place, *_VERBS, *known.saved))
        yield from (str(name) for name in names if name.startswith(word) and name != word)
        return
    name = _names().get(word.lower(), "")
    last = re.split(r"\s", text)[-1]
    if rest.startswith("/") or not last:
        return
    before = text[: len(text) - len(last)]
    first = not before.strip() or before.split() == [word]
    yield from (
        before + each for each in _arguments(name, known, first=first) if each.startswith(last) and each != last
    )


def completed(text: str, known: Known) -> str:
    """The likeliest of them; empty when there is none."""
    return next(completions(text, known), "")


def usage(text: str, known: Known) -> str:
    """What the command that is being typed wants, or that there is none; empty while that cannot be said."""
    word, _ = _split(text)
    if not word:
        return f"{', '.join(_ALIASES[place][0] for place in Place if place in _ALIASES)}, {', '.join(_VERBS)}"
    name = _names().get(word.lower())
    if name is None:
        is_beginning = word in known.saved or completed(word, known)
        return "" if is_beginning else _unknown(word, known)
    if name in tuple(Place):
        return f"{name}: NAMESPACE, /FILTER"
    return f"{name}: {_VERBS[name][1]}"


def in_namespace(filter: str, namespace: str) -> str:  # noqa: A002 - what it is
    """A filter that asks for this namespace in place of others."""
    words = [word for word in _TOKEN.findall(filter) if not re.match(r"!?ns[:=]", word)]
    return " ".join([*([f"ns={namespace}"] if namespace else []), *words])


def _names() -> dict[str, str]:
    """Every word a command can begin with, and the command."""
    places = {alias: place.value for place in Place for alias in (place.value, *_ALIASES.get(place.value, ()))}
    return places | {alias: name for name, (aliases, _) in _VERBS.items() for alias in (name, *aliases)}


def _split(text: str) -> tuple[str, str]:
    word, *rest = text.strip().removeprefix(":").split(maxsplit=1) or [""]
    # `:gw/expired` is meant as `:gw /expired`
    name, slash, filter_ = word.partition("/")
    if slash and name.lower() in _names():
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


def _arguments(name: str, known: Known, *, first: bool) -> Iterator[str]:
    if name == "sort" and first:
        yield from (sign + word for sign in ("", "-") for word in SORTS)
    elif name == "theme" and first:
        yield from THEMES
    elif name == "ns" or (first and name in tuple(Place) and Place(name).view is not None):
        if first:
            yield "all"
            yield from dict.fromkeys(parts[1] for target in known.targets() if len(parts := target.split("/")) == 3)
    elif name == "explain":
        yield from (PLAINTEXT, *known.targets()) if first else known.targets()
    elif name in ("open", "verify") and first:
        yield from known.targets()


def _unknown(word: str, known: Known) -> str:
    near = difflib.get_close_matches(word.lower()[:40], (*_names(), *known.saved), n=1, cutoff=0.5)
    if near:
        meant = _names().get(near[0], near[0])
        return f"There is no command {word!r}. Did you mean :{meant}?"
    return f"There is no command {word!r}. :help shows what there is."


_READERS: dict[str, Callable[[Sequence[str]], Command]] = {
    "ns": _narrow,
    "sort": _sort,
    "theme": _wear,
    "explain": _explain,
}
"""Verbs whose arguments are of a kind of their own; those of the others are one target."""
