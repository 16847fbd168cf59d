"""Whether a request may pass the AuthorizationPolicies about a workload, and which of them says so.

The order is Istio's: AUDIT only marks; a DENY policy that matches denies; without ALLOW policies everything else
passes; with some, one of them must match. A policy without rules matches nothing, one with an empty rule everything,
and a dry run is told and not done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import AuthorizationPolicy, PolicyAction, Rule
from meshtui.policy.conditions import Test, condition_test, operation_tests, source_tests
from meshtui.policy.model import AccessRequest, Considered, Decision, Match

_ORDER = (PolicyAction.AUDIT, PolicyAction.DENY, PolicyAction.ALLOW)


@dataclass(frozen=True)
class RuleMatch:
    """How one rule stood to a request."""

    failures: tuple[str, ...] = ()
    """What did not match, in words, of the source and the operation that came closest; none when the rule matched."""

    @property
    def matched(self) -> bool:
        """Whether the rule is about the request."""
        return not self.failures


def authorize(policies: Sequence[AuthorizationPolicy], request: AccessRequest, trust_domain: str) -> Decision:
    """Decide about a request. `policies` are those about the workload that gets it, in any order."""
    asked = sorted(policies, key=lambda policy: (_ORDER.index(policy.action), _tested_as(policy.key)))
    trail = tuple(consider(policy, request, trust_domain) for policy in asked)
    audited = tuple(step.policy for step in _matched(trail, PolicyAction.AUDIT))
    denied = min(_matched(trail, PolicyAction.DENY), key=_tested, default=None)
    if denied is not None:
        reason = f"{denied.policy} denies it: rules[{denied.rule}] matches."
        return Decision(
            allowed=False, policy=denied.policy, rule=denied.rule, reason=reason, trail=trail, audited=audited
        )
    enforced = [policy for policy in asked if policy.action is PolicyAction.ALLOW and not policy.dry_run]
    if not enforced:
        reason = "No ALLOW policy is about the workload, so whatever is not denied may pass."
        return Decision(allowed=True, policy=None, reason=reason, trail=trail, audited=audited)
    allowed = min(_matched(trail, PolicyAction.ALLOW), key=_tested, default=None)
    if allowed is not None:
        reason = f"{allowed.policy} allows it: rules[{allowed.rule}] matches."
        return Decision(
            allowed=True, policy=allowed.policy, rule=allowed.rule, reason=reason, trail=trail, audited=audited
        )
    return Decision(allowed=False, policy=None, reason=_unmatched(enforced, trail), trail=trail, audited=audited)


def consider(policy: AuthorizationPolicy, request: AccessRequest, trust_domain: str) -> Considered:
    """How one policy stands to a request."""
    found = {index: match_rule(rule, request, trust_domain) for index, rule in enumerate(policy.rules)}
    matched = [index for index, each in found.items() if each.matched]
    if matched:
        # as Envoy names the one that decided: it keeps rules by the text of their names
        rule = min(matched, key=lambda index: f"{index}]")
        match = Match.DRY_RUN if policy.dry_run else Match.MATCHED
        return Considered(policy=policy.key, action=policy.action, match=match, rule=rule)
    return Considered(policy=policy.key, action=policy.action, match=Match.NOT_MATCHED, why=_closest(found))


def match_rule(rule: Rule, request: AccessRequest, trust_domain: str) -> RuleMatch:
    """Whether any source, any operation and every condition of a rule fit a request."""
    return RuleMatch(
        (
            *_fewest((source_tests(each) for each in rule.sources), request, trust_domain),
            *_fewest((operation_tests(each) for each in rule.operations), request, trust_domain),
            *_failures(map(condition_test, rule.conditions), request, trust_domain),
        )
    )


def _fewest(alternatives: Iterable[Sequence[Test]], request: AccessRequest, trust_domain: str) -> tuple[str, ...]:
    """What fails of the alternative that comes closest; nothing when one of them passes or there is none."""
    return min((_failures(tests, request, trust_domain) for tests in alternatives), key=len, default=())


def _failures(tests: Iterable[Test], request: AccessRequest, trust_domain: str) -> tuple[str, ...]:
    return tuple(filter(None, (test.failure(request, trust_domain) for test in tests)))


def _closest(found: dict[int, RuleMatch]) -> str:
    if not found:
        return "it has no rules, and so matches nothing"
    index, best = min(found.items(), key=lambda item: (len(item[1].failures), item[0]))
    return f"rules[{index}]: {'; '.join(best.failures)}"


def _unmatched(enforced: Sequence[AuthorizationPolicy], trail: Iterable[Considered]) -> str:
    if len(enforced) == 1:
        why = next(step.why for step in trail if step.policy == enforced[0].key)
        return f"{enforced[0].key} is the only ALLOW policy about the workload, and does not match: {why}."
    return f"None of the {len(enforced)} ALLOW policies about the workload matches."


def _matched(trail: Iterable[Considered], action: PolicyAction) -> list[Considered]:
    return [step for step in trail if step.action is action and step.match is Match.MATCHED]


def _tested(step: Considered) -> tuple[str, str]:
    return _tested_as(step.policy)


def _tested_as(key: ObjectKey) -> tuple[str, str]:
    # Envoy tries rules in the order of their names, ns[NAMESPACE]-policy[NAME]-rule[INDEX], as texts
    return f"{key.namespace}]", f"{key.name}]"
