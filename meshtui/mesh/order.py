"""The orders of a list: what rows are compared by, how an order is turned round, and how it follows changes. Pure.

A key is `(missing, value, ties…, target)`. Rows without a value come last in both directions, and rows of the same
value stand in the same order in both: soonest to die first or by target, so that no two keys are equal.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from meshtui.mesh.rows import Row, Sort
from meshtui.mesh.snapshot import Mark, RotationState

Key = tuple[Any, ...]

URGENCY = (
    RotationState.EXPIRED,
    RotationState.FAILED,
    RotationState.OVERDUE,
    RotationState.UNKNOWN,
    RotationState.DUE,
    RotationState.ROTATING,
    RotationState.FRESH,
)
"""The order of `Sort.STATE`: what needs eyes first, comes first."""

_RANK = {state.value: rank for rank, state in enumerate(URGENCY)}
_ONE_BY_ONE = 40
"""Changes at once up to which moving keys one by one beats putting the list together again."""
_NEVER = float("inf")
"""When what has no expiry ends, where that breaks a tie."""
_MISSING: Key = (1,)
"""Before the first key of a row that misses what is sorted by."""
# 3.11 looks a member up in Python each time, which 100,000 rows would feel
_DIFFERS, _UNKNOWN = Mark.DIFFERS, Mark.UNKNOWN


def sort_key(row: Row, sort: Sort) -> Key:
    """What rows are compared by, smallest first. Its last part is the target."""
    return KEYS[sort](row)


def sorted_keys(rows: Iterable[Row], sort: Sort) -> list[Key]:
    """The keys of all rows, smallest first."""
    return _sorted([*map(KEYS[sort], rows)])


def numbered_keys(rows: Iterable[tuple[Row, int]], sort: Sort) -> list[Key]:
    """The same of numbered rows, the number appended to each key."""
    key = KEYS[sort]
    with _no_collection():
        return _sorted([(*key(row), number) for row, number in rows])


def numbered_from_expiry(by_expiry: Iterable[Key], rows: Sequence[Row], sort: Sort) -> list[Key]:
    """The same from the numbered keys of `Sort.EXPIRY`, for a sort of which each value comes soonest to die first.

    `rows` are by number. When they end need not be worked out again, nor which of two comes first.
    """
    value_of, keys = OF_EACH_SOONEST[sort], []
    with _no_collection():
        for missing, end, target, number in by_expiry:
            value = value_of(rows[number])
            keys.append((1 if value == "" else 0, value, _NEVER if missing else end, target, number))
    keys.sort(key=itemgetter(1))  # which keeps the ties as they come
    without = 0
    while without < len(keys) and keys[without][0]:
        without += 1
    return keys[without:] + keys[:without]


def descending(keys: Sequence[Key], offset: int, limit: int) -> list[Key]:
    """A page of sorted keys with the largest value first. Takes as long as the page is, however many keys there are."""
    valued = bisect_left(keys, _MISSING)
    found: list[Key] = []
    end = min(offset + limit, len(keys))
    while (place := offset + len(found)) < min(end, valued):
        value = keys[valued - 1 - place][:2]
        first = bisect_left(keys, value, 0, valued)
        last = bisect_right(keys, value, first, valued, key=_VALUE)
        at = first + place - (valued - last)
        found += keys[at : min(last, at + end - place)]
    return [*found, *keys[offset + len(found) : end]]


def place_in(keys: Sequence[Key], key: Key, *, turned: bool) -> int | None:
    """Where a key is among sorted ones, or would be if they were `descending`; None when it is not one of them."""
    at = bisect_left(keys, key)
    if at == len(keys) or keys[at] != key:
        return None
    if not turned or key >= _MISSING:
        return at
    valued, value = bisect_left(keys, _MISSING), key[:2]
    first = bisect_left(keys, value, 0, valued)
    last = bisect_right(keys, value, first, valued, key=_VALUE)
    return valued - last + at - first


def moved(keys: list[Key], removed: Sequence[Key], added: Sequence[Key]) -> list[Key]:
    """Sorted keys without some that are in them, and with others that are not; `keys` itself may be changed."""
    changes = len(removed) + len(added)
    if changes <= _ONE_BY_ONE:
        for key in removed:
            del keys[bisect_left(keys, key)]
        for key in added:
            insort(keys, key)
        return keys
    if changes > len(keys) // 4:
        out = set(removed)
        return _sorted([*(key for key in keys if key not in out), *added])
    edits: list[tuple[int, Key]] = [(bisect_left(keys, key), key) for key in added]
    edits += [(bisect_left(keys, key), ()) for key in removed]
    result, at = [], 0
    for place, key in sorted(edits, key=_edit):
        result += keys[at:place]
        at = place
        if key:
            result.append(key)
        else:
            at += 1
    return result + keys[at:]


def _edit(edit: tuple[int, Key]) -> tuple[int, bool, Key]:
    """What is put in before a key comes before the removal of that key."""
    place, key = edit
    return place, not key, key


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for cycles: among 100,000 new keys it takes longer than sorting, and finds none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _sorted(keys: list[Key]) -> list[Key]:
    # By value alone at first: plain texts and numbers are compared several times faster than tuples of them
    keys.sort(key=itemgetter(1))
    keys.sort()
    return keys


_VALUE = itemgetter(slice(0, 2))


def _ends(row: Row) -> float:
    return _NEVER if row.not_after is None else row.not_after.timestamp()


def _by_expiry(row: Row) -> Key:
    return (1, 0.0, row.target) if row.not_after is None else (0, row.not_after.timestamp(), row.target)


def _by_target(row: Row) -> Key:
    return (0, row.target, row.target)


def _by_name(row: Row) -> Key:
    return (0, row.target.rpartition("/")[2], row.target)


def _by_namespace(row: Row) -> Key:
    parts = row.target.split("/")
    return (0, parts[1], row.target) if len(parts) == 3 else (1, "", row.target)


def _by_serial(row: Row) -> Key:
    return (0 if row.serial else 1, row.serial, row.target)


def _soonest(value_of: Callable[[Row], int | str]) -> Callable[[Row], Key]:
    def key(row: Row) -> Key:
        value = value_of(row)
        return (1 if value == "" else 0, value, _ends(row), row.target)

    return key


def _first_amiss(row: Row) -> int:
    desired, issued, held, served = row.truths  # one by one: a loop takes twice as long
    if desired is _DIFFERS or desired is _UNKNOWN:
        return 0
    if issued is _DIFFERS or issued is _UNKNOWN:
        return 1
    if held is _DIFFERS or held is _UNKNOWN:
        return 2
    return 3 if served is _DIFFERS or served is _UNKNOWN else 4


OF_EACH_SOONEST: dict[Sort, Callable[[Row], int | str]] = {
    Sort.STATE: lambda row: _RANK[row.state._value_],
    Sort.ISSUER: lambda row: row.issuer,
    Sort.TRUTHS: _first_amiss,
}
"""What is sorted by where ties are broken by expiry; an empty text is none."""
KEYS: dict[Sort, Callable[[Row], Key]] = {
    Sort.EXPIRY: _by_expiry,
    Sort.TARGET: _by_target,
    Sort.NAME: _by_name,
    Sort.NAMESPACE: _by_namespace,
    Sort.STATE: _soonest(OF_EACH_SOONEST[Sort.STATE]),
    Sort.ISSUER: _soonest(OF_EACH_SOONEST[Sort.ISSUER]),
    Sort.SERIAL: _by_serial,
    Sort.TRUTHS: _soonest(OF_EACH_SOONEST[Sort.TRUTHS]),
}
