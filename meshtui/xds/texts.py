"""Istio's four ways to write a text in a policy, as Envoy's matchers: `abc`, `abc*`, `*abc` and `*`."""

from __future__ import annotations

import re
from typing import Any

from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import string_pb2

ANY = "*"
_SOMETHING = {"safe_regex": {"regex": "(?s).+"}}


def text(written: str, *, before: str = "", ignore_case: bool = False) -> Any:
    """A StringMatcher; `before` stands in front of every value, but is not written in policies. `*` is any but empty.

    As in Istio, what begins with `*` is an ending, also when it ends with one too.
    """
    if written == ANY:
        return string_pb2.StringMatcher(**_SOMETHING)
    if written.startswith(ANY):
        return string_pb2.StringMatcher(suffix=written[1:], ignore_case=ignore_case)
    if written.endswith(ANY):
        return string_pb2.StringMatcher(prefix=before + written[:-1], ignore_case=ignore_case)
    return string_pb2.StringMatcher(exact=before + written, ignore_case=ignore_case)


def header(name: str, written: str, *, ignore_case: bool = False) -> Any:
    """A HeaderMatcher; `*` is a header that is there, be it empty."""
    if written == ANY:
        return route_components_pb2.HeaderMatcher(name=name, present_match=True)
    return route_components_pb2.HeaderMatcher(name=name, string_match=text(written, ignore_case=ignore_case))


def pattern(regex: str) -> Any:
    """A StringMatcher of a whole value."""
    return string_pb2.StringMatcher(safe_regex={"regex": regex})


def with_wildcards(written: str) -> str:
    """A regular expression in which each `*` is anything and every other character only itself."""
    return ".*".join(map(re.escape, written.split(ANY)))
