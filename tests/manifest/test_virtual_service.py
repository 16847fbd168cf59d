"""Istio VirtualServices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meshtui.manifest.model import Destination, HttpMatch, HttpRoute, Redirect, Rewrite, StringMatch, VirtualService
from tests.manifest.writing import problems, read, to, virtual_service


def routes(*given: dict[str, Any]) -> tuple[HttpRoute, ...]:
    (found,) = read(virtual_service("a", *given))
    assert isinstance(found, VirtualService)
    return found.http


def test_a_route_is_read() -> None:
    """Matches, destinations with weights, rewrite and timeout become values."""
    (found,) = routes(
        {
            "name": "main",
            "match": [
                {"uri": {"prefix": "/a"}, "ignoreUriCase": True},
                {"method": {"exact": "GET"}, "headers": {"x-a": {"regex": "b+"}}},
            ],
            "route": [
                {"destination": {"host": "one", "port": {"number": 80}}, "weight": 90},
                {"destination": {"host": "two.prod.svc.cluster.local"}, "weight": 10},
            ],
            "rewrite": {"uri": "/b", "authority": "b.example.com"},
            "timeout": "1s500ms",
        }
    )
    assert found == HttpRoute(
        name="main",
        matches=(
            HttpMatch(uri=StringMatch(how="prefix", value="/a"), ignore_uri_case=True),
            HttpMatch(
                method=StringMatch(how="exact", value="GET"), headers={"x-a": StringMatch(how="regex", value="b+")}
            ),
        ),
        destinations=(
            Destination(host="one", port=80, weight=90),
            Destination(host="two.prod.svc.cluster.local", weight=10),
        ),
        rewrite=Rewrite(uri="/b", authority="b.example.com"),
        timeout=timedelta(seconds=1.5),
    )


def test_a_redirect_is_read() -> None:
    """A redirect stands in place of destinations; no timeout is no timeout."""
    given = {"redirect": {"authority": "b.example.com:8443", "uri": "/b", "redirectCode": 302}, "timeout": "0s"}
    assert routes(given) == (HttpRoute(redirect=Redirect(uri="/b", authority="b.example.com:8443", code=302)),)


def test_gateways_are_full_names() -> None:
    """A bare name is of the VirtualService's namespace; none at all is every sidecar."""
    for given, full in ((("edge", "x/y", "mesh"), ("prod/edge", "x/y", "mesh")), ((), ("mesh",))):
        (found,) = read(virtual_service("a", to("one"), gateways=given))
        assert isinstance(found, VirtualService)
        assert full == found.gateways


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        ({}, "spec.http[0].route: expected either route or redirect"),
        (to("a", redirect={"uri": "/"}), "spec.http[0].route: expected either route or redirect"),
        ({"redirect": {"uri": "/"}, "rewrite": {"uri": "/"}}, "spec.http[0].rewrite: has no meaning beside redirect"),
        ({"route": [to("a")["route"][0]] * 2}, "spec.http[0].route: several destinations need weights"),
        (to("A"), "spec.http[0].route[0].destination.host: expected a lower-case name"),
        (to("a", timeout="soon"), "spec.http[0].timeout: 'soon' is not a duration."),
        (to("a", retries={"attempts": 3}), "spec.http[0].retries: valid elsewhere but not supported here"),
        (to("a", fault={"abort": {}}), "spec.http[0].fault: valid elsewhere but not supported here"),
        (
            to("a", match=[{"uri": {"exact": "/", "prefix": "/"}}]),
            "spec.http[0].match[0].uri: has exact and prefix; only",
        ),
        (to("a", match=[{"uri": {}}]), "spec.http[0].match[0].uri: expected one of exact, prefix, regex"),
        (to("a", match=[{"uri": {"suffix": "/"}}]), "spec.http[0].match[0].uri.suffix: unknown field"),
        (to("a", match=[{"uri": {"regex": "("}}]), "spec.http[0].match[0].uri.regex: not a regular expression"),
        (to("a", match=[{"uri": {"regex": "(?=a)"}}]), "spec.http[0].match[0].uri.regex: uses what RE2 does not have"),
        (
            to("a", match=[{"headers": {":path": {"exact": "/"}}}]),
            'spec.http[0].match[0].headers[":path"]: expected a ',
        ),
        (to("a", match=[{"sourceLabels": {"a": "b"}}]), "spec.http[0].match[0].sourceLabels: valid elsewhere but not"),
        ({"redirect": {"redirectCode": 305}}, "spec.http[0].redirect.redirectCode: expected 301, 302, 303, 307 or 308"),
        (
            {"redirect": {"authority": "a/b"}},
            "spec.http[0].redirect.authority: expected a host name, optionally with a",
        ),
        (to("a", rewrite={"uri": "a\r\nb"}), "spec.http[0].rewrite.uri: expected a path that starts with / and has no"),
    ],
)
def test_routes_that_are_refused(route: dict[str, Any], reason: str) -> None:
    """What a route cannot be here is told with the field that says so."""
    assert [problem for problem in problems(virtual_service("a", route)) if problem.startswith(reason)]


def test_virtual_services_that_are_refused() -> None:
    """Hosts are needed, gateways are names, and TCP and TLS routes are not here."""
    bad = virtual_service("a", to("one"), hosts=(), gateways=("a/b/c",))
    bad["spec"] |= {"tcp": [{}], "exportTo": ["."]}
    assert problems(bad) == [
        "spec.tcp: valid elsewhere but not supported here",
        "spec.hosts: must not be empty",
        'spec.gateways[0]: expected mesh, a Gateway\'s name or NAMESPACE/NAME; found "a/b/c"',
        "spec.exportTo: valid elsewhere but not supported here, except for *",
    ]
