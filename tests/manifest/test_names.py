"""Which names are allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshtui.manifest import names


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (names.label_problem, ["a", "a-1", "9", "a" * 63], ["", "A", "-a", "a-", "a.b", "a\n", "é", "a" * 64]),
        (names.service_name_problem, ["a", "a-1"], ["", "1a", "a.b"]),
        (names.name_problem, ["a", "a.b-c.d"], ["", ".", "a.", "a..b", "a/b", "..", "a" * 254]),
        (names.label_key_problem, ["a", "A_b.c", "x.io/a"], ["", "/a", "x.io/", "X/a", "a/b/c", "a" * 64, "a\n"]),
        (names.label_value_problem, ["", "v1.2_3", "a" * 63], ["-", "a b", "a" * 64, "true\n"]),
        (names.data_key_problem, ["tls.crt", "_a"], ["", ".", "..", "a/b", "a b"]),
        (
            names.host_problem,
            ["a.example.com", "*.example.com", "*"],
            ["", "*a.com", "a.*", "A.com", "ns/a.com", "a:80"],
        ),
    ],
)
def test_names(check: Callable[[str], str], good: list[str], bad: list[str]) -> None:
    """Good names have no problem and bad ones have a sentence; nothing is normalised to make one fit."""
    assert [""] * len(good) == [check(name) for name in good]
    assert [name for name in bad if not check(name)] == []
