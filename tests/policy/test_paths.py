"""Paths in the one form in which policies see them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.policy.paths import normalized, split_path


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/../../b", "/b"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/a//b/", "/a//b/"),
        ("/a\\b", "/a/b"),
        ("/%61/%2e%2E/%2Fb", "/%2Fb"),
        ("/a%20b", "/a%20b"),
        ("/a%zz", "/a%zz"),
    ],
)
def test_a_path_has_one_form(written: str, expected: str) -> None:
    """Dots are gone, unreserved characters are themselves, and everything else stays escaped."""
    assert expected == normalized(written)


@given(st.text(alphabet="/.ab%2e\\", max_size=12).map(lambda text: f"/{text}"))
def test_no_dots_are_left(written: str) -> None:
    """By which a request could pass a policy and then mean something else."""
    once = normalized(written)
    assert once.startswith("/")
    assert not {".", ".."} & set(once.split("/"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("/a?x=1", ("/a", "x=1")),
        ("/a?x=/../b", ("/a", "x=/../b")),
        ("/a#?x", ("/a", "")),
        ("/a?x#y", ("/a", "x")),
        ("/a/../b?", ("/b", "")),
    ],
)
def test_a_query_is_no_part_of_the_path(written: str, expected: tuple[str, str]) -> None:
    """Nor is a fragment."""
    assert expected == split_path(written)
