"""Texts of policies as matchers of Envoy's."""

from __future__ import annotations

import re

import pytest

from meshtui.xds.texts import header, templates, text
from tests.xds.reading import as_json


@pytest.mark.parametrize(
    ("written", "matcher"),
    [
        ("abc", {"exact": "abc"}),
        ("abc*", {"prefix": "abc"}),
        ("*abc", {"suffix": "abc"}),
        ("*abc*", {"suffix": "abc*"}),
        ("a*c", {"exact": "a*c"}),
        ("*", {"safe_regex": {"regex": "(?s).+"}}),
    ],
)
def test_forms(written: str, matcher: dict[str, object]) -> None:
    """An asterisk means something at one end only."""
    assert as_json(text(written)) == matcher


def test_what_stands_before_every_value() -> None:
    """A name without it fits no text but the one for any at all, not even by its ending."""
    assert as_json(text("a", before="spiffe://")) == {"exact": "spiffe://a"}
    assert as_json(text("a*", before="spiffe://")) == {"prefix": "spiffe://a"}
    ending = as_json(text("*a.b", before="spiffe://"))["safe_regex"]["regex"]
    assert [
        bool(re.fullmatch(ending, name)) for name in ("spiffe://x/a.b", "spiffe://a.b", "x/a.b", "spiffe://a-b")
    ] == [
        True,
        True,
        False,
        False,
    ]


def test_a_header_is_there_even_when_it_is_empty() -> None:
    """Unlike any other text of which something is asked to be there."""
    assert as_json(header("x", "*")) == {"name": "x", "present_match": True}


@pytest.mark.parametrize(
    ("written", "fits", "fits_not"),
    [
        ("/a/{*}/b", ["/a/x/b", "/a/x*y/b", "/a/%20/b"], ["/a//b", "/a/x/y/b", "/a/x", "/a/[/b"]),
        ("/a/{**}", ["/a/", "/a/x", "/a/x/y"], ["/a", "/b/x"]),
        ("/{**}/x.js", ["//x.js", "/a/b/x.js"], ["/a/b/x-js", "/x.js"]),
        ("/(a|b)/{*}", ["/(a|b)/c"], ["/a/c"]),
    ],
)
def test_templates(written: str, fits: list[str], fits_not: list[str]) -> None:
    """`{*}` is one segment, `{**}` any number, and everything else itself."""
    regex = templates(written)
    assert regex is not None
    assert [path for path in (*fits, *fits_not) if re.fullmatch(regex, path)] == fits


def test_what_is_no_template() -> None:
    """Then the text is compared as it is."""
    assert [templates(each) for each in ("/a", "/a*", "/{a}", "*")] == [None] * 4
