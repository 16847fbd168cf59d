"""What AuthorizationPolicies decide, in Istio's order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.manifest.policy_model import AuthorizationPolicy, Condition, PolicyAction, RequestTo, Rule, Source
from meshtui.policy.authorization import authorize, match_rule
from meshtui.policy.model import AccessRequest, Decision, Match
from tests.policy.authorizing import EVERYTHING, SLEEP, TRUST_DOMAIN, policy, request, rule
from tests.policy.drawing import CONDITIONS, POLICIES, REQUESTS, RULES


def decide(policies: list[AuthorizationPolicy], asked: AccessRequest) -> Decision:
    return authorize(policies, asked, TRUST_DOMAIN)


def test_without_policies_everything_passes() -> None:
    """And nobody decided it."""
    decision = decide([], request())
    assert (decision.allowed, decision.policy, decision.trail) == (True, None, ())


def test_a_policy_without_rules_matches_nothing() -> None:
    """So ALLOW denies all, and DENY none."""
    nothing = policy("nothing", "ALLOW")
    assert not decide([nothing], request("sleep")).allowed
    assert decide([policy("none", "DENY")], request("sleep")).allowed
    assert decide([nothing], request()).trail[0].why == "it has no rules, and so matches nothing"


def test_an_empty_rule_matches_everything() -> None:
    """`rules: [{}]`."""
    assert decide([policy("all", "ALLOW", EVERYTHING)], request()).allowed
    assert not decide([policy("all", "DENY", EVERYTHING)], request("sleep")).allowed


def test_denying_goes_before_allowing() -> None:
    """The policy that denies is named, with its rule, and the other one stays in the trail."""
    deny = policy("no-posts", "DENY", rule(to={"methods": ("PUT",)}), rule(to={"methods": ("POST",)}))
    allow = policy("all", "ALLOW", EVERYTHING)
    decision = decide([allow, deny], request("sleep", method="POST"))
    assert (False, deny.key, 1) == (decision.allowed, decision.policy, decision.rule)
    assert [deny.key, allow.key] == [step.policy for step in decision.trail]
    assert decision.reason == "AuthorizationPolicy prod/no-posts denies it: rules[1] matches."


def test_with_an_allow_policy_one_must_match() -> None:
    """What came closest says why it did not."""
    allow = policy("sleep-gets", "ALLOW", rule({"principals": (SLEEP,)}, {"methods": ("GET",), "paths": ("/get",)}))
    assert decide([allow], request("sleep", path="/get")).allowed
    refused = decide([allow], request("sleep", path="/status/418"))
    assert (refused.allowed, refused.policy) == (False, None)
    assert refused.trail[0].why == "rules[0]: operation.paths: /status/418 is not /get"
    plaintext = decide([allow], request(path="/get"))
    assert f"rules[0]: source.principals: a caller without an identity is not {SLEEP}" == plaintext.trail[0].why


def test_an_audit_policy_only_marks() -> None:
    """Whatever else is decided."""
    audit = policy("watch", "AUDIT", EVERYTHING)
    decision = decide([audit], request())
    assert (True, None, (audit.key,)) == (decision.allowed, decision.policy, decision.audited)


@pytest.mark.parametrize("action", ["ALLOW", "DENY", "AUDIT"])
def test_a_dry_run_is_told_and_not_done(action: str) -> None:
    """A DENY denies nothing, and an ALLOW does not close what is open."""
    tried = policy("try", action, EVERYTHING, dry_run=True)
    decision = decide([tried], request("sleep"))
    assert (decision.allowed, decision.policy, decision.audited) == (True, None, ())
    assert [step.match for step in decision.trail] == [Match.DRY_RUN]
    unmatched = policy("try", action, dry_run=True)
    assert decide([unmatched], request("sleep")).allowed


def test_of_several_that_match_the_one_that_envoy_names() -> None:
    """It tries rules in the order of their names, as texts: rule 10 before rule 2."""
    rules = [rule(to={"methods": ("PUT",)})] * 2 + [EVERYTHING] * 9
    late = policy("b", "DENY", *rules)
    assert decide([late], request()).rule == 10
    assert policy("a", "DENY").key == decide([late, policy("a", "DENY", EVERYTHING)], request()).policy
    of_the_mesh = policy("z", "DENY", EVERYTHING, namespace="istio-system")
    assert of_the_mesh.key == decide([late, of_the_mesh], request()).policy


@pytest.mark.parametrize(
    ("source", "passes"),
    [
        ({"not_principals": ("cluster.local/ns/prod/sa/curl",)}, True),
        ({"not_principals": ("*",)}, True),
        ({"not_namespaces": ("prod",)}, True),
        ({"not_service_accounts": ("prod/sleep",)}, True),
        ({"not_ip_blocks": ("10.0.0.0/8",)}, True),
        ({"not_remote_ip_blocks": ("0.0.0.0/0",)}, True),
        ({"not_request_principals": ("*",)}, True),
        ({"principals": ("*",)}, False),
        ({"namespaces": ("*",)}, False),
        ({"ip_blocks": ("0.0.0.0/0", "::/0")}, False),
        ({"request_principals": ("*",)}, False),
    ],
)
def test_what_is_not_there_matches_only_the_not_forms(source: dict[str, tuple[str, ...]], passes: bool) -> None:
    """A plaintext caller is none of those who are excluded, as Envoy negates what it could not find."""
    assert passes == match_rule(rule(source), request(), TRUST_DOMAIN).matched


@pytest.mark.parametrize(
    ("key", "values", "attributes", "passes"),
    [
        ("request.headers[X-Token]", ("a*",), {"headers": {"x-token": "abc"}}, True),
        ("request.headers[x-token]", ("*",), {"headers": {"x-token": ""}}, True),
        ("request.headers[x-token]", ("*",), {}, False),
        ("request.headers[host]", ("a.example:*",), {"host": "a.example:80"}, True),
        ("source.ip", ("10.0.0.0/8",), {"source_ip": "10.1.1.1"}, True),
        ("remote.ip", ("10.0.0.0/8",), {"source_ip": "10.1.1.1", "remote_ip": "192.0.2.1"}, False),
        ("source.namespace", ("prod",), {"principal": "spiffe://mesh.example/ns/prod/sa/sleep"}, True),
        ("source.principal", (SLEEP,), {"principal": "spiffe://mesh.example/ns/prod/sa/sleep"}, True),
        ("source.serviceAccount", ("prod/sleep",), {"principal": "spiffe://mesh.example/ns/prod/sa/sleep"}, True),
        ("destination.ip", ("10.0.0.1",), {"destination_ip": "10.0.0.1"}, True),
        ("destination.port", ("80", "8000"), {"port": 8000}, True),
        ("connection.sni", ("*.example",), {"sni": "a.example"}, True),
        ("request.auth.principal", ("i/s",), {"claims": {"iss": "i", "sub": "s"}}, True),
        ("request.auth.audiences", ("b",), {"claims": {"aud": ["a", "b"]}}, True),
        ("request.auth.presenter", ("p",), {"claims": {"azp": "p"}}, True),
        ("request.auth.claims[realm][roles]", ("admin",), {"claims": {"realm": {"roles": ["admin"]}}}, True),
        ("request.auth.claims[realm]", ("admin",), {"claims": {"realm": {"roles": ["admin"]}}}, False),
    ],
)
def test_conditions(key: str, values: tuple[str, ...], attributes: dict[str, object], passes: bool) -> None:
    """Each key of `when`, and its opposite: what values do not match, notValues do."""
    asked = AccessRequest(**attributes)  # type: ignore[arg-type]
    forwards = Rule(conditions=(Condition(key=key, values=values),))
    backwards = Rule(conditions=(Condition(key=key, not_values=values),))
    assert passes == match_rule(forwards, asked, TRUST_DOMAIN).matched
    assert passes != match_rule(backwards, asked, TRUST_DOMAIN).matched


def test_reasons_repeat_headers_but_no_credentials() -> None:
    """What a token or a cookie is stays out of screens and files."""
    wanted = {
        name: Rule(conditions=(Condition(key=f"request.headers[{name}]", values=("x",)),)) for name in ("a", "cookie")
    }
    asked = request(headers={"a": "told", "cookie": "told"})
    reasons = [match_rule(wanted[name], asked, TRUST_DOMAIN).failures for name in ("a", "cookie")]
    assert reasons == [
        ("when request.headers[a]: 'told' is not x",),
        ("when request.headers[cookie]: what was sent (not shown) is not x",),
    ]


def test_hosts_are_compared_with_the_port_that_was_sent() -> None:
    """In any case, as Istio has it."""
    to = rule(to={"hosts": ("httpbin.example",)})
    assert match_rule(to, request(host="HTTPBIN.example"), TRUST_DOMAIN).matched
    assert not match_rule(to, request(host="httpbin.example:80"), TRUST_DOMAIN).matched


def test_an_empty_source_or_operation_fits_any_request() -> None:
    """Beside one that does not."""
    open_source = Rule(sources=(Source(principals=("nobody",)), Source()))
    assert match_rule(open_source, request(), TRUST_DOMAIN).matched
    open_operation = Rule(operations=(RequestTo(methods=("PUT",)), RequestTo()))
    assert match_rule(open_operation, request(), TRUST_DOMAIN).matched


@given(st.lists(POLICIES, max_size=4), POLICIES, REQUESTS)
def test_a_further_deny_policy_never_allows_more(
    policies: list[AuthorizationPolicy], further: AuthorizationPolicy, asked: AccessRequest
) -> None:
    """Whatever is there already."""
    denying = replace(further, action=PolicyAction.DENY)
    assert decide(policies, asked).allowed >= decide([*policies, denying], asked).allowed


@given(st.lists(POLICIES, max_size=4), st.randoms(use_true_random=False), REQUESTS)
def test_the_order_of_policies_means_nothing(
    policies: list[AuthorizationPolicy], chance: object, asked: AccessRequest
) -> None:
    """Who decided stays the same, too."""
    unique = list({each.key: each for each in policies}.values())
    shuffled = list(unique)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = decide(unique, asked), decide(shuffled, asked)
    assert (first.allowed, first.policy, first.rule) == (second.allowed, second.policy, second.rule)


@given(RULES, CONDITIONS, REQUESTS)
def test_a_rule_with_a_further_condition_matches_no_more(
    before: Rule, further: Condition, asked: AccessRequest
) -> None:
    """Conditions only narrow."""
    narrowed = replace(before, conditions=(*before.conditions, further))
    assert match_rule(before, asked, TRUST_DOMAIN).matched >= match_rule(narrowed, asked, TRUST_DOMAIN).matched


@given(st.lists(POLICIES, max_size=4), REQUESTS)
def test_audit_and_dry_runs_decide_nothing(policies: list[AuthorizationPolicy], asked: AccessRequest) -> None:
    """Without them the answer is the same."""
    enforced = [each for each in policies if not each.dry_run and each.action is not PolicyAction.AUDIT]
    assert decide(enforced, asked).allowed == decide(policies, asked).allowed
