"""Reads an HTTPRoute of the Kubernetes Gateway API: to which listeners it wants to be attached, and what it does there.

Each match of a rule becomes a route of its own, because those of all HTTPRoutes of a host are tried in the order
that the Gateway API lays down, not in the order in which they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from meshtui.manifest.api_model import Backend, HttpRule, KubernetesHttpRoute, Parent
from meshtui.manifest.api_references import hostname_problem, read_group
from meshtui.manifest.fields import Fields
from meshtui.manifest.http_filters import read_filters
from meshtui.manifest.http_texts import HEADER, read_timeout, regex_problem
from meshtui.manifest.kinds import GATEWAY_API
from meshtui.manifest.model import HttpMatch, HttpRoute, Metadata, StringMatch
from meshtui.manifest.names import label_problem, name_problem, service_name_problem

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_EVERYTHING = StringMatch(how="prefix", value="/")
_NO_DESTINATION = 500
_PATH = re.compile(r"/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*", re.ASCII)
_CONFUSING = re.compile(r"//|/\.\.?(/|$)|%2f", re.IGNORECASE)
_WEIGHT_MAX = 1_000_000


def read_http_route(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> KubernetesHttpRoute:
    """Read an HTTPRoute."""
    with fields.mapping("spec", required=True) as spec:
        spec.unsupported("useDefaultGateways")
        parents = tuple(_parent(item, metadata.namespace) for item in spec.items("parentRefs"))
        hosts = spec.texts("hostnames", check=hostname_problem) or ("*",)
        rules = [rule for index, item in enumerate(spec.items("rules")) for rule in _rules(item, metadata, index)]
        if not spec.raw("rules"):
            rules = [
                HttpRule(route=HttpRoute(matches=(HttpMatch(uri=_EVERYTHING),), without_destination=_NO_DESTINATION))
            ]
    return KubernetesHttpRoute(metadata=metadata, document=document, parents=parents, hosts=hosts, rules=tuple(rules))


def _parent(fields: Fields, namespace: str) -> Parent:
    with fields:
        read_group(fields, GATEWAY_API, elsewhere=("",))
        fields.text("kind", choices=("Gateway",), elsewhere=("Service", "ServiceEntry", "ListenerSet", "XListenerSet"))
        return Parent(
            namespace=fields.text("namespace", check=label_problem) or namespace,
            name=fields.text("name", required=True, check=name_problem),
            section=fields.text("sectionName", check=name_problem),
            port=fields.port("port"),
        )


def _rules(fields: Fields, metadata: Metadata, index: int) -> Iterator[HttpRule]:
    """One for each match of a rule, or one for everything."""
    with fields:
        fields.unsupported("retry", "sessionPersistence")
        name = fields.text("name", check=name_problem) or f"{metadata.namespace}.{metadata.name}.{index}"
        matches = [_match(item) for item in fields.items("matches")] or [HttpMatch(uri=_EVERYTHING)]
        filters = read_filters(fields, [match.uri or _EVERYTHING for match in matches])
        backends = tuple(_backend(item, metadata.namespace) for item in fields.items("backendRefs"))
        if filters.redirect is not None and backends:
            fields.problem("backendRefs", "has no meaning beside the filter RequestRedirect")
        with fields.mapping("timeouts") as timeouts:
            timeouts.unsupported("backendRequest", why="requests are tried once, so request says the same")
            timeout = read_timeout(timeouts, "request")
        route = HttpRoute(name=name, timeout=timeout, without_destination=_NO_DESTINATION)
        for match in matches:
            redirect, rewrite = filters.at(match.uri or _EVERYTHING)
            made = replace(route, matches=(match,), redirect=redirect, rewrite=rewrite)
            yield HttpRule(route=made, backends=backends)


def _match(fields: Fields) -> HttpMatch:
    with fields:
        fields.unsupported("queryParams")
        method = fields.text("method", choices=METHODS)
        headers: dict[str, StringMatch] = {}
        for item in fields.items("headers"):
            name, match = _header(item)
            if name in headers:
                fields.problem("headers", f"asks twice for {name}")
            headers[name] = match
        return HttpMatch(
            uri=_path(fields), method=StringMatch(how="exact", value=method) if method else None, headers=headers
        )


def _path(fields: Fields) -> StringMatch:
    with fields.mapping("path") as path:
        kind = path.text("type", "PathPrefix", choices=("Exact", "PathPrefix", "RegularExpression"))
        if kind == "RegularExpression":
            return StringMatch(how="regex", value=path.text("value", "/", check=regex_problem))
        value = path.text("value", "/", check=_path_problem)
        if kind == "Exact":
            return StringMatch(how="exact", value=value)
        # a slash at its end means nothing
        return StringMatch(how="elements", value=value.removesuffix("/")) if value != "/" else _EVERYTHING


def _path_problem(text: str) -> str:
    if not _PATH.fullmatch(text) or len(text) > 1024:
        return "expected a path that starts with /, of at most 1024 characters that need no escaping"
    if _CONFUSING.search(text):
        return "must not contain //, /./, /../ or %2f, which requests have in more than one form"
    return ""


def _header(fields: Fields) -> tuple[str, StringMatch]:
    with fields:
        kind = fields.text("type", "Exact", choices=("Exact", "RegularExpression"))
        name = fields.text("name", required=True, check=_header_problem).lower()
        check = regex_problem if kind == "RegularExpression" else None
        value = fields.text("value", required=True, check=check)
        return name, StringMatch(how="regex" if check else "exact", value=value)


def _header_problem(text: str) -> str:
    return "" if HEADER.fullmatch(text.lower()) else "expected a header name, not :authority and the like"


def _backend(fields: Fields, namespace: str) -> Backend:
    with fields:
        fields.unsupported("filters")
        read_group(fields, "")
        fields.text("kind", choices=("Service",), elsewhere=("ServiceImport", "InferencePool", "Hostname"))
        return Backend(
            namespace=fields.text("namespace", check=label_problem) or namespace,
            name=fields.text("name", required=True, check=service_name_problem),
            port=fields.port("port", required=True),
            weight=fields.integer("weight", 1, low=0, high=_WEIGHT_MAX),
        )
