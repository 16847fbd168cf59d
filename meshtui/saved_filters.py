"""Filters that a person saved under a name, as settings write them. Pure.

[filters]
prod = "ns:prod"

[filters.overdue]
filter = "is:trouble"
place = "workloads"
digit = 8
sort = "-state"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshtui.errors import UsageError
from meshtui.mesh.filter import Filter
from meshtui.mesh.rows import Sort, View

PLACES = ("identities", "workloads", "gateways", "authorities", "policies", "traffic", "audit", "findings")
"""Where there is a list that can be filtered."""
SORTS = {"left": Sort.EXPIRY, "kind": Sort.TARGET} | {sort.value: sort for sort in Sort}
"""What a person calls the orders."""
_PARTS = ("filter", "place", "digit", "sort")
LONGEST_NAME = 40


@dataclass(frozen=True)
class SavedFilter:
    """One of them."""

    name: str
    filter: str
    place: str = View.IDENTITIES.value
    digit: int = 0
    """The key that applies it; 0 for none."""
    sort: str = ""
    """As it was written; empty: as the list is."""


def read_sort(text: str) -> tuple[Sort, bool]:
    """An order, and whether it is turned round: `state`, `-left`. Raises UsageError."""
    name = text.removeprefix("-").lower()
    if name not in SORTS:
        raise UsageError(f"{text!r} is no order. There are: {', '.join(dict.fromkeys(_names()))}.")
    return SORTS[name], text.startswith("-")


def sort_name(sort: Sort) -> str:
    """What a person calls an order."""
    return next(name for name, known in SORTS.items() if known is sort)


def _names() -> list[str]:
    return [sort_name(sort) for sort in Sort]


def read_filters(table: Mapping[str, Any]) -> tuple[tuple[SavedFilter, ...], list[tuple[str, str]]]:
    """All of a table, and what is wrong with the others: names and sentences."""
    saved: list[SavedFilter] = []
    problems: list[tuple[str, str]] = []
    for name, value in table.items():
        try:
            found = _read(name, value)
        except UsageError as error:
            problems.append((name, str(error)))
            continue
        taken = next((each.name for each in saved if each.digit == found.digit and found.digit), "")
        if taken:
            problems.append((name, f"The digit {found.digit} is that of {taken!r}."))
        else:
            saved.append(found)
    return tuple(saved), problems


def _read(name: str, value: Any) -> SavedFilter:
    parts = {"filter": value} if isinstance(value, str) else value
    if not isinstance(parts, dict):
        raise UsageError(f"{value!r} is neither a filter nor a table with filter, place, digit and sort.")
    if unknown := next((key for key in parts if key not in _PARTS), ""):
        raise UsageError(f"A saved filter has no {unknown!r}. It has {', '.join(_PARTS)}.")
    if not name or " " in name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UsageError(f"{name[:LONGEST_NAME]!r} is no name: write a word of at most {LONGEST_NAME} characters.")
    text, place = parts.get("filter", ""), parts.get("place", View.IDENTITIES.value)
    digit, sort = parts.get("digit", 0), parts.get("sort", "")
    if not isinstance(text, str):
        raise UsageError(f"The filter {text!r} is no text.")
    if place not in PLACES:
        raise UsageError(f"The place {place!r} is none of {', '.join(PLACES)}.")
    if isinstance(digit, bool) or not isinstance(digit, int) or not 0 <= digit <= 9 or ("digit" in parts and not digit):
        raise UsageError(f"The digit {digit!r} is none of 1 to 9.")
    if not isinstance(sort, str):
        raise UsageError(f"The sort {sort!r} is no text.")
    if sort:
        read_sort(sort)
    if problem := _problem(text, place):
        raise UsageError(f"The filter {text!r}: {problem}")
    return SavedFilter(name, text, str(place), digit, sort)


def _problem(text: str, place: str) -> str:
    """What is odd about a filter of a place, as a sentence; the tree of authorities has fields of its own."""
    from meshtui.mesh.filters.places import LANGUAGES  # noqa: PLC0415 - a start without saved filters does without

    return Filter.parse(text, LANGUAGES[place]).problem if place in LANGUAGES else ""
