"""Istio's four ways to write a text in a policy, as Envoy's matchers: `abc`, `abc*`, `*abc` and `*`."""

from __future__ import annotations

import re
from typing import Any

from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import string_pb2

ANY = "*"
_TEMPLATE = re.compile(r"(\{\*\*?\})")
_SEGMENT = r"[A-Za-z0-9\-._~%!$&'()*+,;:@=]"
"""What Envoy's own templates take for a character of a segment."""
_SOMETHING = {"safe_regex": {"regex": "(?s).+"}}


def text(written: str, *, before: str = "", ignore_case: bool = False) -> Any:
    """A StringMatcher; `before` stands in front of every value, but is not written in policies. `*` is any but empty,
    with or without it.

    As in Istio, what begins with `*` is an ending, also when it ends with one too.
    """
    if written == ANY:
        return string_pb2.StringMatcher(**_SOMETHING)
    if written.startswith(ANY) and before:
        return pattern(f"(?s){re.escape(before)}.*{re.escape(written[1:])}")
    if written.startswith(ANY):
        return string_pb2.StringMatcher(suffix=written[1:], ignore_case=ignore_case)
    if written.endswith(ANY):
        return string_pb2.StringMatcher(prefix=before + written[:-1], ignore_case=ignore_case)
    return string_pb2.StringMatcher(exact=before + written, ignore_case=ignore_case)


def exactly(written: str) -> Any:
    """A StringMatcher of this text alone, whatever characters it has."""
    return string_pb2.StringMatcher(exact=written)


def header(name: str, written: str, *, ignore_case: bool = False) -> Any:
    """A HeaderMatcher; `*` is a header that is there, be it empty."""
    if written == ANY:
        return route_components_pb2.HeaderMatcher(name=name, present_match=True)
    return route_components_pb2.HeaderMatcher(name=name, string_match=text(written, ignore_case=ignore_case))


def pattern(regex: str) -> Any:
    """A StringMatcher of a whole value."""
    return string_pb2.StringMatcher(safe_regex={"regex": regex})


def templates(written: str) -> str | None:
    """A path with `{*}`, one segment, or `{**}`, any number of them, as a regular expression; None without either."""
    if not _TEMPLATE.search(written):
        return None
    globs = {"{*}": f"{_SEGMENT}+", "{**}": f"(?:{_SEGMENT}|/)*"}
    return "".join(globs.get(part) or re.escape(part) for part in _TEMPLATE.split(written))


def with_wildcards(written: str) -> str:
    """A regular expression in which each `*` is anything and every other character only itself."""
    return ".*".join(map(re.escape, written.split(ANY)))
