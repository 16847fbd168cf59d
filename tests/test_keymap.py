"""Keys are read as people write them, shown as they read them, and no two actions of a screen get the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from meshtui.errors import UsageError
from meshtui.keymap import ACTIONS, Keymap, read_key, read_keymap, shown_key


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("x", "x"),
        ("X", "X"),
        ("shift-x", "X"),
        ("ctrl-x", "ctrl+x"),
        ("Ctrl+X", "ctrl+x"),
        ("f5", "f5"),
        ("space", "space"),
        ("esc", "escape"),
        ("PgDn", "pagedown"),
        ("/", "slash"),
        ("-", "minus"),
        ("[", "left_square_bracket"),
    ],
)
def test_a_key_is_read_as_it_is_written(written: str, expected: str) -> None:
    """Letters, held keys, names and signs."""
    assert read_key(written) == expected


@pytest.mark.parametrize("written", ["", "xx", "ctrl", "ctrl-", "f13", "é", "\x1b", "7", "ctrl-c", "ctrl-q"])
def test_what_is_no_key_or_belongs_to_something_else_is_refused(written: str) -> None:
    """Digits lead to places, and what quits always quits."""
    with pytest.raises(UsageError):
        read_key(written)


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    """Nothing else is raised, whatever stands in a file."""
    try:
        said = read_key(text)
    except UsageError as error:
        said = str(error)
    assert said.isprintable()


def test_signs_have_the_names_of_the_toolkit() -> None:
    """What is written in settings is what arrives when it is pressed."""
    for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~":
        assert read_key(sign) == _character_to_key(sign)
        assert shown_key(read_key(sign)) == sign


def test_every_key_of_the_table_can_be_shown_in_a_few_cells() -> None:
    """Help has a narrow column for them."""
    for action in ACTIONS.values():
        shown = " ".join(dict.fromkeys(map(shown_key, Keymap().keys(action.name))))
        assert 0 < len(shown) <= 14


def test_a_remap_applies_and_can_be_several_keys() -> None:
    """All keys of the action are replaced."""
    keymap, problems = read_keymap({"down": "n, down", "filter": ","})
    assert not problems
    assert keymap.keys("down") == ("n", "down")
    assert keymap.shown("filter") == ","
    assert keymap.shown("up") == "k"


def test_keys_can_change_places() -> None:
    """A key that its action gives up may be taken."""
    keymap, problems = read_keymap({"rotate": "i", "issue": "r"})
    assert (keymap.shown("rotate"), keymap.shown("issue"), problems) == ("i", "r", [])


def test_a_key_that_is_taken_is_refused_and_the_rest_applies() -> None:
    """The sentence names the key and who has it."""
    keymap, problems = read_keymap({"rotate": "i", "verify": "V"})
    assert (keymap.shown("rotate"), keymap.shown("verify")) == ("r", "V")
    ((name, text),) = problems
    assert name == "rotate"
    assert text == "'i' is the key of issue. Give that one another key too."


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rotat", "x", "There is no such action. There are: open,"),
        ("rotate", 7, "7 is no key."),
        ("rotate", "", "'' is no key."),
        ("rotate", "ctrl-c", "'ctrl-c' always quits."),
        ("rotate", "x,\x1b[1m", "is no key."),
    ],
)
def test_mistakes_are_told_with_the_value(name: str, value: object, words: str) -> None:
    """In words that can be shown."""
    keymap, ((told, text),) = read_keymap({name: value})
    assert (keymap, told) == (Keymap({}), name)
    assert words in text
    assert text.isprintable()
