"""What one rule of an AuthorizationPolicy asks of a request: `from`, `to` and `when` as tests of one form.

A test compares one attribute with the values that it may have and those that it may not. Which policies are asked, and
what follows from their rules, is for `authorization`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from meshtui.manifest.policy_model import Condition, RequestTo, Source
from meshtui.policy import matching
from meshtui.policy.model import AccessRequest

_SHOWN = 3
"""Values of a policy that a reason repeats."""
_SECRET = ("authorization", "proxy-authorization", "cookie")
"""Headers whose values are nobody's business but the two ends'."""


class About(StrEnum):
    """What an attribute is a property of, which is what decides when it is known."""

    CALLER = "caller"
    PLACE = "place"
    """The connection, as the proxy stands that takes it."""
    REQUEST = "request"
    """A text that the caller is free to choose."""
    USER = "user"
    """Of the token, which says who stands behind the request."""
    CLIENT = "client"
    """What proxies before it said."""


@dataclass(frozen=True)
class Attribute:
    """One property of a request that rules can ask for."""

    name: str
    """As `when[].key` has it: `source.principal`, `request.headers[x-token]`."""
    about: About
    matches: Callable[[str, AccessRequest, str], bool]
    """Whether a policy's text fits a request, in a mesh of this trust domain."""
    seen: Callable[[AccessRequest], str]
    """What the request has, in words."""


@dataclass(frozen=True)
class Test:
    """Passes when any of `values` fits (or there are none) and none of `not_values` does."""

    label: str
    """`source.principals`."""
    not_label: str
    attribute: Attribute
    values: tuple[str, ...]
    not_values: tuple[str, ...]

    @property
    def said(self) -> str:
        """What it asks for, in words: `operation.methods GET`."""
        asked = ((self.label, self.values), (self.not_label, self.not_values))
        return " and ".join(f"{label} {_some(values, ' or ')}" for label, values in asked if values)

    def passes(self, request: AccessRequest, trust_domain: str) -> bool:
        """Whether a request fits."""
        fits = self.attribute.matches
        if self.values and not any(fits(value, request, trust_domain) for value in self.values):
            return False
        return not any(fits(value, request, trust_domain) for value in self.not_values)

    def failure(self, request: AccessRequest, trust_domain: str) -> str:
        """Why it does not pass, in words; empty when it does."""
        fits = self.attribute.matches
        if self.values and not any(fits(value, request, trust_domain) for value in self.values):
            return f"{self.label}: {self.attribute.seen(request)} is {_none_of(self.values)}"
        for value in self.not_values:
            if fits(value, request, trust_domain):
                return f"{self.not_label}: {self.attribute.seen(request)} fits {value}"
        return ""


def source_tests(source: Source) -> tuple[Test, ...]:
    """What a `from[].source` asks; nothing where it is empty."""
    return _tests(
        ("source.principals", "source.notPrincipals", PRINCIPAL, source.principals, source.not_principals),
        (
            "source.requestPrincipals",
            "source.notRequestPrincipals",
            REQUEST_PRINCIPAL,
            source.request_principals,
            source.not_request_principals,
        ),
        ("source.namespaces", "source.notNamespaces", NAMESPACE, source.namespaces, source.not_namespaces),
        (
            "source.serviceAccounts",
            "source.notServiceAccounts",
            SERVICE_ACCOUNT,
            source.service_accounts,
            source.not_service_accounts,
        ),
        ("source.ipBlocks", "source.notIpBlocks", SOURCE_IP, source.ip_blocks, source.not_ip_blocks),
        (
            "source.remoteIpBlocks",
            "source.notRemoteIpBlocks",
            REMOTE_IP,
            source.remote_ip_blocks,
            source.not_remote_ip_blocks,
        ),
    )


def operation_tests(operation: RequestTo) -> tuple[Test, ...]:
    """What a `to[].operation` asks; nothing where it is empty."""
    return _tests(
        ("operation.hosts", "operation.notHosts", HOST, operation.hosts, operation.not_hosts),
        ("operation.methods", "operation.notMethods", METHOD, operation.methods, operation.not_methods),
        ("operation.paths", "operation.notPaths", PATH, operation.paths, operation.not_paths),
        ("operation.ports", "operation.notPorts", PORT, operation.ports, operation.not_ports),
    )


def condition_test(condition: Condition) -> Test:
    """What one of `when` asks. Raises KeyError for a key that Istio does not have."""
    label = f"when {condition.key}"
    return Test(label, f"{label} not", attribute_of(condition.key), condition.values, condition.not_values)


def attribute_of(key: str) -> Attribute:
    """The attribute that a `when[].key` names; raises KeyError."""
    if known := _BY_KEY.get(key):
        return known
    found = _BRACKETS.fullmatch(key)
    names = tuple(_NAME.findall(found["names"])) if found else ()
    if found and found["of"] == "request.headers" and len(names) == 1:
        return _header_attribute(key, names[0])
    if found and found["of"] == "request.auth.claims":
        return _claim_attribute(key, names)
    raise KeyError(key)


_BRACKETS = re.compile(r"(?P<of>request\.headers|request\.auth\.claims)(?P<names>(\[[^\[\]]+\])+)")
_NAME = re.compile(r"\[([^\[\]]+)\]")


def _header_attribute(key: str, name: str) -> Attribute:
    def seen(request: AccessRequest) -> str:
        value = matching.header(request, name)
        if value is None:
            return "a header that was not sent"
        return "what was sent (not shown)" if name.lower() in _SECRET else repr(value)

    return Attribute(
        key,
        About.REQUEST,
        lambda text, request, _: matching.header_matches(text, matching.header(request, name)),
        seen,
    )


def _claim_attribute(key: str, path: tuple[str, ...]) -> Attribute:
    def matches(text: str, request: AccessRequest, _: str) -> bool:
        return any(matching.text_matches(text, each) for each in matching.claim_texts(request.claims, path))

    def seen(request: AccessRequest) -> str:
        if request.claims is None:
            return "a request without a valid token"
        return ", ".join(matching.claim_texts(request.claims, path)) or "a token without this claim"

    return Attribute(key, About.USER, matches, seen)


def _caller(request: AccessRequest) -> str:
    return request.principal or "a caller without an identity"


def _request_principal(request: AccessRequest) -> str:
    if request.claims is None:
        return "a request without a valid token"
    return f"{request.claims.get('iss', '')}/{request.claims.get('sub', '')}"


PRINCIPAL = Attribute(
    "source.principal",
    About.CALLER,
    lambda text, request, domain: matching.principal_matches(text, request.principal, domain),
    _caller,
)
NAMESPACE = Attribute(
    "source.namespace",
    About.CALLER,
    lambda text, request, _: matching.namespace_matches(text, request.principal),
    _caller,
)
SERVICE_ACCOUNT = Attribute(
    "source.serviceAccount",
    About.CALLER,
    lambda text, request, _: matching.service_account_matches(text, request.principal),
    _caller,
)
REQUEST_PRINCIPAL = Attribute(
    "request.auth.principal",
    About.USER,
    lambda text, request, _: matching.request_principal_matches(text, request.claims),
    _request_principal,
)
SOURCE_IP = Attribute(
    "source.ip",
    About.PLACE,
    lambda text, request, _: matching.address_matches(text, request.source_ip),
    lambda request: request.source_ip or "an unknown address",
)
REMOTE_IP = Attribute(
    "remote.ip",
    About.CLIENT,
    lambda text, request, _: matching.address_matches(text, request.remote_ip),
    lambda request: request.remote_ip or "an unknown address",
)
HOST = Attribute(
    "host",
    About.REQUEST,
    lambda text, request, _: matching.text_matches(text, request.host, ignore_case=True),
    lambda request: request.host or "no host",
)
METHOD = Attribute(
    "method",
    About.REQUEST,
    lambda text, request, _: matching.text_matches(text, request.method),
    lambda request: request.method,
)
PATH = Attribute(
    "path",
    About.REQUEST,
    lambda text, request, _: matching.path_matches(text, request.path),
    lambda request: request.path,
)
PORT = Attribute(
    "destination.port",
    About.PLACE,
    lambda text, request, _: int(text) == request.port,
    lambda request: str(request.port),
)
_BY_KEY = {
    attribute.name: attribute
    for attribute in (
        *(PRINCIPAL, NAMESPACE, SERVICE_ACCOUNT, REQUEST_PRINCIPAL, SOURCE_IP, REMOTE_IP, PORT),
        _claim_attribute("request.auth.audiences", ("aud",)),
        _claim_attribute("request.auth.presenter", ("azp",)),
        Attribute(
            "destination.ip",
            About.PLACE,
            lambda text, request, _: matching.address_matches(text, request.destination_ip),
            lambda request: request.destination_ip or "an unknown address",
        ),
        Attribute(
            "connection.sni",
            About.CLIENT,
            # Envoy keeps the name in lower case, and policies as they are written
            lambda text, request, _: matching.text_matches(text, request.sni.lower()),
            lambda request: request.sni or "no server name",
        ),
    )
}


def _tests(*given: tuple[str, str, Attribute, tuple[str, ...], tuple[str, ...]]) -> tuple[Test, ...]:
    return tuple(Test(*each) for each in given if each[3] or each[4])


def _none_of(values: tuple[str, ...]) -> str:
    return f"not {values[0]}" if len(values) == 1 else f"none of {_some(values, ', ')}"


def _some(values: tuple[str, ...], between: str) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return between.join(values[:_SHOWN]) + more
