"""Moments and durations in words. Short ones have a fixed width, so that a column of them never moves.

The only module that calls humanize.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import humanize

LEFT_WIDTH = 8
"""Cells that `left` takes at most: `729d ago`, `1m59s`."""

STAMP_WIDTH = 12
"""Cells that `stamp` takes at most."""

AGO_WIDTH = 4
"""Cells that `ago` takes at most."""

IN_SECONDS = timedelta(minutes=2)
"""The distance from now below which texts say seconds."""

_STEP = 10
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_YEAR = 365 * _DAY


def short(duration: timedelta) -> str:
    """`45s`, `1m59s`, `38m`, `6h02m`, `89d`, `10y`, rounded down. Seconds show only below two minutes, so
    that a text changes about once a minute until it matters more. There are no months: certificates are made for days,
    and months are of many lengths. Below zero counts as zero.
    """
    seconds = max(int(duration.total_seconds()), 0)
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < 2 * _MINUTE:
        return f"1m{seconds - _MINUTE:02d}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02d}m"
    return _days(seconds)


def left(not_after: datetime | None, now: datetime) -> str:
    """What is left until `not_after`, or how long ago it was: `38m`, `3h ago`; empty without a moment."""
    if not_after is None:
        return ""
    if now < not_after:
        return short(not_after - now)
    return f"{_coarse(now - not_after)} ago"


def in_words(moment: datetime, now: datetime) -> str:
    """`in 38 minutes`, `3 hours ago`, `now`: for sentences."""
    if abs(moment - now) < timedelta(seconds=1):
        return "now"
    words = length_in_words(moment - now)
    return f"in {words}" if moment > now else f"{words} ago"


def length_in_words(duration: timedelta) -> str:
    """`a day`, `90 days`, `10 years`: how long a certificate lives, or has left."""
    return humanize.naturaldelta(duration, months=False)


def counted(number: int) -> str:
    """`100,000`."""
    return humanize.intcomma(number)


def clock(now: datetime) -> str:
    """`14:02Z`: for a header, which changes once a minute."""
    return f"{now:%H:%M}Z"


def moment(when: datetime, now: datetime) -> str:
    """`14:02:11Z` on the day of `now`, with its date on any other."""
    return f"{when:%H:%M:%S}Z" if when.date() == now.date() else absolute(when)


def stamp(when: datetime, now: datetime) -> str:
    """`14:02:11Z` on the day of `now`, `11-23 14:02Z` on any other: for a column of `STAMP_WIDTH` cells."""
    return f"{when:%H:%M:%S}Z" if when.date() == now.date() else f"{when:%m-%d %H:%M}Z"


def ago(when: datetime, now: datetime) -> str:
    """`now`, `20s`, `12m`, `3h`, `9d`: in steps of ten seconds, so that what happens all the time does not flicker."""
    seconds = int((now - when).total_seconds())
    if seconds < _STEP:
        return "now"
    return f"{seconds // _STEP * _STEP}s" if seconds < _MINUTE else _coarse(now - when)


def absolute(when: datetime) -> str:
    """`2026-11-24 14:02:11Z`."""
    return f"{when:%Y-%m-%d %H:%M:%S}Z"


def _coarse(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    return f"{seconds // _HOUR}h" if seconds < _DAY else _days(seconds)


def _days(seconds: int) -> str:
    return f"{seconds // _DAY}d" if seconds < 2 * _YEAR else f"{seconds // _YEAR}y"
