"""Who calls, as Envoy's Principals: the `from` of an AuthorizationPolicy, and each of its fields for `when`."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from envoy.config.core.v3 import address_pb2

from meshtui.manifest.policy_model import Source
from meshtui.xds.claims import request_principal
from meshtui.xds.logic import PRINCIPALS
from meshtui.xds.place import Place
from meshtui.xds.texts import pattern, text, with_wildcards

_SPIFFE = "spiffe://"
_ANY_MESH = "cluster.local"
"""Written for the mesh's own trust domain, whatever that is (Istio's trust domain migration)."""


def source(asked: Source, place: Place) -> Any:
    """One Principal that is all of what a source asks for; a source that asks for nothing is anybody."""
    return PRINCIPALS.every(
        part
        for values, not_values, match in _fields(asked, place)
        for part in PRINCIPALS.among(values, not_values, match)
    )


def peer(written: str, place: Place) -> Any:
    """By the SPIFFE ID of the certificate, written without `spiffe://`."""
    return _authenticated(text(_of_this_mesh(written, place.trust_domain), before=_SPIFFE))


def namespace(written: str) -> Any:
    """By the namespace in the SPIFFE ID."""
    return _authenticated(pattern(f".*/ns/{with_wildcards(written)}/.*"))


def service_account(written: str) -> Any:
    """By namespace and service account in the SPIFFE ID, `NAMESPACE/NAME`."""
    space, _, account = written.partition("/")
    return _authenticated(pattern(f"{_SPIFFE}.+/ns/{re.escape(space)}/(.+/|)sa/{re.escape(account)}(/.+)?"))


def source_ip(written: str, place: Place) -> Any:
    """By who opened the connection."""
    return PRINCIPALS.make(direct_remote_ip=cidr(written)) if place.has_addresses else PRINCIPALS.never


def remote_ip(written: str) -> Any:
    """By the client that a trusted proxy names, or who opened the connection."""
    return PRINCIPALS.make(remote_ip=cidr(written))


def cidr(written: str) -> Any:
    """An address or a range of them."""
    network = ip_network(written, strict=False)
    return address_pb2.CidrRange(address_prefix=str(network.network_address), prefix_len={"value": network.prefixlen})


def _fields(asked: Source, place: Place) -> tuple[tuple[tuple[str, ...], tuple[str, ...], Callable[[str], Any]], ...]:
    return (
        (asked.principals, asked.not_principals, lambda each: peer(each, place)),
        (asked.request_principals, asked.not_request_principals, request_principal),
        (asked.namespaces, asked.not_namespaces, namespace),
        (asked.service_accounts, asked.not_service_accounts, service_account),
        (asked.ip_blocks, asked.not_ip_blocks, lambda each: source_ip(each, place)),
        (asked.remote_ip_blocks, asked.not_remote_ip_blocks, remote_ip),
    )


def _of_this_mesh(written: str, trust_domain: str) -> str:
    domain, slash, path = written.partition("/")
    return f"{trust_domain}/{path}" if slash and domain == _ANY_MESH else written


def _authenticated(name: Any) -> Any:
    return PRINCIPALS.make(authenticated={"principal_name": name})
