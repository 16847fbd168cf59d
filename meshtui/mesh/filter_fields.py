"""What a filter can ask of a thing by name: texts (`ns:pay*`), words that are so of it (`is:trouble`), numbers
(`count>100`) and times (`left<24h`, `left<10%`). Which names a kind of thing has stands in its table (`filters`).

A text that is asked for with `:` begins with the value, or holds it where the table says so; with a `*`, which
stands for anything, or with `=` the whole text is meant.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from meshtui.errors import UsageError
from meshtui.settings import parse_duration

T = TypeVar("T")
S = TypeVar("S")

Test = Callable[[T], bool]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING = re.compile(r"0+(ms|s|m|h|d)?", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class TextField(Generic[T]):
    """A field that is text; empty where a thing has none."""

    read: Callable[[T], str]
    holds: bool = False
    """Whether `:` means that the value occurs anywhere, rather than at the beginning."""
    parts: str = ""
    """What divides the text into several, of which one must fit."""
    values: tuple[str, ...] = ()
    """All there are, where that is known."""

    def about(self, of: Callable[[S], T]) -> TextField[S]:
        """The same of what has such a thing."""
        read = self.read
        return TextField(lambda item: read(of(item)), self.holds, self.parts, self.values)


@dataclass(frozen=True)
class WordField(Generic[T]):
    """A field whose values are words that are so of a thing or not."""

    words: Mapping[str, Test[T]]

    @property
    def values(self) -> tuple[str, ...]:
        """All there are."""
        return tuple(self.words)

    def about(self, of: Callable[[S], T]) -> WordField[S]:
        """The same of what has such a thing."""

        def over(test: Test[T]) -> Test[S]:
            return lambda item: test(of(item))

        return WordField({word: over(test) for word, test in self.words.items()})


@dataclass(frozen=True)
class NumberField(Generic[T]):
    """A field that is a number; None where a thing has none."""

    read: Callable[[T], float | None]

    def about(self, of: Callable[[S], T]) -> NumberField[S]:
        """The same of what has such a thing."""
        read = self.read
        return NumberField(lambda item: read(of(item)))


@dataclass(frozen=True)
class TimeField(Generic[T]):
    """A field that is a time from now, forward or back."""

    read: Callable[[T], datetime | None]
    forward: bool
    share: Callable[[T, datetime], float | None] | None = None
    """The same as a share of the lifetime, where that makes sense."""

    def about(self, of: Callable[[S], T]) -> TimeField[S]:
        """The same of what has such a thing."""
        read, share = self.read, self.share

        def over(item: S, now: datetime) -> float | None:
            return share(of(item), now) if share is not None else None

        return TimeField(lambda item: read(of(item)), self.forward, None if share is None else over)


Field = TextField[T] | WordField[T] | NumberField[T] | TimeField[T]


@dataclass(frozen=True)
class Language(Generic[T]):
    """What can be asked of the things of one kind."""

    text: Callable[[T], str]
    """All that words are sought in, in lower case."""
    fields: Mapping[str, Field[T]] = field(default_factory=dict)
    """By the names that a person types."""
    examples: str = 'reviews !denied "not found"'
    """Filters for who does not know yet what to type."""

    def about(self, of: Callable[[S], T]) -> Language[S]:
        """The same of what has such a thing."""
        text = self.text
        fields = {name: each.about(of) for name, each in self.fields.items()}
        return Language(lambda item: text(of(item)), fields, self.examples)

    @property
    def names(self) -> str:
        """The fields, each with the sign that it is mostly asked by: `ns: count< left<`."""
        sized = (NumberField, TimeField)
        return " ".join(f"{name}{'<' if isinstance(each, sized) else ':'}" for name, each in self.fields.items())


def text_test(field: TextField[T] | WordField[T], sign: str, value: str) -> Test[T]:
    """Whether a field fits; `value` is in lower case."""
    whole = sign == "=" or "*" in value
    if isinstance(field, WordField):
        like = glob(value if whole else f"{value}*")
        tests = [test for word, test in field.words.items() if like(word)]
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)
    read, parts = field.read, field.parts
    if whole:
        like = glob(value)
        return lambda item: any(map(like, read(item).casefold().split(parts))) if parts else like(read(item).casefold())
    if field.holds:
        return lambda item: value in read(item).casefold()
    if parts:
        beginning = f"{parts}{value}"
        return lambda item: beginning in f"{parts}{read(item)}".casefold()
    return lambda item: read(item).casefold().startswith(value)


def number_test(field: NumberField[T], sign: str, value: float) -> Test[T]:
    """Whether a field is this number, or lies on this side of it. Without a number: no."""
    compare: Callable[[Any, Any], bool] = COMPARISONS.get(sign, operator.eq)
    read = field.read
    return lambda item: (seen := read(item)) is not None and compare(seen, value)


def time_test(field: TimeField[T], sign: str, value: timedelta | float, now: datetime) -> Test[T]:
    """Whether a field lies on this side of a length of time, or of a share of the lifetime. Without a time: no."""
    compare = COMPARISONS[sign]
    if isinstance(value, timedelta):
        read, edge = field.read, now + value if field.forward else now - value
        if not field.forward:  # the longer ago, the smaller the moment
            compare = COMPARISONS[sign.translate(_TURNED)]
        return lambda item: (moment := read(item)) is not None and compare(moment, edge)
    share = field.share
    assert share is not None  # seen to by `amount`
    return lambda item: (part := share(item, now)) is not None and compare(part, value)


def amount(field: TimeField[Any], text: str) -> timedelta | float:
    """Read `24h` or `10%` (0.1); raises UsageError for anything else."""
    if match := _SHARE.fullmatch(text):
        if field.share is None or float(match[1]) > 100:
            raise UsageError(f"{text!r} is not a share of a lifetime.", fix="Write a time: 24h.")
        return float(match[1]) / 100
    return timedelta(0) if _NOTHING.fullmatch(text) else parse_duration(text)


def number(text: str) -> float | None:
    """Read `100` or `0.5`; None for anything else."""
    return float(text) if _NUMBER.fullmatch(text) else None


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text is like a pattern in which `*` stands for anything; no text is like nothing.

    Takes as long as the text is, however many stars there are.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: text == first
    *middle, last = rest

    def like(text: str) -> bool:
        at, until = len(first), len(text) - len(last)
        if not text or at > until or not text.startswith(first) or not text.endswith(last):
            return False
        for part in middle:
            at = text.find(part, at, until)
            if at < 0:
                return False
            at += len(part)
        return True

    return like


_TURNED = str.maketrans("<>", "><")
