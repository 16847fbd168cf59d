"""Conditions of AuthorizationPolicies."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import AuthorizationPolicy, Condition
from tests.manifest.policy_writing import authorization_policy, when
from tests.manifest.writing import problems, read


def condition(key: str, *values: str, **more: Any) -> Condition:
    (found,) = read(authorization_policy("a", when(key, *values, **more)))
    assert isinstance(found, AuthorizationPolicy)
    ((only,),) = (rule.conditions for rule in found.rules)
    return only


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source.ip", "10.0.0.0/8"),
        ("remote.ip", "::1"),
        ("source.namespace", "prod-*"),
        ("source.principal", "cluster.local/ns/prod/sa/sleep"),
        ("request.auth.principal", "issuer/*"),
        ("request.auth.audiences", "a"),
        ("request.auth.presenter", "a"),
        ("request.auth.claims[iss]", "*example.com"),
        ("request.auth.claims[a][B c]", "x"),
        ("request.headers[x-token]", "admin*"),
        ("destination.ip", "10.0.0.1"),
        ("destination.port", "80"),
        ("connection.sni", "*.example.com"),
    ],
)
def test_attributes_are_read(key: str, value: str) -> None:
    """Each with what it may and may not be."""
    assert condition(key, value) == Condition(key=key, values=(value,))
    assert condition(key, notValues=[value]) == Condition(key=key, not_values=(value,))
    assert condition(key, value, notValues=[value]) == Condition(key=key, values=(value,), not_values=(value,))


def test_names_of_headers_become_lower_case() -> None:
    """They have no case; names of claims have one."""
    assert condition("request.headers[X-Token]", "A").key == "request.headers[x-token]"
    assert condition("request.auth.claims[Group]", "A").key == "request.auth.claims[Group]"


def test_service_accounts_are_completed() -> None:
    """With the namespace of the policy."""
    found = condition("source.serviceAccount", "sleep", notValues=["other/sleep"])
    assert (found.values, found.not_values) == (("prod/sleep",), ("other/sleep",))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"key": "source.ip"}, "values: values or notValues are required, and missing"),
        ({"key": "source.ip", "values": None}, "values: values or notValues are required, and missing"),
        ({"key": "source.ip", "values": []}, "values: must not be empty"),
        ({"key": "source.ip", "notValues": []}, "notValues: must not be empty"),
        ({"key": "source.ip", "values": ["here"]}, "values[0]: expected an IP address or a CIDR block"),
        ({"key": "destination.ip", "notValues": ["*"]}, "notValues[0]: expected an IP address or a CIDR block"),
        ({"key": "destination.port", "values": ["http"]}, "values[0]: expected a port number"),
        ({"key": "destination.port", "values": [80]}, "values[0]: expected text, found 80"),
        ({"key": "source.namespace", "values": ["Prod"]}, "values[0]: expected a namespace"),
        ({"key": "source.principal", "values": ["spiffe://a"]}, "values[0]: is written without spiffe://"),
        ({"key": "source.serviceAccount", "values": ["*"]}, "values[0]: expected a service account"),
        ({"key": "request.headers[a]", "values": ["a*b"]}, "values[0]: * may only stand at one end"),
        ({"key": "request.headers", "values": ["a"]}, "key: expected request.headers[NAME] with the name of a header"),
        ({"key": "request.headers[]", "values": ["a"]}, "key: expected request.headers[NAME] with the name of a"),
        ({"key": "request.headers[a b]", "values": ["a"]}, "key: expected request.headers[NAME] with the name of a"),
        ({"key": "request.headers[a]x", "values": ["a"]}, "key: expected request.headers[NAME] with the name of a"),
        (
            {"key": "request.headers[:path]", "values": ["a"]},
            "key: pseudo-headers are valid in Istio but not supported",
        ),
        ({"key": "request.auth.claims", "values": ["a"]}, "key: expected request.auth.claims[NAME], or [NAME][NAME]"),
        ({"key": "request.auth.claims[]", "values": ["a"]}, "key: expected request.auth.claims[NAME], or [NAME][NAME]"),
        ({"key": "request.auth.claims[a]b", "values": ["a"]}, "key: expected request.auth.claims[NAME], or [NAME]"),
        ({"key": "request.auth.claims[[a]]", "values": ["a"]}, "key: expected request.auth.claims[NAME], or [NAME]"),
        ({"key": "request.auth.claims[a\n]", "values": ["a"]}, "key: expected request.auth.claims[NAME], or [NAME]"),
        (
            {"key": "experimental.envoy.filters.a[b]", "values": ["a"]},
            "key: experimental.envoy.filters.* is valid in Istio but not supported here",
        ),
        (
            {"key": "destination.user", "values": ["a"]},
            "key: there is no attribute destination.user; use one of source",
        ),
        ({"key": "source.ips", "values": ["a"]}, "key: there is no attribute source.ips; use one of source.ip, "),
        ({"key": "\x1b[2J", "values": ["a"]}, "key: there is no attribute of this name; use one of "),
        ({"values": ["a"]}, "key: required, and missing"),
        ({"key": "", "values": ["a"]}, "key: must not be empty"),
        ({"key": "source.ip", "values": ["::1"], "value": "x"}, "value: unknown field; did you mean values?"),
    ],
)
def test_what_is_refused(written: dict[str, Any], reason: str) -> None:
    """Unknown attributes by name, and values that are none of theirs."""
    (problem,) = problems(authorization_policy("a", {"when": [written]}))
    assert problem.removeprefix("spec.rules[0].when[0].").startswith(reason)
