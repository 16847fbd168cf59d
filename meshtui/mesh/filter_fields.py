"""What a filter can ask of a row by name: texts (`ns:pay*`), and times (`left<24h`, `left<10%`).

A text that is asked for with `:` begins with the value, or holds it where the table says so; with a `*`, which
stands for anything, or with `=` the whole text is meant.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshtui.errors import UsageError
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.targets import TargetKind
from meshtui.mesh.trouble import in_trouble
from meshtui.settings import parse_duration

Test = Callable[[Row], bool]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING = re.compile(r"0+(ms|s|m|h|d)?", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%", re.ASCII)


@dataclass(frozen=True)
class TextField:
    """A field that is text; empty where a row has none."""

    read: Callable[[Row], str]
    holds: bool = False
    """Whether `:` means that the value occurs anywhere, rather than at the beginning."""
    parts: str = ""
    """What divides the text into several, of which one must fit."""
    values: tuple[str, ...] = ()
    """All there are, where that is known."""


@dataclass(frozen=True)
class WordField:
    """A field whose values are words that are so of a row or not."""

    words: dict[str, Test]

    @property
    def values(self) -> tuple[str, ...]:
        """All there are."""
        return tuple(self.words)


@dataclass(frozen=True)
class TimeField:
    """A field that is a time from now, forward or back."""

    read: Callable[[Row], datetime | None]
    forward: bool
    share: Callable[[Row, datetime], float | None] | None = None
    """The same as a share of the lifetime, where that makes sense."""


def text_test(field: TextField | WordField, sign: str, value: str) -> Test:
    """Whether a field fits; `value` is in lower case."""
    whole = sign == "=" or "*" in value
    if isinstance(field, WordField):
        like = glob(value if whole else f"{value}*")
        tests = [test for word, test in field.words.items() if like(word)]
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)
    read, parts = field.read, field.parts
    if whole:
        like = glob(value)
        return lambda row: any(map(like, read(row).casefold().split(parts))) if parts else like(read(row).casefold())
    if field.holds:
        return lambda row: value in read(row).casefold()
    if parts:
        beginning = f"{parts}{value}"
        return lambda row: beginning in f"{parts}{read(row)}".casefold()
    return lambda row: read(row).casefold().startswith(value)


def time_test(field: TimeField, sign: str, value: timedelta | float, now: datetime) -> Test:
    """Whether a field lies on this side of a length of time, or of a share of the lifetime. Without a time: no."""
    compare = COMPARISONS[sign]
    if isinstance(value, timedelta):
        read, edge = field.read, now + value if field.forward else now - value
        if not field.forward:  # the longer ago, the smaller the moment
            compare = COMPARISONS[sign.translate(_TURNED)]
        return lambda row: (moment := read(row)) is not None and compare(moment, edge)
    share = field.share
    assert share is not None  # seen to by `amount`
    return lambda row: (part := share(row, now)) is not None and compare(part, value)


def amount(field: TimeField, text: str) -> timedelta | float:
    """Read `24h` or `10%` (0.1); raises UsageError for anything else."""
    if match := _SHARE.fullmatch(text):
        if field.share is None or float(match[1]) > 100:
            raise UsageError(f"{text!r} is not a share of a lifetime.", fix="Write a time: 24h.")
        return float(match[1]) / 100
    return timedelta(0) if _NOTHING.fullmatch(text) else parse_duration(text)


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


def _namespace(row: Row) -> str:
    parts = row.target.split("/")
    return parts[1] if len(parts) == 3 else ""


def _account(row: Row) -> str:
    return row.identity.rpartition("/sa/")[2] if row.identity.startswith("spiffe://") else ""


def _hosts(row: Row) -> str:
    return row.identity if row.target.startswith(f"{TargetKind.GATEWAY}/") else ""


def _rotating(row: Row) -> bool:
    return row.step is not None or row.state is RotationState.ROTATING


def _left_share(row: Row, now: datetime) -> float | None:
    if row.not_after is None or row.issued_at is None or row.not_after <= row.issued_at:
        return None
    return (row.not_after - now) / (row.not_after - row.issued_at)


def _age_share(row: Row, now: datetime) -> float | None:
    left = _left_share(row, now)
    return None if left is None else 1 - left


FIELDS: dict[str, TextField | WordField | TimeField] = {
    "ns": TextField(_namespace),
    "name": TextField(lambda row: row.target.rpartition("/")[2]),
    "kind": TextField(lambda row: row.target.partition("/")[0], values=tuple(TargetKind)),
    "state": TextField(lambda row: row.state, values=tuple(RotationState)),
    "is": WordField(
        {
            "trouble": in_trouble,
            "disagreement": lambda row: bool(row.disagreement),
            "risk": lambda row: row.at_risk,
            "manual": lambda row: row.manual,
            "rotating": _rotating,
        }
    ),
    "sa": TextField(_account),
    "serial": TextField(lambda row: f"{row.serial} {row.served_serial}", parts=" "),
    "host": TextField(_hosts, holds=True, parts=", "),
    "issuer": TextField(lambda row: row.issuer, holds=True),
    "error": TextField(lambda row: row.last_error, holds=True),
    "left": TimeField(lambda row: row.not_after, forward=True, share=_left_share),
    "age": TimeField(lambda row: row.issued_at, forward=False, share=_age_share),
    "due": TimeField(lambda row: row.due_at, forward=True),
}
"""All there are. `due` is the time until the rotation is due: below zero when it should have been."""
