"""VirtualServices as Envoy's routes."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.model import VirtualService
from meshtui.xds.routes import is_catch_all, routes_of
from tests.manifest.writing import read, to, virtual_service
from tests.xds.reading import HTTPBIN_CLUSTER, as_json, mesh


def routes(*given: dict[str, Any]) -> list[Any]:
    (found,) = read(virtual_service("a", *given))
    assert isinstance(found, VirtualService)
    return [as_json(route) for route in routes_of(mesh(), found)]


def action(given: dict[str, Any]) -> Any:
    (found,) = routes(given)
    return found["route"]


@pytest.mark.parametrize(
    ("uri", "match"),
    [
        ({"exact": "/a"}, {"path": "/a"}),
        ({"prefix": "/a"}, {"prefix": "/a"}),
        ({"regex": "/a+"}, {"safe_regex": {"regex": "/a+"}}),
    ],
)
def test_paths(uri: dict[str, str], match: dict[str, Any]) -> None:
    """A path is compared whole, by its beginning, or by an expression; the case counts unless it is said not to."""
    (found,) = routes(to("httpbin", match=[{"uri": uri}]))
    assert {**match, "case_sensitive": True} == found["match"]
    (found,) = routes(to("httpbin", match=[{"uri": uri, "ignoreUriCase": True}]))
    assert found["match"]["case_sensitive"] is False


def test_matches_are_alternatives_and_their_conditions_are_not() -> None:
    """Each match makes a route of its own, in which method and headers must all fit."""
    one, other = routes(
        to("httpbin", match=[{"uri": {"exact": "/"}}, {"method": {"exact": "GET"}, "headers": {"x-a": {"regex": "b"}}}])
    )
    assert one["match"] == {"path": "/", "case_sensitive": True}
    assert other["match"]["headers"] == [
        {"name": ":method", "string_match": {"exact": "GET"}},
        {"name": "x-a", "string_match": {"safe_regex": {"regex": "b"}}},
    ]


@pytest.mark.parametrize(
    ("host", "port", "cluster"),
    [
        ("httpbin", None, HTTPBIN_CLUSTER),
        ("httpbin", 8000, HTTPBIN_CLUSTER),
        ("httpbin.prod.svc.cluster.local", None, HTTPBIN_CLUSTER),
        ("httpbin", 1, "outbound|1||httpbin.prod.svc.cluster.local"),
        ("httpbin.prod", 8000, "outbound|8000||httpbin.prod"),
        (
            "istio-ingressgateway.istio-system.svc.cluster.local",
            None,
            "outbound|0||istio-ingressgateway.istio-system.svc",
        ),
        ("a.b.c.svc.cluster.local", 1, "outbound|1||a.b.c.svc.cluster.local"),
    ],
)
def test_destinations(host: str, port: int | None, cluster: str) -> None:
    """As in Istio a bare name is of the same namespace and any other is complete; others lead nowhere."""
    assert action(to(host, port))["cluster"].startswith(cluster)


def test_weights() -> None:
    """Several destinations share the requests by weight."""
    shared = action({"route": [{**to("httpbin")["route"][0], "weight": 9}, {**to("sleep")["route"][0], "weight": 1}]})
    assert [(item["name"], item["weight"]) for item in shared["weighted_clusters"]["clusters"]] == [
        (HTTPBIN_CLUSTER, 9),
        ("outbound|80||sleep.prod.svc.cluster.local", 1),
    ]


def test_rewrite_and_timeout() -> None:
    """Rewrites are taken over; without a timeout a request may take as long as it likes, as in Istio."""
    assert action(to("httpbin"))["timeout"] == "0s"
    changed = action(to("httpbin", timeout="1s500ms", rewrite={"uri": "/b", "authority": "b.example.com"}))
    assert tuple(changed[name] for name in ("timeout", "prefix_rewrite", "host_rewrite_literal")) == (
        "1.500s",
        "/b",
        "b.example.com",
    )


def test_redirect() -> None:
    """Only what a redirect names is changed."""
    (whole,) = routes(
        {"redirect": {"uri": "/b", "authority": "b.example.com:8443", "scheme": "https", "redirectCode": 308}}
    )
    assert whole["redirect"] == {
        "path_redirect": "/b",
        "host_redirect": "b.example.com",
        "port_redirect": 8443,
        "scheme_redirect": "https",
        "response_code": "PERMANENT_REDIRECT",
    }
    (path,) = routes({"redirect": {"uri": "/b"}})
    assert path["redirect"] == {"path_redirect": "/b"}


def test_what_takes_everything() -> None:
    """Only a route without any condition takes every request."""
    (found,) = read(
        virtual_service(
            "a", to("a", match=[{"uri": {"prefix": "/"}}, {"uri": {"prefix": "/a"}}, {"method": {"exact": "GET"}}])
        )
    )
    assert isinstance(found, VirtualService)
    assert [is_catch_all(route) for route in routes_of(mesh(), found)] == [True, False, False]
