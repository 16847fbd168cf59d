"""AuthorizationPolicies at a real sidecar, on connections that stay open: what Envoy does and what the pure function
says are the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from meshtui.manifest.policy_model import Policy, RequestTo, Rule
from meshtui.xds import naming
from tests.enforcement.features import ALWAYS, FEATURES, NEVER, OTHER, PLAINTEXT, SLEEP, Feature, calling
from tests.enforcement.judging import Asked, Outcome, expected, expected_marks, seen
from tests.enforcement.proxy import EnforcingProxy
from tests.policy.authorizing import policy, rule

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANYTHING = Rule()
_RULE = "ns[prod]-policy[p]-rule[0]"
_AUDITED = "audit_enforced_effective_policy_id"


async def outcomes(sidecar: EnforcingProxy, policies: Sequence[Policy], *asked: Asked) -> list[Outcome]:
    """What Envoy does, when that is what the pure function says."""
    await sidecar.put(*policies)
    found = [seen(answer) for answer in await sidecar.ask(*asked)]
    assert [expected(policies, each) for each in asked] == found
    return found


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
async def test_a_feature_decides(sidecar: EnforcingProxy, feature: Feature) -> None:
    """As ALLOW it lets one request pass and not the other, as DENY the other way round, as AUDIT it marks one."""
    both = feature.matches, feature.differs
    allow = await outcomes(sidecar, [policy("p", "ALLOW", feature.rule)], *both)
    assert [Outcome(200, _RULE), Outcome(403, "")] == allow
    deny = await outcomes(sidecar, [policy("p", "DENY", feature.rule)], *both)
    assert [Outcome(403, _RULE), Outcome(200, "")] == deny
    audit = policy("p", "AUDIT", feature.rule)
    await sidecar.put(audit)
    assert [answer.metadata.get(_AUDITED) for answer in await sidecar.ask(*both)] == [_RULE, None]
    assert [expected_marks([audit], each).audited for each in both] == [_RULE, ""]


@pytest.mark.parametrize("name", ALWAYS)
async def test_rules_about_every_request(sidecar: EnforcingProxy, name: str) -> None:
    """Such a rule lets pass, or denies, whoever asks for whatever."""
    asked = SLEEP, PLAINTEXT, calling("POST", "/x", x_forwarded_for="10.0.0.1")
    assert [each.status for each in await outcomes(sidecar, [policy("p", "ALLOW", ALWAYS[name])], *asked)] == [200] * 3
    assert [each.status for each in await outcomes(sidecar, [policy("p", "DENY", ALWAYS[name])], *asked)] == [403] * 3


@pytest.mark.parametrize("name", NEVER)
async def test_rules_about_no_request(sidecar: EnforcingProxy, name: str) -> None:
    """Such a rule neither lets pass nor denies anything."""
    asked = SLEEP, PLAINTEXT, calling("POST", "/x", x_forwarded_for="10.0.0.1")
    assert [each.status for each in await outcomes(sidecar, [policy("p", "ALLOW", NEVER[name])], *asked)] == [403] * 3
    assert [each.status for each in await outcomes(sidecar, [policy("p", "DENY", NEVER[name])], *asked)] == [200] * 3


async def test_absent_rules(sidecar: EnforcingProxy) -> None:
    """Without policies all pass; ALLOW without rules lets nothing pass, DENY without rules denies nothing."""
    assert [Outcome(200, "")] == await outcomes(sidecar, [], SLEEP)
    assert [Outcome(403, "")] == await outcomes(sidecar, [policy("p", "ALLOW")], SLEEP)
    assert [Outcome(200, "")] == await outcomes(sidecar, [policy("p", "DENY")], SLEEP)
    assert [Outcome(200, "")] == await outcomes(sidecar, [policy("p", "AUDIT")], SLEEP)


async def test_deny_goes_before_allow(sidecar: EnforcingProxy) -> None:
    """What a DENY policy denies no ALLOW policy lets pass; what it does not, one has to."""
    deny = policy("d", "DENY", rule(to={"paths": ("/admin*",)}))
    allow = policy("a", "ALLOW", rule(source={"namespaces": ("prod",)}))
    found = await outcomes(sidecar, [allow, deny], calling(path="/admin/x"), calling(path="/x"), OTHER)
    rules = [naming.policy_rule(deny.key, 0), naming.policy_rule(allow.key, 0), ""]
    assert [Outcome(status, text) for status, text in zip((403, 200, 403), rules, strict=True)] == found


async def test_any_policy_and_any_rule_is_enough(sidecar: EnforcingProxy) -> None:
    """Rules of one policy, its sources and operations, and several policies are alternatives; the first by name is
    told, of rules and of policies."""
    many = policy("m", "ALLOW", *(rule(to={"paths": (f"/{index}", "/all")}) for index in range(12)))
    other = policy("b", "ALLOW", rule(to={"methods": ("PUT",)}), namespace="istio-system")
    assert [
        Outcome(200, "ns[prod]-policy[m]-rule[11]"),
        Outcome(200, "ns[prod]-policy[m]-rule[0]"),
        Outcome(200, "ns[istio-system]-policy[b]-rule[0]"),
        Outcome(200, "ns[istio-system]-policy[b]-rule[0]"),
        Outcome(403, ""),
    ] == await outcomes(
        sidecar,
        [many, other],
        calling(path="/11"),
        calling(path="/all"),
        calling("PUT", "/all"),
        calling("PUT"),
        calling(path="/12"),
    )


async def test_names_are_ordered_as_texts(sidecar: EnforcingProxy) -> None:
    """Of several that match, Envoy and the pure function name the same one, however their names are alike."""
    for names in (("a", "a-b"), ("a1", "a"), ("b", "a.b", "a")):
        policies = [policy(name, "DENY", ANYTHING) for name in names]
        await outcomes(sidecar, policies, SLEEP)
        await outcomes(sidecar, [policy(name, "ALLOW", ANYTHING) for name in names], SLEEP)
    several = policy("x", "DENY", *[rule(to={"methods": ("PUT",)})] * 2, *[ANYTHING] * 10)
    assert [Outcome(403, "ns[prod]-policy[x]-rule[10]")] == await outcomes(sidecar, [several], SLEEP)


async def test_dry_runs_are_told_and_not_done(sidecar: EnforcingProxy) -> None:
    """A dry run denies nothing and lets nothing pass; metadata has what it would have done."""
    deny = policy("d", "DENY", rule(to={"methods": ("PUT",)}), dry_run=True)
    allow = policy("a", "ALLOW", rule(to={"methods": ("PUT",)}), dry_run=True)
    assert [Outcome(200, "")] * 2 == await outcomes(sidecar, [deny, allow], calling("PUT"), calling())
    put, get = await sidecar.ask(calling("PUT"), calling())
    assert put.metadata["dry_run_deny_shadow_engine_result"] == "denied"
    assert naming.policy_rule(deny.key, 0) == put.metadata["dry_run_deny_shadow_effective_policy_id"]
    assert put.metadata["dry_run_allow_shadow_engine_result"] == "allowed"
    assert naming.policy_rule(allow.key, 0) == put.metadata["dry_run_allow_shadow_effective_policy_id"]
    assert get.metadata["dry_run_deny_shadow_engine_result"] == "allowed"
    assert get.metadata["dry_run_allow_shadow_engine_result"] == "denied"
    assert [Outcome(403, "")] == await outcomes(sidecar, [deny, allow, policy("b", "ALLOW")], calling("PUT"))


async def test_names_of_policies_and_values_are_data(sidecar: EnforcingProxy) -> None:
    """Whatever stands in a policy is compared as it stands: no value is a pattern but by an asterisk at its end."""
    for value in ("/a.*b", "/(a|b)+", "/a$", "/[a]", "/%41", "/a\\b"):
        policies = [policy("p", "ALLOW", Rule(operations=(RequestTo(paths=(value,)),)))]
        await outcomes(sidecar, policies, calling(path="/aab"), calling(path="/a"), calling(path="/b"))
