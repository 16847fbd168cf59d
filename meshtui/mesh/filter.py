"""The filter of lists, compiled once and asked of every row: words, `!words`, "quoted words" and fields.

    prod !reviews            both must hold: a space means AND
    ns:pay* left<24h         fields, see `filter_fields`
    !is:trouble "not found"

Nothing that can be typed is an error. What is unfinished waits, and hides no row meanwhile; a word that only looks
like a field is a word. What is odd about a filter is said in `problem`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from meshtui.errors import UsageError
from meshtui.mesh.filter_fields import (
    COMPARISONS,
    FIELDS,
    Test,
    TextField,
    TimeField,
    WordField,
    amount,
    text_test,
    time_test,
)
from meshtui.mesh.rows import Row
from meshtui.mesh.words import Word, Words, split

_TERM = re.compile(r"([a-z]+)(<=|>=|[<>:=])(.*)", re.ASCII | re.DOTALL)


Id = TypeVar("Id")
Id_contra = TypeVar("Id_contra", contravariant=True)
Found_co = TypeVar("Found_co", covariant=True)


class By(Protocol[Id_contra, Found_co]):
    """A list or a mapping: whatever finds a thing by what rows are numbered or named by."""

    def __getitem__(self, each: Id_contra, /) -> Found_co: ...


@dataclass(frozen=True)
class _TextTerm:
    negated: bool
    test: Test


@dataclass(frozen=True)
class _TimeTerm:
    negated: bool
    field: TimeField
    sign: str
    value: timedelta | float


@dataclass(frozen=True)
class Filter:
    """A filter, read once. It is true when it lets less than everything through."""

    words: Words
    terms: tuple[_TextTerm | _TimeTerm, ...] = ()
    problem: str = ""
    """What a person should know about what they typed, as a sentence; empty when all of it is understood."""

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Read a filter. Any text is one."""
        words, is_open = split(text)
        plain, terms, problems = [], [], []
        for word in words:
            term, problem = _term(word)
            if problem:
                problems.append(problem)
            if isinstance(term, Word):
                plain.append(term)
            elif term is not None:
                terms.append(term)
        if is_open:
            problems.append("The quote is not closed: all that follows it is one word.")
        return cls(Words.of(plain), tuple(terms), problems[0] if problems else "")

    def __bool__(self) -> bool:
        return bool(self.words or self.terms)

    @property
    def timed(self) -> bool:
        """Whether rows begin and cease to match by the clock alone."""
        return any(isinstance(term, _TimeTerm) for term in self.terms)

    def at(self, now: datetime) -> Match:
        """The filter at one moment."""
        tests = [
            (term.test if isinstance(term, _TextTerm) else time_test(term.field, term.sign, term.value, now), term)
            for term in self.terms
        ]
        return Match(self.words, tuple((test, not term.negated) for test, term in tests))


@dataclass(frozen=True)
class Match:
    """A filter at one moment, ready to be asked of many rows. It is true when it lets less than everything through."""

    words: Words
    tests: tuple[tuple[Test, bool], ...] = ()
    """Tests with what each must say."""

    def __bool__(self) -> bool:
        return bool(self.words or self.tests)

    def match(self, row: Row, text: str | None = None) -> bool:
        """Whether a row matches; `text` is its `text_of`, for those who have it."""
        for test, wanted in self.tests:
            if test(row) is not wanted:
                return False
        return not self.words or self.words.in_text(text_of(row) if text is None else text)

    def narrow(self, ids: Iterable[Id], rows: By[Id, Row], texts: By[Id, str]) -> list[Id]:
        """Those of `ids` whose rows match, in the same order; `texts` has the `text_of` each, if words are wanted.

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


def text_of(row: Row) -> str:
    """All that words are sought in, in lower case; worth keeping by those who filter the same rows again and again."""
    # NUL between the fields: a word must be found inside one of them, not across two
    return "\0".join((row.target, row.identity, row.state, row.serial, row.served_serial, row.last_error)).casefold()


def _term(word: Word) -> tuple[_TextTerm | _TimeTerm | Word | None, str]:
    """What a word asks for (None: it waits), and what is odd about it."""
    match = _TERM.fullmatch(word.text)
    if match is None or match.start(3) > word.bare:
        return word, ""
    name, sign, value = match.groups()
    field = FIELDS.get(name)
    if field is None:
        return word, _perhaps_meant(name)
    if isinstance(field, TimeField):
        return _time_term(word, field, name, sign, value)
    return _text_term(word, field, name, sign, value)


def _text_term(
    word: Word, field: TextField | WordField, name: str, sign: str, value: str
) -> tuple[_TextTerm | None, str]:
    if sign not in (":", "="):
        return None, f"{name} is not compared by size: write {name}:{value or 'TEXT'}."
    if not value:
        return None, f"{name}{sign} waits for a text."
    term = _TextTerm(word.negated, text_test(field, sign, value))
    beginnings = [known for known in field.values if known.startswith(value)]
    if field.values and not beginnings and "*" not in value:
        return term, f"{value!r} is none of {name}: {', '.join(field.values)}."
    return term, ""


def _time_term(word: Word, field: TimeField, name: str, sign: str, value: str) -> tuple[_TimeTerm | None, str]:
    if sign not in COMPARISONS:
        return None, f"{name} is compared by size: write {name}<{value or '24h'}."
    if not value:
        return None, f"{name}{sign} waits for a time: 45s, 1h30m, 90d" + (", or 10%." if field.share else ".")
    try:
        return _TimeTerm(word.negated, field, sign, amount(field, value)), ""
    except UsageError as error:
        return None, f"{name}{sign}{value} waits: {error}"


def _perhaps_meant(name: str) -> str:
    """A hint where an unknown field is nearly a known one; `spiffe://` and `localhost:` are words like any other."""
    near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.75)
    return f"{name!r} is no field and sought as a word; did you mean {near[0]}?" if near else ""
