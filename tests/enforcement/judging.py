"""What the pure functions say of a request as a client writes it: beside this stands what Envoy does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from meshtui.manifest.policy_model import AuthorizationPolicy, Policy, PolicyAction, RequestAuthentication
from meshtui.policy.authorization import authorize
from meshtui.policy.model import AccessRequest, Decision, Match
from meshtui.policy.request_authentication import Authentication, authenticate
from meshtui.policy.selection import PolicyT
from meshtui.xds import naming
from tests.enforcement.calls import Answer, Call
from tests.policy.authorizing import TRUST_DOMAIN, identity

PORT = 8080
"""Of httpbin, the workload that is asked."""


@dataclass(frozen=True)
class Asked:
    """One request of somebody."""

    call: Call = field(default_factory=Call)
    principal: str = identity("sleep")
    """Empty for plaintext."""
    sni: str = ""
    normalized: str = ""
    """The path as Envoy makes it before policies see it, without the query; empty where that is as it was sent."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request, as far as policies decide."""

    status: int
    rule: str
    """The rule that let it pass or denied it, as Envoy names it; empty when none did."""


@dataclass(frozen=True)
class Marks:
    """What is told of a request that passed, and not done."""

    audited: str = ""
    """The rule, as Envoy names it; of several the first by name."""
    would_deny: str = ""
    would_allow: str = ""


def request_of(asked: Asked) -> AccessRequest:
    """As the sidecar sees it."""
    path, _, query = asked.call.path.partition("?")
    headers = {name: value for name, value in asked.call.headers.items() if name != "host"}
    return AccessRequest(
        principal=asked.principal,
        remote_ip=headers.get("x-forwarded-for", ""),
        host=asked.call.headers["host"],
        port=PORT,
        method=asked.call.method,
        path=asked.normalized or path,
        query=query,
        headers=headers,
        sni=asked.sni,
    )


def decided(policies: Sequence[Policy], asked: Asked) -> Decision | None:
    """The pure decision; None about a request whose token is not valid."""
    request = request_of(asked)
    authentication = authenticated(policies, asked)
    if not authentication.passes:
        return None
    request = replace(request, claims=authentication.claims)
    return authorize(_of(AuthorizationPolicy, policies), request, TRUST_DOMAIN)


def authenticated(policies: Sequence[Policy], asked: Asked) -> Authentication:
    """What the tokens of a request prove, by the pure function."""
    return authenticate(_of(RequestAuthentication, policies), request_of(asked), datetime.now(UTC))


def expected(policies: Sequence[Policy], asked: Asked) -> Outcome:
    """What Envoy should do: check tokens, then authorize."""
    decision = decided(policies, asked)
    if decision is None:
        return Outcome(authenticated(policies, asked).status, "")
    rule = "" if decision.policy is None else naming.policy_rule(decision.policy, decision.rule or 0)
    return Outcome(200 if decision.allowed else 403, rule)


def expected_marks(policies: Sequence[Policy], asked: Asked) -> Marks:
    """What Envoy should tell of a request that passes."""
    decision = decided(policies, asked)
    assert decision is not None

    def first(match: Match, action: PolicyAction) -> str:
        found = [each for each in decision.trail if each.match is match and each.action is action]
        return min((naming.policy_rule(each.policy, each.rule or 0) for each in found), default="")

    return Marks(
        first(Match.MATCHED, PolicyAction.AUDIT),
        first(Match.DRY_RUN, PolicyAction.DENY),
        first(Match.DRY_RUN, PolicyAction.ALLOW),
    )


def seen(answer: Answer) -> Outcome:
    """What Envoy did."""
    told = answer.details if answer.status != 200 else answer.metadata.get("allow_enforced_effective_policy_id", "")
    found = naming.policy_in(told)
    return Outcome(answer.status, naming.policy_rule(found[0], found[1] or 0) if found is not None else "")


def marks(answer: Answer) -> Marks:
    """What Envoy told."""
    keys = ("audit_enforced", "dry_run_deny_shadow", "dry_run_allow_shadow")
    return Marks(*(answer.metadata.get(f"{key}_effective_policy_id", "") for key in keys))


def _of(kind: type[PolicyT], policies: Sequence[Policy]) -> list[PolicyT]:
    return [each for each in policies if isinstance(each, kind)]
