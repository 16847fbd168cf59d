"""AuthorizationPolicies as Envoy's RBAC filters: one each for AUDIT, DENY and ALLOW, in this order.

Without policies of an action its filter lets everything pass. With ALLOW policies of which no rule matches, it
answers 403. Every rule is a policy of Envoy's under the name `naming.policy_rule`; of several that match, Envoy tells
the first by name. Dry runs are Envoy's shadow rules.

What access logs tell of it (seen on Envoy 1.40; the names are made here, by the prefixes of `_filter`):

- denied: `response_code_details` is `rbac_access_denied_matched_policy[RULE]`, with `none` for RULE when ALLOW policies
  are there and none matches. Nothing needs metadata for this.
- allowed by a rule: dynamic metadata `envoy.filters.http.rbac`, key `allow_enforced_effective_policy_id`, holds RULE;
  it is missing when there is no ALLOW policy.
- audited: key `audit_enforced_effective_policy_id`; of several that match the first by name. (Envoy also sets
  `access_log_hint` of `envoy.common`.)
- dry runs: `dry_run_deny_shadow_engine_result` is `denied` with RULE in `dry_run_deny_shadow_effective_policy_id` where
  one would deny; `dry_run_allow_shadow_engine_result` is `denied`, without a rule, where none would allow, and
  `allowed` with RULE in `dry_run_allow_shadow_effective_policy_id` where one would.

`naming.policy_in` reads a RULE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from envoy.config.rbac.v3 import rbac_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as filter_pb2

from meshtui.manifest.policy_model import AuthorizationPolicy, PolicyAction, Rule
from meshtui.xds import naming
from meshtui.xds.conditions import of_callers, of_requests
from meshtui.xds.extensions import ALLOW, AUDIT, DENY
from meshtui.xds.logic import PERMISSIONS, PRINCIPALS
from meshtui.xds.permissions import operation
from meshtui.xds.place import Place
from meshtui.xds.principals import source

METADATA = "envoy.filters.http.rbac"
"""Namespace of the dynamic metadata in which the filters leave what they found."""
EFFECTIVE_POLICY = {action: f"{action.lower()}_enforced_effective_policy_id" for action in PolicyAction}
"""Keys that hold the rule that matched, of a request that passed the filter."""
_FILTERS = {AUDIT: PolicyAction.AUDIT, DENY: PolicyAction.DENY, ALLOW: PolicyAction.ALLOW}
_ENVOY = {
    PolicyAction.AUDIT: rbac_pb2.RBAC.LOG,
    PolicyAction.DENY: rbac_pb2.RBAC.DENY,
    PolicyAction.ALLOW: rbac_pb2.RBAC.ALLOW,
}


def authorization(policies: Sequence[AuthorizationPolicy], place: Place) -> dict[str, Any]:
    """The RBAC message of each filter, by the filter's name."""
    return {name: _filter(action, policies, place) for name, action in _FILTERS.items()}


def _filter(action: PolicyAction, policies: Sequence[AuthorizationPolicy], place: Place) -> Any:
    mine = [each for each in policies if each.action is action]
    built = filter_pb2.RBAC(
        rules_stat_prefix=f"{action.value.lower()}_", shadow_rules_stat_prefix=f"dry_run_{action.value.lower()}_"
    )
    if enforced := [each for each in mine if not each.dry_run]:
        built.rules.CopyFrom(_rules(action, enforced, place))
    if tried := [each for each in mine if each.dry_run]:
        built.shadow_rules.CopyFrom(_rules(action, tried, place))
    return built


def _rules(action: PolicyAction, policies: Iterable[AuthorizationPolicy], place: Place) -> Any:
    rules = {
        naming.policy_rule(policy.key, index): _policy(rule, place)
        for policy in policies
        for index, rule in enumerate(policy.rules)
    }
    return rbac_pb2.RBAC(action=_ENVOY[action], policies=rules)


def _policy(rule: Rule, place: Place) -> Any:
    """Any source and any operation, and all that is said of either by conditions."""
    sources = [source(each, place) for each in rule.sources]
    operations = [operation(each, place) for each in rule.operations]
    callers = ([PRINCIPALS.some(sources)] if sources else []) + of_callers(rule.conditions, place)
    requests = ([PERMISSIONS.some(operations)] if operations else []) + of_requests(rule.conditions, place)
    return rbac_pb2.Policy(principals=[PRINCIPALS.every(callers)], permissions=[PERMISSIONS.every(requests)])
