"""The bar of a lifetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present.cells import line_width
from meshtui.present.glyphs import ASCII, UNICODE
from meshtui.present.lifetime_bar import lifetime_bar
from meshtui.present.tones import Tone, plain

START = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (0.0, "──────┼───"),
        (0.35, "━━━───┼───"),
        (0.6, "━━━━━━┿───"),
        (0.85, "━━━━━━┿━──"),
        (0.99, "━━━━━━┿━━─"),
        (1.0, "━━━━━━┿━━━"),
        (2.0, "━━━━━━┿━━━"),
        (-1.0, "──────┼───"),
    ],
)
def test_the_bar_fills_and_its_tick_turns_when_rotation_is_due(passed: float, expected: str) -> None:
    """One look says fresh, due or overdue; the last cell fills only when all is over."""
    line = lifetime_bar(START, START + 0.6 * DAY, START + DAY, START + passed * DAY, UNICODE)
    assert plain(line) == expected


def test_ascii() -> None:
    """The same in characters that every terminal has."""
    line = lifetime_bar(START, START + 0.6 * DAY, START + DAY, START + 0.35 * DAY, ASCII)
    assert plain(line) == "===---|---"


def test_what_passed_since_the_planned_rotation_stands_out() -> None:
    """Only the part behind the tick has the tone of being late."""
    line = lifetime_bar(START, START + 0.5 * DAY, START + DAY, START + 0.8 * DAY, UNICODE, late=Tone.WARN)
    assert [(piece.text, piece.tone) for piece in line] == [
        ("━━━━━", Tone.QUIET),
        ("┿━━", Tone.WARN),
        ("──", Tone.QUIET),
    ]


@given(st.integers(1, 30), st.floats(-1, 2), st.floats(-1, 2), st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_the_bar_has_its_width(width: int, due: float, passed: float, length: timedelta) -> None:
    """Whatever the dates, even those of a certificate that ends before it begins, the bar fills its cells."""
    line = lifetime_bar(START, START + due * length, START + length, START + passed * length, UNICODE, width=width)
    assert line_width(line) == width
