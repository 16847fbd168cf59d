"""Reads the fields of a document one by one and collects every problem with its path.

A reader never stops at the first problem: a field that is wrong is noted and reads as its default, and
whoever started the reading refuses the document when anything was noted. What is left over when a
mapping is closed is an unknown field. Values of fields are shown shortened and escaped, and not at all
where they may be secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import TracebackType
from typing import Any, Self

ITEMS_MAX = 10_000
"""Elements of one list; more is a mistake, or an attack."""

Check = Callable[[str], str]
"""Why a text is wrong, or an empty text."""


def shown(value: object) -> str:
    """A value for a message: escaped and cut short."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:56] + '…"'


class Fields:
    """One mapping of a document. Use as a context manager: on leaving, unknown fields are noted."""

    def __init__(self, content: object, path: str, problems: list[str]) -> None:
        self._path = path
        self._problems = problems
        self._known: set[str] = set()
        self._content: Mapping[str, Any] = {}
        if isinstance(content, Mapping):
            self._content = content
        elif content is not None:
            problems.append(f"{path}: expected an object, found {shown(content)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name in sorted(self._content.keys() - self._known):
                close = get_close_matches(name, self._known, n=1)
                self.problem(name, "unknown field" + (f"; did you mean {close[0]}?" if close else ""))

    def path(self, name: str) -> str:
        """Where a field stands in its document."""
        plain = name.replace("_", "").replace("-", "").isalnum()
        if not plain:
            return f"{self._path}[{json.dumps(name)}]"
        return f"{self._path}.{name}" if self._path else name

    def problem(self, name: str, reason: str) -> None:
        """Note what is wrong with one field."""
        self._problems.append(f"{self.path(name)}: {reason}")

    def has(self, name: str) -> bool:
        """Whether the field is there and not null. Asking makes it a known one."""
        self._known.add(name)
        return self._content.get(name) is not None

    def ignore(self, *names: str) -> None:
        """Fields that mean nothing here and change nothing about who may do what."""
        self._known.update(names)

    def unsupported(self, *names: str, why: str = "") -> None:
        """Fields that would change something, if they were set to anything but false, zero or empty."""
        self._known.update(names)
        for name in names:
            if self._content.get(name):
                self.problem(name, "valid elsewhere but not supported here" + (f": {why}" if why else ""))

    def text(
        self,
        name: str,
        default: str = "",
        *,
        required: bool = False,
        choices: Sequence[str] = (),
        elsewhere: Sequence[str] = (),
        check: Check | None = None,
    ) -> str:
        """A text; one of `choices` if there are any. `elsewhere` are choices that only other meshes support."""
        value = self._take(name, required=required)
        if value is None:
            return default
        if not isinstance(value, str):
            hint = "; put it in quotes" if isinstance(value, bool | int | float) else ""
            self.problem(name, f"expected text, found {shown(value)}{hint}")
            return default
        if required and not value:
            self.problem(name, "must not be empty")
            return default
        if value in elsewhere:
            self.problem(name, f"{value} is valid elsewhere but not supported here; use {' or '.join(choices)}")
            return default
        if choices and value not in choices:
            self.problem(name, f"expected one of {', '.join(choices)}, found {shown(value)}")
            return default
        if check and value and (reason := check(value)):
            self.problem(name, f"{reason}; found {shown(value)}")
            return default
        return value

    def integer(self, name: str, default: int = 0, *, required: bool = False, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(name, required=required)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.problem(name, f"expected a whole number from {low} to {high}, found {shown(value)}")
            return default
        return value

    def port(self, name: str, default: int = 0, *, required: bool = False) -> int:
        """A port number."""
        return self.integer(name, default, required=required, low=1, high=65535)

    def boolean(self, name: str) -> bool:
        """True or false; false when it is not there."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.problem(name, f"expected true or false, found {shown(value)}")
        return False

    def raw(self, name: str) -> Any:
        """Whatever is there, unchecked."""
        return self._take(name)

    def mapping(self, name: str, *, required: bool = False) -> Fields:
        """A nested object; an empty one when it is not there."""
        return Fields(self._take(name, required=required), self.path(name), self._problems)

    def items(self, name: str, *, required: bool = False) -> Iterator[Fields]:
        """The objects of a list."""
        for index, value in enumerate(self._list(name, required=required)):
            path = f"{self.path(name)}[{index}]"
            if not isinstance(value, Mapping):
                self._problems.append(f"{path}: expected an object, found {shown(value)}")
            else:
                yield Fields(value, path, self._problems)

    def texts(self, name: str, *, required: bool = False, check: Check | None = None) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self._checked_texts(name, required=required, check=check))

    def text_map(self, name: str, *, key: Check | None = None, value: Check | None = None) -> dict[str, str]:
        """An object whose values are all texts, such as labels."""
        found: dict[str, str] = {}
        with self.mapping(name) as inner:
            for item in tuple(inner.names()):
                if key and (reason := key(item)):
                    inner.ignore(item)
                    inner.problem(item, reason)
                else:
                    found[item] = inner.text(item, check=value)
        return found

    def names(self) -> Iterable[str]:
        """Names of all fields that are there."""
        return self._content.keys()

    def _take(self, name: str, *, required: bool = False) -> Any:
        self._known.add(name)
        value = self._content.get(name)
        if value is None and required:
            self.problem(name, "required, and missing")
        return value

    def _list(self, name: str, *, required: bool) -> list[object]:
        value = self._take(name, required=required)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(name, f"expected a list, found {shown(value)}")
            return []
        if required and not value:
            self.problem(name, "must not be empty")
        if len(value) > ITEMS_MAX:
            self.problem(name, f"has {len(value)} elements; at most {ITEMS_MAX} are accepted")
        return value[:ITEMS_MAX]

    def _checked_texts(self, name: str, *, required: bool, check: Check | None) -> Iterator[str]:
        for index, value in enumerate(self._list(name, required=required)):
            path = f"{self.path(name)}[{index}]"
            if not isinstance(value, str):
                self._problems.append(f"{path}: expected text, found {shown(value)}")
            elif reason := check(value) if check else "":
                self._problems.append(f"{path}: {reason}; found {shown(value)}")
            else:
                yield value
