"""The HTTP routes of a VirtualService as Envoy's, one for each of its matches.

Which virtual host they belong to is in `virtual_hosts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf import duration_pb2

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import (
    Destination,
    HttpMatch,
    HttpRoute,
    Redirect,
    RegexRewrite,
    StringMatch,
    VirtualService,
)
from meshtui.xds import naming

_REDIRECT_CODES = {
    301: route_components_pb2.RedirectAction.MOVED_PERMANENTLY,
    302: route_components_pb2.RedirectAction.FOUND,
    303: route_components_pb2.RedirectAction.SEE_OTHER,
    307: route_components_pb2.RedirectAction.TEMPORARY_REDIRECT,
    308: route_components_pb2.RedirectAction.PERMANENT_REDIRECT,
}
_PATHS = {"exact": "path", "prefix": "prefix", "elements": "path_separated_prefix", "regex": "safe_regex"}
_INTERNAL_ERROR = 500


def routes_of(catalog: Catalog, virtual_service: VirtualService) -> Iterator[Any]:
    """Envoy routes, in the order in which they are tried."""
    for route in virtual_service.http:
        for match in route.matches or (HttpMatch(),):
            yield _route(catalog, virtual_service, route, match)


def is_catch_all(route: Any) -> bool:
    """Whether a route takes every request, so that none after it is ever tried."""
    return bool(route.match.prefix == "/" and not route.match.headers)


@lru_cache(maxsize=10_000)
def to_cluster(cluster: str) -> Any:
    """The route that sends everything to one cluster, the very same each time."""
    return route_components_pb2.Route(
        match={"prefix": "/"}, route={"cluster": cluster, "timeout": duration_pb2.Duration()}
    )


def _route(catalog: Catalog, virtual_service: VirtualService, route: HttpRoute, match: HttpMatch) -> Any:
    built = route_components_pb2.Route(name=route.name, match=_match(match))
    if route.redirect:
        built.redirect.CopyFrom(_redirect(route.redirect))
        return built
    # a whole path is replaced, of a prefix only the prefix: Envoy's rewrite does the same for each kind of match
    action = route_components_pb2.RouteAction(timeout=route.timeout or duration_pb2.Duration())
    if route.rewrite and route.rewrite.uri:
        action.prefix_rewrite = route.rewrite.uri
    if route.rewrite and route.rewrite.regex:
        action.regex_rewrite.CopyFrom(_regex_rewrite(route.rewrite.regex))
    if route.without_destination == _INTERNAL_ERROR:
        action.cluster_not_found_response_code = route_components_pb2.RouteAction.INTERNAL_SERVER_ERROR
    if route.rewrite and route.rewrite.authority:
        action.host_rewrite_literal = route.rewrite.authority
    clusters = [(_cluster(catalog, virtual_service, item), item.weight) for item in route.destinations]
    if len(clusters) == 1:
        action.cluster = clusters[0][0]
    for cluster, weight in clusters if len(clusters) > 1 else ():
        action.weighted_clusters.clusters.add(name=cluster, weight={"value": weight})
    built.route.CopyFrom(action)
    return built


def _cluster(catalog: Catalog, virtual_service: VirtualService, destination: Destination) -> str:
    """The name of a cluster; of one that does not exist when the service or port does not: Envoy answers 503."""
    service = catalog.service_named(destination.host, virtual_service.namespace)
    if service is None:
        return naming.outbound_cluster(destination.host, destination.port or 0)
    port = destination.port or (service.ports[0].port if len(service.ports) == 1 else 0)
    return naming.outbound_cluster(naming.full_name(service), port)


def _match(match: HttpMatch) -> Any:
    path: dict[str, Any] = {"prefix": "/"}
    if match.uri:
        kind = _PATHS[match.uri.how]
        path = {kind: {"regex": match.uri.value} if kind == "safe_regex" else match.uri.value}
    conditions = dict(match.headers)
    if match.method:
        conditions[":method"] = match.method
    return route_components_pb2.RouteMatch(
        **path,
        case_sensitive={"value": not match.ignore_uri_case},
        headers=[{"name": name, "string_match": _text(text)} for name, text in sorted(conditions.items())],
    )


def _text(match: StringMatch) -> Any:
    if match.how == "regex":
        return string_pb2.StringMatcher(safe_regex={"regex": match.value})
    return string_pb2.StringMatcher(**{match.how: match.value})


def _redirect(redirect: Redirect) -> Any:
    host, _, port = redirect.authority.partition(":")
    changes = {
        "path_redirect": redirect.uri,
        "regex_rewrite": _regex_rewrite(redirect.regex) if redirect.regex else None,
        "host_redirect": host,
        "port_redirect": redirect.port or int(port or 0),
        "scheme_redirect": redirect.scheme,
    }
    return route_components_pb2.RedirectAction(
        response_code=_REDIRECT_CODES[redirect.code], **{name: value for name, value in changes.items() if value}
    )


def _regex_rewrite(rewrite: RegexRewrite) -> Any:
    return regex_pb2.RegexMatchAndSubstitute(pattern={"regex": rewrite.pattern}, substitution=rewrite.substitution)
