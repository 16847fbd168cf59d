"""What is asked for, as Envoy's Permissions: the `to` of an AuthorizationPolicy, and its fields for `when`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meshtui.manifest.policy_model import RequestTo
from meshtui.xds.logic import PERMISSIONS
from meshtui.xds.place import Place
from meshtui.xds.principals import cidr
from meshtui.xds.texts import header, pattern, templates, text


def operation(asked: RequestTo, place: Place) -> Any:
    """One Permission that is all of what an operation asks for; one that asks for nothing is any request."""
    fields: tuple[tuple[tuple[str, ...], tuple[str, ...], Callable[[str], Any]], ...] = (
        (asked.hosts, asked.not_hosts, _host),
        (asked.ports, asked.not_ports, lambda each: port(each, place)),
        (asked.methods, asked.not_methods, _method),
        (asked.paths, asked.not_paths, _path),
    )
    return PERMISSIONS.every(
        part for values, not_values, match in fields for part in PERMISSIONS.among(values, not_values, match)
    )


def port(written: str, place: Place) -> Any:
    """By port of the workload. At a sidecar the answer is known here; a port that a gateway does not have is none."""
    number = int(written)
    if place.port is not None:
        return PERMISSIONS.always if number == place.port else PERMISSIONS.never
    here = place.ports.get(number)
    return PERMISSIONS.make(destination_port=here) if here is not None else PERMISSIONS.never


def destination_ip(written: str, place: Place) -> Any:
    """By the address at which the request arrived."""
    return PERMISSIONS.make(destination_ip=cidr(written)) if place.has_addresses else PERMISSIONS.never


def server_name(written: str) -> Any:
    """By the name that the client asked for in its TLS handshake."""
    return PERMISSIONS.make(requested_server_name=text(written))


def _host(written: str) -> Any:
    return PERMISSIONS.make(header=header(":authority", written, ignore_case=True))


def _method(written: str) -> Any:
    return PERMISSIONS.make(header=header(":method", written))


def _path(written: str) -> Any:
    """Templates go as regular expressions that match what Envoy's uri_template does: of one that Envoy 1.40 cannot
    read, as a uri_template, it dies (SIGABRT) instead of refusing it."""
    regex = templates(written)
    return PERMISSIONS.make(url_path={"path": text(written) if regex is None else pattern(regex)})
