"""HTTPRoutes of the Kubernetes Gateway API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meshtui.manifest.api_model import Backend, HttpRule, KubernetesHttpRoute, Parent
from meshtui.manifest.model import HttpMatch, HttpRoute, StringMatch
from tests.manifest.api_writing import http_route, path, reference, sends
from tests.manifest.writing import problems, read


def one(*rules: dict[str, Any], **spec: Any) -> KubernetesHttpRoute:
    (found,) = read(http_route("a", *rules, **spec))
    assert isinstance(found, KubernetesHttpRoute)
    return found


EVERYTHING = StringMatch(how="prefix", value="/")


def test_a_rule_is_one_route_for_each_match() -> None:
    """Matches, backends and timeout become values; each match has a route of its own."""
    header = {"name": "X-A", "value": "b+", "type": "RegularExpression"}
    found = one(
        sends("one", path("/a/"), {"method": "GET", "headers": [header]}, timeouts={"request": "1s500ms"}),
        parents=("edge", "other/edge", reference("edge", sectionName="web", port=443)),
        hostnames=["a.example.com", "*.b.example.com"],
    )
    common: dict[str, Any] = {"name": "prod.a.0", "timeout": timedelta(seconds=1.5), "without_destination": 500}
    backends = (Backend(namespace="prod", name="one", port=8000),)
    second = HttpMatch(
        uri=EVERYTHING,
        method=StringMatch(how="exact", value="GET"),
        headers={"x-a": StringMatch(how="regex", value="b+")},
    )
    first = HttpMatch(uri=StringMatch(how="elements", value="/a"))
    assert found.rules == tuple(
        HttpRule(route=HttpRoute(matches=(match,), **common), backends=backends) for match in (first, second)
    )
    assert found.hosts == ("a.example.com", "*.b.example.com")
    assert found.parents == (
        Parent(namespace="prod", name="edge"),
        Parent(namespace="other", name="edge"),
        Parent(namespace="prod", name="edge", section="web", port=443),
    )


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, EVERYTHING),
        (path("/"), EVERYTHING),
        (path("/a"), StringMatch(how="elements", value="/a")),
        (path("/a/"), StringMatch(how="elements", value="/a")),
        (path("/a/", "Exact"), StringMatch(how="exact", value="/a/")),
        (path("/a.*", "RegularExpression"), StringMatch(how="regex", value="/a.*")),
    ],
)
def test_paths(given: dict[str, Any], match: StringMatch) -> None:
    """A prefix is one of whole path elements, with or without a slash at its end; of nothing it is everything."""
    assert one(sends("a", given)).rules[0].route.matches[0].uri == match


def test_what_is_not_written() -> None:
    """No rules are one without destinations, no hosts are all that the listener has, no matches are everything."""
    bare = http_route("a")
    del bare["spec"]["rules"], bare["spec"]["parentRefs"]
    (found,) = read(bare)
    assert isinstance(found, KubernetesHttpRoute)
    assert (found.hosts, found.parents) == (("*",), ())
    assert [(rule.route.matches, rule.backends) for rule in found.rules] == [((HttpMatch(uri=EVERYTHING),), ())]
    assert one({"backendRefs": []}).rules[0].route.matches == (HttpMatch(uri=EVERYTHING),)


def test_backends() -> None:
    """Each is a port of a Service with a weight of one, unless another is written."""
    refs = [reference("one", port=80), reference("x/two", port=81, weight=0, kind="Service", group="")]
    assert one({"backendRefs": refs}).rules[0].backends == (
        Backend(namespace="prod", name="one", port=80, weight=1),
        Backend(namespace="x", name="two", port=81, weight=0),
    )


def _with(**match: Any) -> dict[str, Any]:
    return sends("a", match)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            _with(path={"value": "a"}),
            "matches[0].path.value: expected a path that starts with /, of at most",
        ),
        (
            _with(path={"value": "/a?b"}),
            "matches[0].path.value: expected a path that starts with /, of at most",
        ),
        (_with(path={"value": "/a//b"}), "matches[0].path.value: must not contain //, /./, /../ or %2f"),
        (_with(path={"value": "/a/.."}), "matches[0].path.value: must not contain //, /./, /../ or %2f"),
        (_with(path={"value": "/a%2Fb"}), "matches[0].path.value: must not contain //, /./, /../ or %2f"),
        (_with(**path("/(?=a)", "RegularExpression")), "matches[0].path.value: uses what RE2 does not have"),
        (_with(**path("/", "Prefix")), "matches[0].path.type: expected one of Exact, PathPrefix, RegularExpression"),
        (_with(method="FETCH"), "matches[0].method: expected one of GET, HEAD, POST"),
        (_with(queryParams=[{"name": "a", "value": "b"}]), "matches[0].queryParams: valid elsewhere but not supported"),
        (_with(headers=[{"name": ":path", "value": "b"}]), "matches[0].headers[0].name: expected a header name, not"),
        (
            _with(headers=[{"name": "a", "value": "b"}, {"name": "A", "value": "c"}]),
            "matches[0].headers: asks twice for a",
        ),
        ({"backendRefs": [reference("a")]}, "backendRefs[0].port: required, and missing"),
        ({"backendRefs": [reference("A", port=1)]}, "backendRefs[0].name: expected 1 to 63 of a-z"),
        (
            {"backendRefs": [reference("a", port=1, kind="ServiceImport")]},
            "backendRefs[0].kind: ServiceImport is valid elsewhere but not supported here; use Service",
        ),
        (
            {"backendRefs": [reference("a", port=1, group="example.com")]},
            'backendRefs[0].group: expected "", the core group, found "example.com"',
        ),
        (
            {"backendRefs": [reference("a", port=1, filters=[{}])]},
            "backendRefs[0].filters: valid elsewhere but not supported here",
        ),
        (sends("a", retry={"attempts": 1}), "retry: valid elsewhere but not supported here"),
        (sends("a", timeouts={"request": "soon"}), "timeouts.request: 'soon' is not a duration."),
        (sends("a", timeouts={"backendRequest": "1s"}), "timeouts.backendRequest: valid elsewhere but not supported"),
        (sends("a", mirror=1), "mirror: unknown field"),
    ],
)
def test_rules_that_are_refused(rule: dict[str, Any], reason: str) -> None:
    """What a rule cannot be here is told with the field that says so."""
    (problem,) = problems(http_route("a", rule))
    assert problem.startswith(f"spec.rules[0].{reason}")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"hostnames": ["*"]}, 'spec.hostnames[0]: leave it out for every host; found "*"'),
        ({"hostnames": ["::1"]}, "spec.hostnames[0]: expected a DNS name, not an IP address"),
        ({"hostnames": ["A.example.com"]}, "spec.hostnames[0]: expected a lower-case DNS name"),
        (
            {"parents": (reference("a", kind="Service", group=""),)},
            "spec.parentRefs[0].kind: Service is valid elsewhere but not supported here; use Gateway",
        ),
        (
            {"parents": (reference("a", group="networking.istio.io"),)},
            "spec.parentRefs[0].group: expected one of gateway.networking.k8s.io",
        ),
        ({"useDefaultGateways": "All"}, "spec.useDefaultGateways: valid elsewhere but not supported here"),
    ],
)
def test_routes_that_are_refused(spec: dict[str, Any], reason: str) -> None:
    """The same for what is beside the rules."""
    found = problems(http_route("a", sends("b"), **spec))
    assert any(problem.startswith(reason) for problem in found)
