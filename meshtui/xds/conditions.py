"""The `when` of an AuthorizationPolicy: which half of Envoy's rule a key belongs to, and how its values match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from meshtui.manifest.policy_model import Condition
from meshtui.xds.claims import claim, request_principal
from meshtui.xds.logic import PERMISSIONS, PRINCIPALS, Logic
from meshtui.xds.permissions import destination_ip, port, server_name
from meshtui.xds.place import Place
from meshtui.xds.principals import namespace, peer, remote_ip, service_account, source_ip
from meshtui.xds.texts import header

_Match = Callable[[str], Any]
_INDEXED = re.compile(r"(?P<key>request\.(?:headers|auth\.claims))(?P<path>(?:\[[^\]]+\])+)")


def of_callers(conditions: Iterable[Condition], place: Place) -> list[Any]:
    """What has to hold of who calls."""
    return _of(PRINCIPALS, conditions, lambda key: _caller(key, place))


def of_requests(conditions: Iterable[Condition], place: Place) -> list[Any]:
    """What has to hold of where the request goes."""
    return _of(PERMISSIONS, conditions, lambda key: _request(key, place))


def _of(logic: Logic, conditions: Iterable[Condition], matcher: Callable[[str], _Match | None]) -> list[Any]:
    return [
        part
        for each in conditions
        if (match := matcher(each.key)) is not None
        for part in logic.among(each.values, each.not_values, match)
    ]


def _request(key: str, place: Place) -> _Match | None:
    matches: dict[str, _Match] = {
        "destination.ip": lambda written: destination_ip(written, place),
        "destination.port": lambda written: port(written, place),
        "connection.sni": server_name,
    }
    return matches.get(key)


def _caller(key: str, place: Place) -> _Match | None:
    if _request(key, place) is not None:
        return None
    if found := _INDEXED.fullmatch(key):
        return _indexed(found["key"], re.findall(r"\[([^\]]+)\]", found["path"]))
    matches: dict[str, _Match] = {
        "source.ip": lambda written: source_ip(written, place),
        "remote.ip": remote_ip,
        "source.namespace": namespace,
        "source.principal": lambda written: peer(written, place),
        "source.serviceAccount": service_account,
        "request.auth.principal": request_principal,
        "request.auth.audiences": lambda written: claim(["aud"], written),
        "request.auth.presenter": lambda written: claim(["azp"], written),
    }
    # a key that nothing here knows must neither let through nor be passed over: reading has refused it
    return matches[key]


def _indexed(key: str, path: list[str]) -> _Match:
    if key == "request.headers":
        name = path[0].lower()
        return lambda written: PRINCIPALS.make(header=header(name, written))
    return lambda written: claim(path, written)
