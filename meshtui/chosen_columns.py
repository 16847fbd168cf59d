"""Columns that a person wants to see in lists whatever the width, as settings write them. Pure.

[columns]
identities = ["left", "target", "state", "error"]

What stands in a column, and how wide it is, is said where lists are drawn (`meshtui.present`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.errors import UsageError

_OF_CERTIFICATES = ("truths", "left", "lifetime", "state", "serial", "served", "by", "issuer", "identity", "error")
COLUMNS = {
    "identities": ("target", *_OF_CERTIFICATES),
    "workloads": ("namespaced", "namespace", "name", *_OF_CERTIFICATES),
    "gateways": ("namespaced", "namespace", "name", *_OF_CERTIFICATES),
    "authorities": ("name", "role", "key", "left", "lifetime", "state", "signed", "trust"),
    "policies": ("short", "kind", "policy", "state", "says", "scope", "workloads", "decisions", "problem"),
    "traffic": ("outcome", "source", "destination", "count", "rate", "last", "policy", "tls", "call"),
    "audit": ("when", "kind", "target", "text", "actor"),
    "findings": ("sign", "severity", "target", "text", "fix"),
}
"""By places: the columns that their lists have."""


def read_columns(table: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """The columns of a table `place = ["column", …]`, and what is wrong with others: names and sentences."""
    chosen: dict[str, tuple[str, ...]] = {}
    problems: list[tuple[str, str]] = []
    for place, value in table.items():
        try:
            known, names = COLUMNS.get(place, ()), _names(place, value)
        except UsageError as error:
            problems.append((place, str(error)))
            continue
        if unknown := [name for name in names if name not in known]:
            words = ", ".join(map(repr, unknown))
            problems.append((place, f"{place} has no column {words}. It has {', '.join(known)}."))
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            problems.append((place, f"{', '.join(map(repr, twice))} is there more than once."))
        if found := tuple(dict.fromkeys(name for name in names if name in known)):
            chosen[place] = found
    return chosen, problems


def _names(place: str, value: Any) -> list[str]:
    if place not in COLUMNS:
        raise UsageError(f"There is no such list. There are: {', '.join(COLUMNS)}.")
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise UsageError(f'{value!r} is no list of columns such as ["{COLUMNS[place][0]}", "left"].')
    return value
