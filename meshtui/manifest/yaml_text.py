"""YAML text in, JSON-like values out, within bounds: size, depth, and what aliases expand to.

Text comes from people and from sockets, so it is measured by its events, which cost little, before any
value is built. Accepted is what also fits JSON; timestamps stay text, and a field written twice is an
error rather than a silent choice. Knows nothing of kinds and fields.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml

TEXT_MAX = 16 * 1024 * 1024
"""Characters of one input, all documents together."""
NODES_MAX = 200_000
"""Scalars, lists and mappings of one document, aliases expanded."""
DEPTH_MAX = 60
"""Levels of one document, aliases expanded."""

_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Loaded:
    """One document of an input: a value, or why there is none."""

    number: int
    """Counted from 1; empty documents do not count."""
    value: Any
    problem: str = ""


class _JsonLoader(_BASE):  # type: ignore[misc]  # the C loader exists only where libyaml does
    """Builds only what JSON can say."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TAG + "timestamp"]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012 - PyYAML's own class attribute
        tag: build
        for tag, build in _BASE.yaml_constructors.items()
        if tag is None or tag.removeprefix(_TAG) in ("null", "bool", "int", "float", "str", "seq", "map")
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.removeprefix(_TAG) not in ("str", "int", "merge"):
                raise yaml.constructor.ConstructorError(None, None, "a field name is not text", key.start_mark)
            name = str(self.construct_object(key)) if key.tag == _TAG + "int" else key.value
            if name in seen:
                reason = f"two fields of one object are named {name[:60]!r}"
                raise yaml.constructor.ConstructorError(None, None, reason, key.start_mark)
            seen.add(name)
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        # as kubectl reads them: Istio's own examples have bare ports for names
        return {str(name): value for name, value in built.items()}


def _number(loader: Any, node: yaml.ScalarNode) -> int | float:
    build = loader.construct_yaml_int if node.tag == _TAG + "int" else loader.construct_yaml_float
    try:
        value: int | float = build(node)
    except ValueError:  # thousands of digits, or an explicit tag on what is no number
        value = math.inf
    if not -(2**63) <= value < 2**63:
        raise yaml.constructor.ConstructorError(None, None, "not a number, or out of range", node.start_mark)
    return value


_JsonLoader.add_constructor(_TAG + "int", _number)
_JsonLoader.add_constructor(_TAG + "float", _number)


def load(text: str) -> Iterator[Loaded]:
    """Every document of an input that is not empty. One that cannot be read does not stop the ones after it."""
    if len(text) > TEXT_MAX:
        yield Loaded(1, None, f"the input has {len(text)} characters; at most {TEXT_MAX} are accepted")
        return
    for number, (line, piece) in enumerate(_pieces(text), start=1):
        try:
            _measure(piece)
            value = yaml.load(piece, Loader=_JsonLoader)  # noqa: S506 - a loader stricter than SafeLoader
        except yaml.YAMLError as error:
            yield Loaded(number, None, _reason(error, line))
        except (ValueError, RecursionError, OverflowError) as error:
            yield Loaded(number, None, f"cannot be read: {error}")
        else:
            yield Loaded(number, value)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Split at `---`, which at the start of a line is a document marker everywhere, even inside a block of text."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text)), len(text)]
    directives, line = "", 0
    for start, end in pairwise(starts):
        piece = directives + text[start:end]
        first_line = line - directives.count("\n")
        line += text.count("\n", start, end)
        if _has_content(piece):
            yield first_line, piece
            directives = ""
        else:
            # %YAML and %TAG belong to the document after them
            directives = piece if re.search(r"^%", piece, re.MULTILINE) else ""


def _has_content(piece: str) -> bool:
    lines = piece.removeprefix("---").splitlines()
    return any(line.strip() and line.lstrip()[0] not in "#%" and line.strip() != "..." for line in lines)


@dataclass
class _Size:
    """How large a value is with its aliases expanded."""

    nodes: int = 1
    levels: int = 1
    anchor: str = ""

    def add(self, inner: _Size) -> None:
        self.nodes += inner.nodes
        self.levels = max(self.levels, inner.levels + 1)


def _measure(piece: str) -> None:
    """Raise ValueError when the document is too large, too deep, or contains itself."""
    anchored: dict[str, _Size] = {}
    open_ = [_Size()]
    for event in yaml.parse(piece, Loader=_BASE):
        if isinstance(event, yaml.CollectionStartEvent):
            anchored.pop(event.anchor or "", None)
            open_.append(_Size(anchor=event.anchor or ""))
        elif isinstance(event, yaml.CollectionEndEvent | yaml.ScalarEvent | yaml.AliasEvent):
            size = _size(event, open_, anchored)
            open_[-1].add(size)
            if open_[-1].nodes > NODES_MAX:
                raise ValueError(f"more than {NODES_MAX} values")
        if len(open_) + open_[-1].levels > DEPTH_MAX:
            raise ValueError(f"more than {DEPTH_MAX} levels")


def _size(event: yaml.Event, open_: list[_Size], anchored: dict[str, _Size]) -> _Size:
    """The size of the value that ends with this event."""
    anchor = getattr(event, "anchor", None) or ""
    if isinstance(event, yaml.AliasEvent):
        if anchor not in anchored:
            raise ValueError(f"the alias *{anchor[:60]} stands for nothing before it, or for itself")
        return anchored[anchor]
    size = open_.pop() if isinstance(event, yaml.CollectionEndEvent) else _Size(anchor=anchor)
    if size.anchor:
        anchored[size.anchor] = size
    return size


def _reason(error: yaml.YAMLError, first_line: int) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    where = f"line {first_line + mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}cannot be read: {reason}"
