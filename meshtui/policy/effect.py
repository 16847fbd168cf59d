"""Whether a policy has any effect as the mesh is now, and why not: told when it is applied, and in the list of them.

Only what is certain counts. A policy that narrows nothing because others say the same is still in force.
"""

from __future__ import annotations

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import Service
from meshtui.manifest.policy_model import (
    ROOT_NAMESPACE,
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    Policy,
    PolicyAction,
    RequestAuthentication,
)
from meshtui.policy.destination_rules import rule_for
from meshtui.policy.reach import clients_under, enforcing, services_under, workloads_under
from meshtui.policy.selection import policies_about, policies_in


def no_effect(catalog: Catalog, policy: Policy | DestinationRule) -> str:
    """Why a policy of the catalog changes nothing, without its name and a full stop; empty when it does."""
    if isinstance(policy, DestinationRule):
        return _of_destination_rule(catalog, policy)
    return _says_nothing(policy) or _ignored(policy) or _about_nobody(catalog, policy) or _shadowed(catalog, policy)


def _says_nothing(policy: Policy) -> str:
    if isinstance(policy, AuthorizationPolicy) and not policy.rules and policy.action is not PolicyAction.ALLOW:
        return f"{policy.action} without rules matches no request"
    if isinstance(policy, RequestAuthentication) and not policy.rules:
        return "without jwtRules no token is looked at"
    return ""


def _ignored(policy: Policy) -> str:
    if isinstance(policy, PeerAuthentication) and policy.namespace == ROOT_NAMESPACE and policy.selector:
        return f"as in Istio, one with a selector is ignored in {ROOT_NAMESPACE}; put it into the workload's namespace"
    return ""


def _about_nobody(catalog: Catalog, policy: Policy) -> str:
    if enforcing(catalog, policy):
        return ""
    if workloads_under(catalog, policy):
        proxy = "sidecar" if isinstance(policy, PeerAuthentication) else "proxy"
        return f"no workload that it is about has a {proxy} to enforce it"
    where = "" if policy.namespace == ROOT_NAMESPACE else f" of namespace {policy.namespace}"
    return f"no workload{where} has the labels of its selector" if policy.selector else f"there is no workload{where}"


def _shadowed(catalog: Catalog, policy: Policy) -> str:
    """By an older one of the same scope; the others stand beside each other."""
    if not isinstance(policy, PeerAuthentication):
        return ""
    if not policy.selector:
        same = [each for each in policies_in(catalog, policy.namespace, PeerAuthentication) if not each.selector]
        return "" if same[0].key == policy.key else f"the older {same[0].key} stands in its place"
    winners = {
        next(each.key for each in policies_about(catalog, workload, PeerAuthentication) if each.selector)
        for workload in workloads_under(catalog, policy)
    }
    if policy.key in winners:
        return ""
    return f"the older {' and '.join(map(str, sorted(winners)))} stands in its place"


def _of_destination_rule(catalog: Catalog, rule: DestinationRule) -> str:
    if rule.tls is None and not rule.port_tls:
        return "it says nothing of TLS"
    if services_under(catalog, rule):
        return "" if clients_under(catalog, rule) else "no workload that would go by it has a proxy"
    fitting = [each for each in catalog.all(Service) if covers(rule.host, each.full_name)]
    if not fitting:
        return f"there is no Service {rule.host}"
    winner = rule_for(catalog, rule.namespace, fitting[0])
    return f"the {winner.key if winner else 'other rule'} stands in its place"
