"""Filters of HTTPRoutes: redirects, and rewrites whose expressions do what the Gateway API says of paths."""

from __future__ import annotations

import re
from typing import Any

import pytest

from meshtui.manifest.api_model import KubernetesHttpRoute
from meshtui.manifest.model import Redirect, RegexRewrite, Rewrite
from tests.manifest.api_writing import http_route, path, sends
from tests.manifest.writing import problems, read


def redirect(**fields: Any) -> dict[str, Any]:
    return {"type": "RequestRedirect", "requestRedirect": fields}


def rewrite(**fields: Any) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": fields}


def whole(text: str) -> dict[str, Any]:
    return {"type": "ReplaceFullPath", "replaceFullPath": text}


def prefix(text: str) -> dict[str, Any]:
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": text}


def changes(match: dict[str, Any], one: dict[str, Any]) -> Any:
    rule = {"matches": [match], "filters": [one]}
    (found,) = read(http_route("a", rule))
    assert isinstance(found, KubernetesHttpRoute)
    return found.rules[0].route.redirect or found.rules[0].route.rewrite


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, Redirect(code=302)),
        ({"scheme": "https"}, Redirect(scheme="https", port=443, code=302)),
        ({"scheme": "http", "port": 8080, "statusCode": 301}, Redirect(scheme="http", port=8080, code=301)),
        ({"hostname": "b.example.com"}, Redirect(authority="b.example.com", code=302)),
        ({"path": whole("/b")}, Redirect(uri="/b", code=302)),
    ],
)
def test_redirects(fields: dict[str, Any], made: Redirect) -> None:
    """302 unless another status is written; a scheme brings its own port along."""
    assert changes(path("/a"), redirect(**fields)) == made


@pytest.mark.parametrize(
    ("match", "made"),
    [
        (path("/a", "Exact"), Rewrite(uri="/b\\1")),
        (path("/a.*", "RegularExpression"), Rewrite(uri="/b\\1")),
        (path("/a"), Rewrite(regex=RegexRewrite(pattern="^/.*$", substitution="/b\\\\1"))),
        (path("/"), Rewrite(regex=RegexRewrite(pattern="^/.*$", substitution="/b\\\\1"))),
    ],
)
def test_a_whole_path_is_replaced_whatever_matched(match: dict[str, Any], made: Rewrite) -> None:
    """Where Envoy would replace only what matched, an expression takes all; a backslash is one, not a group."""
    assert changes(match, rewrite(path=whole("/b\\1"))) == made


@pytest.mark.parametrize(
    ("match", "text", "before", "after"),
    [
        ("/foo", "/xyz", "/foo/bar", "/xyz/bar"),
        ("/foo", "/xyz/", "/foo/bar", "/xyz/bar"),
        ("/foo/", "/xyz", "/foo/bar", "/xyz/bar"),
        ("/foo", "/xyz", "/foo", "/xyz"),
        ("/foo", "/xyz", "/foo/", "/xyz/"),
        ("/foo", "", "/foo/bar", "/bar"),
        ("/foo", "", "/foo/", "/"),
        ("/foo", "", "/foo", "/"),
        ("/foo", "/", "/foo/", "/"),
        ("/foo", "/", "/foo", "/"),
        ("/", "/xyz", "/bar", "/xyz/bar"),
        ("/", "/", "/bar", "/bar"),
        ("/a.b", "/c", "/a.b/d", "/c/d"),
    ],
)
def test_a_prefix_is_replaced_as_the_gateway_api_says(match: str, text: str, before: str, after: str) -> None:
    """The table of the specification (HTTPPathModifier), for rewrites and for redirects."""
    one = changes(path(match), rewrite(path=prefix(text)))
    other = changes(path(match), redirect(path=prefix(text)))
    assert [after, after] == [_applied(one, match.rstrip("/"), before), _applied(other, "", before)]


def _applied(change: Redirect | Rewrite, matched: str, before: str) -> str:
    """What Envoy makes of a path: the part that matched is replaced, or what the expression says."""
    if change.regex is not None:
        return re.sub(change.regex.pattern, change.regex.substitution, before)
    return change.uri + before.removeprefix(matched) if change.uri else before


def test_hosts_are_rewritten() -> None:
    """What the destination sees as the host."""
    assert changes(path("/a"), rewrite(hostname="b.example.com")) == Rewrite(authority="b.example.com")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": []}}]},
            "filters[0].type: RequestHeaderModifier is valid elsewhere but not supported here; use RequestRedirect or",
        ),
        ({"filters": [{"type": "Teleport"}]}, "filters[0].type: expected one of RequestRedirect, URLRewrite"),
        ({"filters": [{"type": "URLRewrite"}]}, "filters[0].urlRewrite: required, and missing"),
        (
            {"filters": [{**redirect(), "urlRewrite": {}}]},
            "filters[0].urlRewrite: has no meaning for the type RequestRedirect",
        ),
        (
            {"filters": [{**rewrite(), "requestHeaderModifier": {"set": []}}]},
            "filters[0].requestHeaderModifier: has no meaning for the type URLRewrite",
        ),
        ({"filters": [redirect(), rewrite()]}, "filters: only one RequestRedirect or URLRewrite can be meant"),
        (
            {**sends("a"), "filters": [redirect()]},
            "backendRefs: has no meaning beside the filter RequestRedirect",
        ),
        ({"filters": [redirect(statusCode=305)]}, "filters[0].requestRedirect.statusCode: expected 301, 302, 303, 307"),
        ({"filters": [redirect(scheme="ftp")]}, "filters[0].requestRedirect.scheme: expected one of http, https"),
        (
            {"filters": [redirect(hostname="*.a.com")]},
            "filters[0].requestRedirect.hostname: expected one host",
        ),
        (
            {"filters": [redirect(hostname="1.2.3.4")]},
            "filters[0].requestRedirect.hostname: expected a DNS name",
        ),
        ({"filters": [redirect(path=whole("b"))]}, "filters[0].requestRedirect.path.replaceFullPath: expected a path"),
        ({"filters": [rewrite(path=whole(""))]}, "filters[0].urlRewrite.path.replaceFullPath: required for the type"),
        (
            {"filters": [rewrite(path={**whole("/a"), "replacePrefixMatch": "/"})]},
            "filters[0].urlRewrite.path.replacePrefixMatch: has no meaning for the type ReplaceFullPath",
        ),
        (
            {"matches": [path("/a", "Exact")], "filters": [rewrite(path=prefix("/b"))]},
            "filters[0].urlRewrite.path.type: ReplacePrefixMatch needs exactly one match in its rule",
        ),
        (
            {"matches": [path("/a"), path("/b")], "filters": [redirect(path=prefix("/b"))]},
            "filters[0].requestRedirect.path.type: ReplacePrefixMatch needs exactly one match in its rule",
        ),
    ],
)
def test_filters_that_are_refused(rule: dict[str, Any], reason: str) -> None:
    """What a filter cannot be here is told with the field that says so."""
    (problem,) = problems(http_route("a", rule))
    assert problem.startswith(f"spec.rules[0].{reason}")
