"""The filter of lists, compiled once and asked of every item: words, `!words`, "quoted words" and fields.

    prod !reviews            both must hold: a space means AND
    ns:pay* left<24h         fields, see `filter_fields`
    !is:trouble "not found"

Which fields there are is told by the language of what is listed (`filters`); that of certificates goes without saying.

Nothing that can be typed is an error. What is unfinished waits, and hides no row meanwhile; a word that only looks
like a field is a word. What is odd about a filter is said in `problem`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, overload

from meshtui.errors import UsageError
from meshtui.mesh.filter_fields import (
    COMPARISONS,
    Field,
    Language,
    NumberField,
    Test,
    TextField,
    TimeField,
    WordField,
    amount,
    number,
    number_test,
    text_test,
    time_test,
)
from meshtui.mesh.filters.certificates import CERTIFICATES
from meshtui.mesh.rows import Row
from meshtui.mesh.words import Word, Words, split

_TERM = re.compile(r"([a-z]+)(<=|>=|[<>:=])(.*)", re.ASCII | re.DOTALL)

T = TypeVar("T")
Id = TypeVar("Id")
Id_contra = TypeVar("Id_contra", contravariant=True)
Found_co = TypeVar("Found_co", covariant=True)


class By(Protocol[Id_contra, Found_co]):
    """A list or a mapping: whatever finds a thing by what rows are numbered or named by."""

    def __getitem__(self, each: Id_contra, /) -> Found_co: ...


@dataclass(frozen=True)
class _FixedTerm(Generic[T]):
    negated: bool
    test: Test[T]


@dataclass(frozen=True)
class _TimeTerm(Generic[T]):
    negated: bool
    field: TimeField[T]
    sign: str
    value: timedelta | float


_Term = _FixedTerm[T] | _TimeTerm[T]


@dataclass(frozen=True)
class Filter(Generic[T]):
    """A filter, read once. It is true when it lets less than everything through."""

    language: Language[T]
    words: Words
    terms: tuple[_Term[T], ...] = ()
    problem: str = ""
    """What a person should know about what they typed, as a sentence; empty when all of it is understood."""

    @overload
    @classmethod
    def parse(cls, text: str) -> Filter[Row]: ...

    @overload
    @classmethod
    def parse(cls, text: str, language: Language[Id]) -> Filter[Id]: ...

    @classmethod
    def parse(cls, text: str, language: Language[Any] = CERTIFICATES) -> Filter[Any]:
        """Read a filter. Any text is one."""
        words, is_open = split(text)
        plain, terms, problems = [], [], []
        for word in words:
            term, problem = _term(word, language.fields)
            if problem:
                problems.append(problem)
            if isinstance(term, Word):
                plain.append(term)
            elif term is not None:
                terms.append(term)
        if is_open:
            problems.append("The quote is not closed: all that follows it is one word.")
        return Filter(language, Words.of(plain), tuple(terms), problems[0] if problems else "")

    def __bool__(self) -> bool:
        return bool(self.words or self.terms)

    @property
    def timed(self) -> bool:
        """Whether items begin and cease to match by the clock alone."""
        return any(isinstance(term, _TimeTerm) for term in self.terms)

    def at(self, now: datetime) -> Match[T]:
        """The filter at one moment."""
        tests = [
            (term.test if isinstance(term, _FixedTerm) else time_test(term.field, term.sign, term.value, now), term)
            for term in self.terms
        ]
        return Match(self.language.text, self.words, tuple((test, not term.negated) for test, term in tests))


@dataclass(frozen=True)
class Match(Generic[T]):
    """A filter at one moment, ready to be asked of many items. It is true when it lets less than everything through."""

    text: Callable[[T], str]
    """All that words are sought in."""
    words: Words
    tests: tuple[tuple[Test[T], bool], ...] = ()
    """Tests with what each must say."""

    def __bool__(self) -> bool:
        return bool(self.words or self.tests)

    def match(self, item: T, text: str | None = None) -> bool:
        """Whether an item matches; `text` is what words are sought in, for those who have it."""
        if not self.fits(item):
            return False
        return not self.words or self.words.in_text(self.text(item) if text is None else text)

    def fits(self, item: T) -> bool:
        """Whether an item is what the fields ask for, whatever the words say."""
        return all(test(item) is wanted for test, wanted in self.tests)

    def narrow(self, ids: Iterable[Id], rows: By[Id, T], texts: By[Id, str]) -> list[Id]:
        """Those of `ids` whose rows match, in the same order; `texts` has the text of each, if words are wanted.

        One tight loop after another: with 100,000 rows, a call of `match` for each would be felt at every keystroke.
        """
        ids = list(ids)
        for word in self.words.wanted:
            ids = [each for each in ids if word in texts[each]]
        for word in self.words.unwanted:
            ids = [each for each in ids if word not in texts[each]]
        for test, wanted in self.tests:
            ids = [each for each in ids if test(rows[each]) is wanted]
        return ids


def _term(word: Word, fields: Mapping[str, Field[T]]) -> tuple[_Term[T] | Word | None, str]:
    """What a word asks for (None: it waits), and what is odd about it."""
    match = _TERM.fullmatch(word.text)
    if match is None or match.start(3) > word.bare:
        return word, ""
    name, sign, value = match.groups()
    field = fields.get(name)
    if field is None:
        return word, _perhaps_meant(name, fields)
    if isinstance(field, TimeField):
        return _time_term(word, field, name, sign, value)
    if isinstance(field, NumberField):
        return _number_term(word, field, name, sign, value)
    return _text_term(word, field, name, sign, value)


def _text_term(
    word: Word, field: TextField[T] | WordField[T], name: str, sign: str, value: str
) -> tuple[_FixedTerm[T] | None, str]:
    if sign not in (":", "="):
        return None, f"{name} is not compared by size: write {name}:{value or 'TEXT'}."
    if not value:
        return None, f"{name}{sign} waits for a text."
    term = _FixedTerm(word.negated, text_test(field, sign, value))
    beginnings = [known for known in field.values if known.startswith(value)]
    if field.values and not beginnings and "*" not in value:
        return term, f"{value!r} is none of {name}: {', '.join(field.values)}."
    return term, ""


def _number_term(
    word: Word, field: NumberField[T], name: str, sign: str, value: str
) -> tuple[_FixedTerm[T] | None, str]:
    if not value:
        return None, f"{name}{sign} waits for a number."
    wanted = number(value)
    if wanted is None:
        return None, f"{name}{sign}{value} waits: {value!r} is no number."
    return _FixedTerm(word.negated, number_test(field, sign, wanted)), ""


def _time_term(word: Word, field: TimeField[T], name: str, sign: str, value: str) -> tuple[_TimeTerm[T] | None, str]:
    if sign not in COMPARISONS:
        return None, f"{name} is compared by size: write {name}<{value or '24h'}."
    if not value:
        return None, f"{name}{sign} waits for a time: 45s, 1h30m, 90d" + (", or 10%." if field.share else ".")
    try:
        return _TimeTerm(word.negated, field, sign, amount(field, value)), ""
    except UsageError as error:
        return None, f"{name}{sign}{value} waits: {error}"


def _perhaps_meant(name: str, fields: Iterable[str]) -> str:
    """A hint where an unknown field is nearly a known one; `spiffe://` and `localhost:` are words like any other."""
    near = difflib.get_close_matches(name, fields, n=1, cutoff=0.75)
    return f"{name!r} is no field and sought as a word; did you mean {near[0]}?" if near else ""
