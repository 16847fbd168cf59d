"""How what a person types becomes words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.mesh.words import Word, Words, split


@settings(deadline=None)
@given(st.text().filter(lambda text: '"' not in text))
def test_plain_words_are_divided_by_spaces(text: str) -> None:
    """Without quotes, words are what stands between spaces, in lower case, and `!` before one negates it."""
    parts = text.casefold().split()
    expected = Words(
        wanted=tuple(part for part in parts if not part.startswith("!")),
        unwanted=tuple(part[1:] for part in parts if part.startswith("!") and part != "!"),
    )
    assert expected == Words.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a b" c', [Word("a b", bare=0), Word("c", bare=1)]),
        ('!"a b"', [Word("a b", negated=True, bare=0)]),
        ('error:"not found"', [Word("error:not found", bare=6)]),
        ('"!a"', [Word("!a", bare=0)]),
        ('"" !"" !', []),
        ("!!a", [Word("!a", negated=True, bare=2)]),
    ],
)
def test_quotes_hold_words_together(text: str, expected: list[Word]) -> None:
    """What stands in quotes is one word, signs in it are text, and nothing in quotes is no word."""
    assert (expected, False) == split(text)


def test_an_open_quote_holds_the_rest() -> None:
    """Someone who is typing a quoted word has not closed it yet, and finds by what is there."""
    assert ([Word("a", bare=1), Word("not fou", bare=0)], True) == split('a "not fou')
