"""What the pure functions say of a request as a client writes it: beside this stands what Envoy does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from meshtui.manifest.policy_model import AuthorizationPolicy, Policy
from meshtui.policy.authorization import authorize
from meshtui.policy.model import AccessRequest, Decision
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


def decided(policies: Sequence[Policy], asked: Asked) -> Decision:
    """The pure decision."""
    mine = [each for each in policies if isinstance(each, AuthorizationPolicy)]
    return authorize(mine, request_of(asked), TRUST_DOMAIN)


def expected(policies: Sequence[Policy], asked: Asked) -> Outcome:
    """What Envoy should do."""
    decision = decided(policies, asked)
    rule = "" if decision.policy is None else naming.policy_rule(decision.policy, decision.rule or 0)
    return Outcome(200 if decision.allowed else 403, rule)


def seen(answer: Answer) -> Outcome:
    """What Envoy did."""
    told = answer.details if answer.status != 200 else answer.metadata.get("allow_enforced_effective_policy_id", "")
    found = naming.policy_in(told)
    return Outcome(answer.status, naming.policy_rule(found[0], found[1] or 0) if found is not None else "")
