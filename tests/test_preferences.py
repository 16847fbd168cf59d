"""What a person prefers is read as far as it can be, and every mistake is named."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.preferences import KEYS, LARGEST, TABLES, Found, Preferences, Thresholds, default_path, parse, read

PATH = Path("/home/ana/.config/meshtui/config.toml")
ALL = """
theme = "light"
glyphs = "ascii"
view = "gateways"
link = "slow"
mouse = true
protected = [
  "prod",
  "*/staging-*",
]
[thresholds]
due = 0.6
overdue = 1
"""


def found(text: str) -> Found:
    return parse(text, PATH)


def test_everything_that_can_be_preferred() -> None:
    """Every key there is has its place, and none of them is without one."""
    preferences = found(ALL).preferences
    assert preferences == Preferences(
        theme="light",
        glyphs="ascii",
        view="gateways",
        link="slow",
        mouse=True,
        protected=("prod", "*/staging-*"),
        thresholds=Thresholds(0.6, 1.0),
    )
    assert not found(ALL).problems
    assert {each.name for each in fields(Preferences)} == {*KEYS, *TABLES}
    assert found("").preferences == Preferences()


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ('theme = "blue"\nmouse = true', 1, "theme", "'blue' is none of auto, dark, light, colorblind-dark,"),
        ('mouse = true\n\nview = "views"', 3, "view", "'views' is none of overview, identities"),
        ("mouse = true\nlink = 3", 2, "link", "3 is none of auto, slow, fast."),
        ('theem = "dark"\nmouse = true', 1, "theem", "There is no such setting. There are: theme,"),
        ('mouse = true\n[theme]\ndark = "x"', 2, "theme", "is none of"),
        ('mouse = true\ntheme = "dark\n', 2, "theme", "Illegal character"),
        ("mouse = true\nmouse = false", 2, "mouse", "Cannot overwrite a value."),
        ('mouse = true\n"\\u001b[1m" = 1', 0, "\x1b[1m", "There is no such setting."),
    ],
)
def test_a_mistake_has_its_line_and_key_and_the_rest_applies(text: str, line: int, key: str, words: str) -> None:
    """One bad line is told of, in words that can be shown, and costs no other one."""
    result = found(text)
    (problem,) = result.problems
    assert (problem.line, problem.key) == (line, key)
    assert words in problem.text
    assert str(problem).startswith(str(PATH))
    assert str(problem).isprintable()
    assert result.preferences == Preferences(mouse=True)


@pytest.mark.parametrize(
    ("text", "expected", "line", "key", "words"),
    [
        (
            "overdue = 0.4",
            Thresholds(),
            2,
            "overdue",
            "0.4 is no share of a lifetime after 0.5, where it is due, up to 1.",
        ),
        ("overdue = 0.7\ndue = 0.7", Thresholds(0.7), 2, "overdue", "0.7 is no share of a lifetime after 0.7,"),
        ("overdue = 0.7\ndue = 1.2", Thresholds(0.5, 0.7), 3, "due", "1.2 is no share of a lifetime from 0.1 to 0.9."),
        ("due = true\noverdue = 0.9", Thresholds(0.5, 0.9), 2, "due", "True is no share"),
        ("due = nan", Thresholds(), 2, "due", "nan is no share"),
        ("due = 0.6\noverdue = '80 %'", Thresholds(0.6), 3, "overdue", "'80 %' is no share"),
        ("late = 0.6\ndue = 0.4", Thresholds(0.4), 2, "late", "There is no such threshold. There are: due, overdue."),
    ],
)
def test_a_threshold_is_a_share_of_a_lifetime(text: str, expected: Thresholds, line: int, key: str, words: str) -> None:
    """What is due comes before what is overdue; one that is not is named, and the other applies."""
    result = found(f"[thresholds]\n{text}\n")
    (problem,) = result.problems
    assert (problem.line, problem.key) == (line, f"thresholds.{key}")
    assert problem.text.startswith(words)
    assert result.preferences == Preferences(thresholds=expected)


@pytest.mark.parametrize("text", ["protected = 3", 'protected = ["a", 7]', 'protected = ["prod]\n', "protected = ['"])
def test_what_guards_fails_closed(text: str) -> None:
    """Patterns that cannot be read guard every mesh, and say so."""
    result = found(text)
    assert result.problems
    assert result.preferences.protects(Path("/any/where"))


@settings(deadline=None)
@given(st.text() | st.text("a=\"'[]\n.#tru3 "))
def test_any_text_is_survived(text: str) -> None:
    """Nothing that stands in a file keeps the console from starting."""
    result = found(text)
    assert all(str(problem) for problem in result.problems)


@pytest.mark.parametrize(
    ("pattern", "state", "expected"),
    [
        ("prod", "/srv/prod/mesh", True),
        ("prod", "/srv/production/mesh", False),
        ("prod*", "/srv/production/mesh", True),
        ("/srv/*", "/srv/production/mesh", True),
        ("mesh", "/srv/prod/../mesh", True),
        ("prod", "/srv/prod/../mesh", False),
    ],
)
def test_a_pattern_is_of_a_path_or_one_part_of_it(pattern: str, state: str, expected: bool) -> None:
    """A name protects the directory of that name wherever it is."""
    assert Preferences(protected=(pattern,)).protects(Path(state)) is expected


def test_a_file_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    """Who prefers nothing gets what is usual."""
    result = read(tmp_path / "none.toml")
    assert (result.exists, result.preferences, result.problems) == (False, Preferences(), ())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (LARGEST + 1), None])
def test_a_file_that_cannot_be_read_guards_every_mesh(tmp_path: Path, content: bytes | None) -> None:
    """Whatever stood in it, it may have been a protection; the reason is told."""
    path = tmp_path / "config.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    result = read(path)
    assert result.preferences.protects(tmp_path)
    assert str(path) in str(result.problems[0])


def test_the_file_is_where_the_environment_says() -> None:
    """`MESHTUI_CONFIG` names another one than that of the XDG directories."""
    assert default_path({"MESHTUI_CONFIG": "/etc/mesh.toml"}) == Path("/etc/mesh.toml")
    assert default_path({}).name == "config.toml"


def test_entries_of_tables_are_read_one_by_one_and_mistakes_have_their_lines() -> None:
    """Saved filters and keys, however the tables are written; one bad entry costs no other."""
    text = """theme = "dark"
keys.verify = "7"
[filters]
prod = "ns:prod"
odd = "left:3"
[filters.late]
filter = "is:trouble"
digit = 8
[filters."late too"]
filter = "x"
[keyz]
"""
    result = found(text)
    assert [saved.name for saved in result.preferences.filters] == ["prod", "late"]
    assert [(problem.line, problem.key) for problem in result.problems] == [
        (2, "keys.verify"),
        (5, "filters.odd"),
        (9, "filters.late too"),
        (11, "keyz"),
    ]
    assert result.preferences.theme == "dark"


def test_a_column_that_a_list_does_not_have_is_named_with_its_line() -> None:
    """And the others that were named apply."""
    result = found('[columns]\naudit = ["when", "text"]\nidentities = ["target", "size", "left"]\n')
    assert result.preferences.columns == {"audit": ("when", "text"), "identities": ("target", "left")}
    (problem,) = result.problems
    assert str(problem).startswith(f"{PATH}, line 3: columns.identities: identities has no column 'size'. It has ")


def test_keys_are_read_and_clashes_named() -> None:
    """With the file, the line, and whose key it is."""
    result = found('mouse = true\n[keys]\nfilter = "f2"\nrotate = "i"\n')
    assert result.preferences.keys.shown("filter") == "f2"
    (problem,) = result.problems
    assert str(problem) == f"{PATH}, line 4: keys.rotate: 'i' is the key of issue. Give that one another key too."
    assert [str(each.text) for each in found("keys = 3\nfilters = 4").problems] == ["3 is no table.", "4 is no table."]
