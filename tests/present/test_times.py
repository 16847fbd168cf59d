"""Moments and durations in words that fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present import times

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (45, "45s"),
        (119, "1m59s"),
        (120, "2m"),
        (38 * 60 + 59, "38m"),
        (6 * 3600 + 2 * 60, "6h02m"),
        (9 * 86400, "9d"),
        (335 * 86400, "335d"),
        (3660 * 86400, "10y"),
        (-5, "0s"),
    ],
)
def test_short_durations(seconds: int, expected: str) -> None:
    """The unit grows with the duration, and seconds show only below two minutes."""
    assert times.short(timedelta(seconds=seconds)) == expected


def test_left_counts_down_and_then_says_how_long_ago() -> None:
    """A certificate has time left until its last second, and from then on it ended some time ago."""
    assert times.left(NOW + timedelta(minutes=38), NOW) == "38m"
    assert times.left(NOW, NOW) == "0s ago"
    assert times.left(NOW - timedelta(hours=3, minutes=5), NOW) == "3h ago"
    assert times.left(None, NOW) == ""


@given(st.timedeltas(timedelta(days=-36500), timedelta(days=36500)))
def test_left_never_outgrows_its_column(delta: timedelta) -> None:
    """Whatever is left, the column does not move."""
    assert len(times.left(NOW + delta, NOW)) <= times.LEFT_WIDTH


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        (timedelta(minutes=38), "in 38 minutes"),
        (timedelta(hours=-3), "3 hours ago"),
        (timedelta(milliseconds=300), "now"),
        (timedelta(days=89, hours=3), "in 89 days"),
        (timedelta(days=-62), "62 days ago"),
    ],
)
def test_words_for_sentences(delta: timedelta, expected: str) -> None:
    """Sentences say it as a person would."""
    assert times.in_words(NOW + delta, NOW) == expected


def test_lifetimes_are_lengths() -> None:
    """A lifetime is said in the unit that it was meant in."""
    assert times.length_in_words(timedelta(days=90)) == "90 days"
    assert times.length_in_words(timedelta(minutes=3)) == "3 minutes"


@pytest.mark.parametrize("days", [2, 61, 89, 90, 364])
def test_a_span_is_the_same_wherever_it_is_said(days: int) -> None:
    """In a column, in a sentence and as a lifetime: by the day, and never in months."""
    span = timedelta(days=days)
    assert times.short(span) == f"{days}d"
    assert times.in_words(NOW + span, NOW) == f"in {days} days"
    assert times.length_in_words(span) == f"{days} days"


def test_a_moment_shows_its_date_only_when_it_is_not_today() -> None:
    """Today's moments are times, others have their date; both are in UTC and say so."""
    assert times.moment(NOW + timedelta(hours=1), NOW) == "15:02:31Z"
    assert times.moment(NOW + timedelta(days=1), NOW) == "2026-11-25 14:02:31Z"
    assert times.clock(NOW) == "14:02Z"


def test_counts_are_grouped() -> None:
    """A hundred thousand can be read."""
    assert times.counted(100_000) == "100,000"
