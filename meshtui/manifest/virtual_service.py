"""Reads an Istio VirtualService: how HTTP requests for its hosts are matched, changed and sent on.

Whether the gateways and services that it names exist is not asked here: they may come later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshtui.manifest.fields import Fields
from meshtui.manifest.http_texts import HEADER, authority_problem, path_problem, read_timeout, regex_problem
from meshtui.manifest.model import (
    Destination,
    HttpMatch,
    HttpRoute,
    Metadata,
    Redirect,
    Rewrite,
    StringMatch,
    VirtualService,
)
from meshtui.manifest.names import host_problem, name_problem


def read_virtual_service(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> VirtualService:
    """Read a VirtualService; short gateway names are completed with its namespace."""
    with fields.mapping("spec", required=True) as spec:
        spec.unsupported("tls", "tcp")
        hosts = spec.texts("hosts", required=True, check=host_problem)
        gateways = spec.texts("gateways", check=_gateway_problem) or ("mesh",)
        exported = spec.texts("exportTo")
        if exported not in ((), ("*",)):
            spec.problem("exportTo", "valid elsewhere but not supported here, except for *")
        http = tuple(_route(item) for item in spec.items("http", required=True))
    full = tuple(name if "/" in name or name == "mesh" else f"{metadata.namespace}/{name}" for name in gateways)
    return VirtualService(metadata=metadata, document=document, hosts=hosts, gateways=full, http=http)


def _gateway_problem(text: str) -> str:
    parts = text.split("/")
    if len(parts) > 2 or any(name_problem(part) for part in parts):
        return "expected mesh, a Gateway's name or NAMESPACE/NAME"
    return ""


def _route(fields: Fields) -> HttpRoute:
    with fields:
        fields.unsupported("delegate", "fault", "mirror", "mirrorPercent", "mirrorPercentage", "mirrors")
        fields.unsupported("directResponse", "retries", "corsPolicy", "headers")
        destinations = _destinations(fields)
        redirect = _redirect(fields) if fields.has("redirect") else None
        rewrite = _rewrite(fields) if fields.has("rewrite") else None
        if bool(destinations) == bool(redirect):
            fields.problem("route", "expected either route or redirect")
        if redirect and rewrite:
            fields.problem("rewrite", "has no meaning beside redirect")
        return HttpRoute(
            name=fields.text("name"),
            matches=tuple(_matches(fields)),
            destinations=destinations,
            redirect=redirect,
            rewrite=rewrite,
            timeout=read_timeout(fields, "timeout"),
        )


def _matches(fields: Fields) -> Iterator[HttpMatch]:
    for item in fields.items("match"):
        with item as match:
            match.ignore("name")
            match.unsupported("scheme", "authority", "port", "sourceLabels", "sourceNamespace", "gateways")
            match.unsupported("queryParams", "withoutHeaders", "statPrefix")
            headers: dict[str, StringMatch] = {}
            with match.mapping("headers") as inner:
                for name in tuple(inner.names()):
                    if not HEADER.fullmatch(name):
                        inner.problem(name, "expected a lower-case header name, not :authority and the like")
                    if (header := _string_match(inner, name)) is not None:
                        headers[name] = header
            yield HttpMatch(
                uri=_string_match(match, "uri"),
                ignore_uri_case=match.boolean("ignoreUriCase"),
                method=_string_match(match, "method"),
                headers=headers,
            )


def _string_match(fields: Fields, name: str) -> StringMatch | None:
    with fields.mapping(name) as match:
        given = [how for how in ("exact", "prefix", "regex") if match.has(how)]
        for how in given:
            value = match.text(how, required=True, check=regex_problem if how == "regex" else None)
        if len(given) > 1:
            fields.problem(name, f"has {' and '.join(given)}; only one of them can be meant")
        elif not given and fields.has(name):
            fields.problem(name, "expected one of exact, prefix, regex")
        return StringMatch(how=given[0], value=value) if given else None


def _destinations(fields: Fields) -> tuple[Destination, ...]:
    found = tuple(_destination(item) for item in fields.items("route"))
    if len(found) > 1 and not any(destination.weight for destination in found):
        fields.problem("route", "several destinations need weights")
    return found


def _destination(fields: Fields) -> Destination:
    with fields:
        fields.unsupported("headers")
        weight = fields.integer("weight", low=0, high=100_000)
        with fields.mapping("destination", required=True) as destination:
            destination.unsupported("subset", why="a DestinationRule has none here")
            host = destination.text("host", required=True, check=name_problem)
            port: int | None = None
            if destination.has("port"):
                with destination.mapping("port") as inner:
                    port = inner.port("number", required=True)
        return Destination(host=host, port=port, weight=weight)


def _redirect(fields: Fields) -> Redirect:
    with fields.mapping("redirect") as redirect:
        redirect.unsupported("port", "derivePort")
        code = redirect.integer("redirectCode", 301, low=301, high=308)
        if code not in (301, 302, 303, 307, 308):
            redirect.problem("redirectCode", f"expected 301, 302, 303, 307 or 308, found {code}")
        return Redirect(
            uri=redirect.text("uri", check=path_problem),
            authority=redirect.text("authority", check=authority_problem),
            scheme=redirect.text("scheme", choices=("http", "https")),
            code=code,
        )


def _rewrite(fields: Fields) -> Rewrite:
    with fields.mapping("rewrite") as rewrite:
        rewrite.unsupported("uriRegexRewrite")
        uri = rewrite.text("uri", check=path_problem)
        return Rewrite(uri=uri, authority=rewrite.text("authority", check=authority_problem))
