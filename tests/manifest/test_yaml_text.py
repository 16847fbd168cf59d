"""YAML text to JSON-like values, within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.manifest import yaml_text
from meshtui.manifest.yaml_text import Loaded, load


def problems(text: str) -> list[str]:
    return [loaded.problem for loaded in load(text)]


def values(text: str) -> list[object]:
    assert [""] * len(problems(text)) == problems(text)
    return [loaded.value for loaded in load(text)]


def test_documents_are_numbered_and_empty_ones_are_not() -> None:
    """Comments, directives and bare markers make no document."""
    text = "# first\n%YAML 1.1\n---\na: 1\n---\n# nothing\n---\n--- {b: 2}\n...\n"
    assert [Loaded(1, {"a": 1}), Loaded(2, {"b": 2})] == list(load(text))
    assert list(load("\n# only a comment\n")) == []


def test_a_marker_inside_a_block_of_text_is_text() -> None:
    """Only at the start of a line does `---` separate documents: an indented one belongs to its text."""
    assert values("a: |\n  x\n  ---\n  y\n") == [{"a": "x\n---\ny\n"}]


def test_a_broken_document_does_not_hide_the_next() -> None:
    """Each document is read by itself, and the place of the error is counted in the whole input."""
    broken, good = load("a: 1\nb: [\n---\nc: 3\n")
    assert "line 3, column 1: cannot be read: " in broken.problem
    assert good.value == {"c": 3}


def test_numbers_may_be_names() -> None:
    """They are text then, as kubectl has it: `portLevelMtls: {8080: …}`. The same one twice is the same name."""
    assert values("a: {8080: b, 0x10: c}") == [{"a": {"8080": "b", "16": "c"}}]
    assert problems("{8080: a, '8080': b}") == [
        "line 1, column 11: cannot be read: two fields of one object are named '8080'"
    ]
    assert values("a: &a {1: x}\nb: {<<: *a, 1: y}") == [{"a": {"1": "x"}, "b": {"1": "y"}}]


def test_dates_stay_text_and_json_is_the_measure() -> None:
    """What looks like a date is text, as in JSON; what JSON does not have is refused."""
    assert values("a: 2026-01-01\nb: '10:30'\nc: ~") == [{"a": "2026-01-01", "b": "10:30", "c": None}]
    for text in (
        "a: .nan",
        "a: .inf",
        "a: !!binary aGk=",
        "a: !!set {b}",
        "a: !!python/name:os.system",
        "yes: 2",
        "1.5: 2",
    ):
        assert all(problems(text)), text


@pytest.mark.parametrize("digits", ["0x" + "f" * 5000, "9" * 5000, "9" * 20, "!!int x", "!!float x"])
def test_numbers_are_bounded(digits: str) -> None:
    """A number beyond 64 bits is refused before anybody computes with it."""
    assert problems(f"a: {digits}") == ["line 1, column 4: cannot be read: not a number, or out of range"]


def test_a_field_written_twice_is_an_error() -> None:
    """Two fields of one name are never resolved by silently taking the last."""
    assert problems("a: 1\na: 2") == ["line 2, column 1: cannot be read: two fields of one object are named 'a'"]


def test_merging_is_understood() -> None:
    """`<<` brings in the fields of another object, and a field written out wins over it."""
    assert values("x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}") == [{"x": {"a": 1, "b": 2}, "y": {"a": 3, "b": 2}}]


@pytest.mark.parametrize("join", ["[{}]", "{{<<: [{}]}}"])
def test_aliases_cannot_multiply_without_end(join: str) -> None:
    """A few lines that would expand to billions of values are refused before they do, lists and merges alike."""
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{i}: &a{i} " + join.format(", ".join([f"*a{i - 1}"] * 10)) for i in range(1, 12)]
    assert [f"cannot be read: more than {yaml_text.NODES_MAX} values"] == problems("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 900, "{a: " * 900, "- " * 1_000])
def test_depth_is_bounded(text: str) -> None:
    """Deep nesting is refused while it is counted, not by running out of stack."""
    assert [f"cannot be read: more than {yaml_text.DEPTH_MAX} levels"] == problems(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000])
def test_depth_without_end_is_refused(text: str) -> None:
    """From PyYAML 6.0.4 on its scanner, which looks ahead, has a bound of its own and may be the first to say so."""
    (problem,) = problems(text)
    assert problem.endswith((f"cannot be read: more than {yaml_text.DEPTH_MAX} levels", "maximum nesting depth"))


def test_depth_is_counted_through_aliases() -> None:
    """Levels that only aliases add are levels too."""
    lines = ["a0: &a0 [1]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 80))]
    assert [f"cannot be read: more than {yaml_text.DEPTH_MAX} levels"] == problems("\n".join(lines))


def test_a_value_cannot_contain_itself() -> None:
    """An alias inside its own value is refused."""
    assert problems("a: &x [*x]") == ["cannot be read: the alias *x stands for nothing before it, or for itself"]


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that is too long is not looked at."""
    monkeypatch.setattr(yaml_text, "TEXT_MAX", 10)
    assert problems("a: 12345678") == ["the input has 11 characters; at most 10 are accepted"]


@pytest.mark.parametrize("text", ["\x00", "a: \ud800", "a: \x1b[2J"])
def test_what_is_no_text_is_refused(text: str) -> None:
    """Control characters and halves of characters are problems, not crashes."""
    assert all(problems(text))
    assert problems(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-{}[]&*<>|?! \n#'\"%,0.", max_size=60))
def test_nothing_escapes(text: str) -> None:
    """Whatever the text is, the answer is documents and problems."""
    for loaded in load(text):
        assert loaded.number > 0
