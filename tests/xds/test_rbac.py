"""The RBAC filters as messages; what Envoy does with them is in `tests/enforcement`."""

from __future__ import annotations

import pytest
from envoy.config.rbac.v3 import rbac_pb2

from meshtui.manifest.policy_model import PolicyAction, Rule, Source
from meshtui.xds import extensions, naming
from meshtui.xds.claims import claim, request_principal
from meshtui.xds.place import Place
from meshtui.xds.rbac import EFFECTIVE_POLICY, authorization
from tests.policy.authorizing import TRUST_DOMAIN, policy, rule
from tests.xds.reading import as_json

SIDECAR = Place(trust_domain=TRUST_DOMAIN, port=8080, ports={})


def test_without_policies_nothing_is_enforced() -> None:
    """Every filter is there, as a listener waits for it, and lets everything pass."""
    found = authorization([], SIDECAR)
    assert list(found) == [extensions.AUDIT, extensions.DENY, extensions.ALLOW]
    assert not any(each.HasField("rules") or each.HasField("shadow_rules") for each in found.values())


def test_allow_without_rules_matches_nothing() -> None:
    """It is enforced, so that Envoy denies what no rule allows; as a dry run it is only told."""
    allow = authorization([policy("p", "ALLOW")], SIDECAR)[extensions.ALLOW]
    assert allow.HasField("rules")
    assert (allow.rules.action, len(allow.rules.policies)) == (rbac_pb2.RBAC.ALLOW, 0)
    tried = authorization([policy("p", "ALLOW", dry_run=True)], SIDECAR)[extensions.ALLOW]
    assert tried.HasField("shadow_rules")
    assert not tried.HasField("rules")


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (PolicyAction.AUDIT, extensions.AUDIT),
        (PolicyAction.DENY, extensions.DENY),
        (PolicyAction.ALLOW, extensions.ALLOW),
    ],
)
def test_rules_have_names_that_can_be_read_back(action: PolicyAction, name: str) -> None:
    """Policy and index of the rule; Envoy tells them under a key of metadata of each action."""
    written = policy("p", action.value, Rule(), rule(to={"methods": ("GET",)}))
    found = authorization([written], SIDECAR)[name]
    assert {naming.policy_in(each) for each in found.rules.policies} == {(written.key, 0), (written.key, 1)}
    assert f"{found.rules_stat_prefix}enforced_effective_policy_id" == EFFECTIVE_POLICY[action]


def test_names_are_never_patterns() -> None:
    """What stands in a policy is escaped before it becomes a part of a regular expression, but for its asterisks."""
    sources = Source(namespaces=("a.b(c",), service_accounts=("n.s/a+b",))
    (built,) = authorization([policy("p", "DENY", Rule(sources=(sources,)))], SIDECAR)[
        extensions.DENY
    ].rules.policies.values()
    text = str(as_json(built))
    assert ".*/ns/a\\\\.b\\\\(c/.*" in text
    assert "/ns/n\\\\.s/(.+/|)sa/a\\\\+b(/.+)?" in text


def test_claims_are_asked_for_where_envoy_still_looks() -> None:
    """Each by `sourced_metadata`: of `metadata`, the field before it, every Envoy warns."""
    found = request_principal("issuer/subject"), claim(["groups"], "a*")
    leaves = [each for built in found for each in built.and_ids.ids or [built]]
    assert [each.WhichOneof("identifier") for each in leaves] == ["sourced_metadata"] * 3
