"""How much of a workload a caller can reach, beside what is decided about single requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.manifest.policy_model import AuthorizationPolicy, Condition, Rule
from meshtui.policy.authorization import authorize
from meshtui.policy.callers import Callers
from meshtui.policy.conditions import About
from meshtui.policy.extent import Enforced, Extent, Reached
from meshtui.policy.model import AccessRequest
from tests.policy.authorizing import EVERYTHING, SLEEP, TRUST_DOMAIN, identity, policy, rule
from tests.policy.drawing import POLICIES, REQUESTS

KNOWN = (About.PLACE, About.USER)


def reach(caller: str, *policies: AuthorizationPolicy, known: tuple[About, ...] = KNOWN) -> Reached:
    principal = identity(caller) if caller else ""
    callers = Callers(("", identity("sleep"), identity("curl"), principal), TRUST_DOMAIN)
    return Enforced(policies, AccessRequest(port=8080), known, callers, TRUST_DOMAIN).reach(principal)


@pytest.mark.parametrize(
    ("policies", "extent", "reason"),
    [
        ((), Extent.ALL, "No policy keeps anything from it."),
        ((policy("none", "ALLOW"),), Extent.NONE, "No rule of an ALLOW policy is about this caller."),
        ((policy("all", "ALLOW", EVERYTHING),), Extent.ALL, "prod/all, rules[0] allows everything."),
        ((policy("all", "DENY", EVERYTHING),), Extent.NONE, "prod/all, rules[0] denies everything."),
        ((policy("try", "DENY", EVERYTHING, dry_run=True),), Extent.ALL, ""),
        ((policy("watch", "AUDIT", EVERYTHING),), Extent.ALL, ""),
        ((policy("a", "ALLOW", rule({"principals": (SLEEP,)})),), Extent.ALL, "rules[0] allows everything."),
        ((policy("a", "ALLOW", rule({"not_principals": (SLEEP,)})),), Extent.NONE, ""),
        (
            (policy("a", "ALLOW", rule({"principals": (SLEEP,)}, {"methods": ("GET",), "paths": ("/get",)})),),
            Extent.SOME,
            "Only what AuthorizationPolicy prod/a, rules[0]: operation.methods GET; operation.paths /get allows.",
        ),
        (
            (policy("a", "DENY", rule(to={"not_methods": ("GET", "HEAD")})),),
            Extent.SOME,
            "All but what AuthorizationPolicy prod/a, rules[0]: operation.notMethods GET or HEAD denies.",
        ),
        ((policy("a", "ALLOW", rule(to={"paths": ("*",), "methods": ("*",)})),), Extent.ALL, ""),
        ((policy("a", "ALLOW", rule(to={"ports": ("8080",)})),), Extent.ALL, ""),
        ((policy("a", "ALLOW", rule(to={"ports": ("9",)})),), Extent.NONE, ""),
        ((policy("a", "ALLOW", rule({"ip_blocks": ("0.0.0.0/0",)})),), Extent.NONE, ""),
        ((policy("a", "ALLOW", rule({"request_principals": ("*",)})),), Extent.NONE, ""),
        (
            (policy("a", "ALLOW", rule(to={"methods": ("GET",), "not_methods": ("G*",)})),),
            Extent.NONE,
            "What is allowed is ruled out by the same rule.",
        ),
    ],
)
def test_rules_about_the_caller_and_the_place_are_all_or_nothing(
    policies: tuple[AuthorizationPolicy, ...], extent: Extent, reason: str
) -> None:
    """What is left to method, path or header is SOME, and the reason says what it depends on."""
    found = reach("sleep", *policies)
    assert extent is found.extent
    assert reason in found.reason


@pytest.mark.parametrize(
    ("first", "second", "extent"),
    [
        (("ALLOW", {"methods": ("GET",)}), ("ALLOW", {"not_methods": ("GET",)}), Extent.ALL),
        (("ALLOW", {"methods": ("GET",)}), ("DENY", {"methods": ("G*",)}), Extent.NONE),
        (("ALLOW", {"paths": ("/a*",)}), ("DENY", {"paths": ("/*",)}), Extent.NONE),
        (("ALLOW", {"paths": ("/*",)}), ("ALLOW", {"paths": ("/a",)}), Extent.ALL),
        (("ALLOW", {"paths": ("/a*",)}), ("DENY", {"paths": ("*b",)}), Extent.SOME),
        (("ALLOW", {"paths": ("/a/{*}",)}), ("DENY", {"paths": ("/b",)}), Extent.SOME),
        (("ALLOW", {"hosts": ("A.example",)}), ("DENY", {"hosts": ("a.EXAMPLE",)}), Extent.NONE),
    ],
)
def test_rules_are_taken_together(
    first: tuple[str, dict[str, tuple[str, ...]]], second: tuple[str, dict[str, tuple[str, ...]]], extent: Extent
) -> None:
    """Two halves are a whole, and what is allowed and denied again is nothing."""
    policies = [policy(name, action, rule(to=to)) for name, (action, to) in zip("ab", (first, second), strict=True)]
    assert extent is reach("sleep", *policies).extent


def test_reasons_name_what_else_counts() -> None:
    """A reason that names one of several rules would say more than is so."""
    get, put, head, post = (policy(each, "ALLOW", rule(to={"methods": (each,)})) for each in ("G", "P", "H", "O"))
    secret, admin = (policy(each, "DENY", rule(to={"paths": (f"/{each}",)})) for each in ("secret", "admin"))
    name = "AuthorizationPolicy prod/"
    several = f"{name}G, rules[0]: operation.methods G or {name}P, rules[0]: operation.methods P"
    for policies, reason in (
        ((get, put), f"Only what {several} allows."),
        ((get, put, head), f"Only what {several} or another rule allows."),
        ((get, put, head, post), f"Only what {several} or one of 2 other rules allows."),
        (
            (get, secret),
            f"Only what {name}G, rules[0]: operation.methods G allows, but not what "
            f"{name}secret, rules[0]: operation.paths /secret denies.",
        ),
        (
            (secret, admin),
            f"All but what {name}secret, rules[0]: operation.paths /secret or "
            f"{name}admin, rules[0]: operation.paths /admin denies.",
        ),
    ):
        assert reason == reach("sleep", *policies).reason


def test_headers_may_be_left_out() -> None:
    """A header that must be there does not make everything pass, one that must not does not stop everything."""
    needs = policy("a", "ALLOW", Rule(conditions=(Condition(key="request.headers[x]", values=("*",)),)))
    assert reach("sleep", needs).extent is Extent.SOME
    without = policy("b", "ALLOW", Rule(conditions=(Condition(key="request.headers[x]", not_values=("*",)),)))
    assert reach("sleep", needs, without).extent is Extent.ALL


def test_tokens_count_where_they_are_looked_for() -> None:
    """Without a RequestAuthentication no request has any claims."""
    wanted = policy("a", "ALLOW", rule({"request_principals": ("*",)}))
    assert reach("sleep", wanted, known=(About.PLACE,)).extent is Extent.SOME
    assert reach("sleep", wanted).extent is Extent.NONE


def test_too_many_requests_to_try_are_some() -> None:
    """Nothing is claimed of what was not looked at."""
    conditions = tuple(Condition(key=f"request.headers[h{index}]", values=("*",)) for index in range(20))
    assert reach("sleep", policy("a", "ALLOW", Rule(conditions=conditions))).extent is Extent.SOME


@given(st.lists(POLICIES, max_size=4), REQUESTS)
def test_all_and_none_are_so_for_every_request(policies: list[AuthorizationPolicy], asked: AccessRequest) -> None:
    """Whatever is drawn."""
    unique = list({each.key: each for each in policies}.values())
    callers = Callers((asked.principal,), TRUST_DOMAIN)
    extent = Enforced(unique, AccessRequest(), (About.PLACE,), callers, TRUST_DOMAIN).reach(asked.principal).extent
    allowed = authorize(unique, asked, TRUST_DOMAIN).allowed
    assert extent is Extent.SOME or allowed == (extent is Extent.ALL)
