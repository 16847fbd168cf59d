"""Foreign text is inert when it reaches a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present.escape import LONGEST, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("a\u00a0b", "a\\xa0b"),
        ("\x9b2J", "\\x9b2J"),
        ("wide\ufe0f", "wide\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(hostile: str, shown: str) -> None:
    """Control sequences, direction overrides, invisible and exotic spaces become escapes that can be read."""
    assert visible(hostile) == shown


@pytest.mark.parametrize("text", ["workload/prod/httpbin", "[bold]not markup[/]", "Zürich", "日本", "e\u0301"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    """Letters of any language, and brackets, which nothing here reads as markup, are left alone."""
    assert visible(text) == text


def test_piled_up_marks_are_written_out() -> None:
    """A letter keeps the two marks that languages use; the tower above it is flattened."""
    assert visible("a" + "\u0301" * 4) == "a\u0301\u0301\\u0301\\u0301"


def test_ten_kilobytes_are_cut() -> None:
    """A name that is not for reading costs no more than one that is."""
    assert len(visible("x" * 10_000)) == LONGEST


@given(st.text())
def test_no_text_whatever_gets_through(text: str) -> None:
    """Nothing that comes out is a control, a format character, or anything else that does not print."""
    shown = visible(text)
    assert all(char.isprintable() for char in shown if unicodedata.category(char) not in ("Mn", "Me"))
    assert not {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} & {unicodedata.category(char) for char in shown}


@given(st.text())
def test_an_ascii_terminal_gets_ascii(text: str) -> None:
    """Where only ASCII can be shown, only ASCII is sent."""
    assert visible(text, ascii_only=True).isascii()
    assert visible(text, ascii_only=True).isprintable()
