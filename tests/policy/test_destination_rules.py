"""Which DestinationRule decides, by Istio's order of looking."""

from __future__ import annotations

import pytest

from meshtui.manifest.policy_model import ClientTls, ClientTlsMode, DestinationRule
from meshtui.policy.destination_rules import rule_for, tls_of
from tests.policy.writing import mesh, rule, service

B = "b.prod.svc.cluster.local"
CASES: dict[str, tuple[tuple[DestinationRule, ...], str]] = {
    "none": ((), ""),
    "of the client's namespace": ((rule("own", B, namespace="other"), rule("theirs", B)), "own"),
    "of the service's namespace": ((rule("theirs", B), rule("root", B, namespace="istio-system")), "theirs"),
    "of the root namespace": ((rule("root", "*.local", namespace="istio-system"),), "root"),
    "of a third namespace": ((rule("third", B, namespace="third"),), ""),
    "a wildcard at home before a name elsewhere": (
        (rule("own", "*.prod.svc.cluster.local", namespace="other"), rule("theirs", B)),
        "own",
    ),
    "the name before wildcards": (
        (rule("wide", "*.prod.svc.cluster.local"), rule("name", B), rule("all", "*")),
        "name",
    ),
    "the longest wildcard": (
        (rule("all", "*"), rule("wide", "*.prod.svc.cluster.local"), rule("l", "*.local")),
        "wide",
    ),
    "another host": ((rule("a", "a.prod.svc.cluster.local"), rule("deep", "*.b.prod.svc.cluster.local")), ""),
    "the oldest of one host": (
        (rule("x", B, created_at="2026-02-01"), rule("y", B, created_at="2026-01-01")),
        "y",
    ),
    "the oldest that says something of TLS": (
        (rule("x", B, created_at="2026-02-01"), rule("y", B, None, created_at="2026-01-01")),
        "x",
    ),
    "a name without TLS hides a wildcard": ((rule("name", B, None), rule("all", "*")), "name"),
}


@pytest.mark.parametrize(("rules", "name"), CASES.values(), ids=CASES)
def test_rules(rules: tuple[DestinationRule, ...], name: str) -> None:
    """Which rule stands for calls from `other` to `b` of prod."""
    catalog = mesh(*rules)
    found = rule_for(catalog, "other", service(catalog, "prod/b"))
    assert name == (found.name if found is not None else "")


def test_a_port_may_have_its_own() -> None:
    """What a rule says of a port stands in place of what it says of the host."""
    own = ClientTls(mode=ClientTlsMode.DISABLE)
    mutual = rule("r", B, ClientTlsMode.ISTIO_MUTUAL, ports={81: own})
    assert (mutual.tls, own) == (tls_of(mutual, 80), tls_of(mutual, 81))
