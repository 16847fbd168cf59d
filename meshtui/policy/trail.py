"""Every policy that was asked on the way to an answer, in the order of asking, and what each said.

For those of transport it says why one stands and another does not; tokens and authorization tell theirs themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import Service
from meshtui.manifest.policy_model import (
    ROOT_NAMESPACE,
    DestinationRule,
    MtlsMode,
    PeerAuthentication,
)
from meshtui.manifest.workload import Workload
from meshtui.policy.destination_rules import rule_for, tls_of
from meshtui.policy.model import Considered, EffectiveMode, Match
from meshtui.policy.peer_authentication import effective_mode
from meshtui.policy.request_authentication import Asked
from meshtui.policy.selection import policies_in
from meshtui.policy.tokens import Standing


@dataclass(frozen=True, kw_only=True)
class Step:
    """One policy that was asked."""

    policy: str
    """`AuthorizationPolicy prod/allow-sleep`."""
    action: str
    """`ALLOW`, `DENY`, `AUDIT`, `JWT`, or the mode of a PeerAuthentication or DestinationRule."""
    matched: bool
    dry_run: bool = False
    rule: int | None = None
    why: str = ""
    """Why it does not stand; of one that does, what it says."""


def client_steps(catalog: Catalog, namespace: str, service: Service, port: int) -> Iterator[Step]:
    """The DestinationRules for a service, as the proxies of a namespace look for them."""
    standing = rule_for(catalog, namespace, service)
    asked = (namespace, service.namespace, ROOT_NAMESPACE)
    for rule in catalog.oldest_first(DestinationRule):
        if not covers(rule.host, service.full_name):
            continue
        tls = tls_of(rule, port)
        mode = tls.mode.value if tls is not None else "auto mTLS"
        if standing is not None and rule.key == standing.key:
            yield Step(policy=str(rule.key), action=mode, matched=True, why=f"it is for {rule.host}")
        elif rule.namespace not in asked:
            why = f"it is for clients in {rule.namespace}, and the caller is in {namespace}"
            yield Step(policy=str(rule.key), action=mode, matched=False, why=why)
        else:
            why = f"the {standing.key} stands before it" if standing is not None else ""
            yield Step(policy=str(rule.key), action=mode, matched=False, why=why)


def server_steps(catalog: Catalog, workload: Workload, port: int) -> Iterator[Step]:
    """The PeerAuthentications of the workload's namespace and of the mesh, the narrowest first."""
    standing = effective_mode(catalog, workload, port)
    namespaces = dict.fromkeys((workload.namespace, ROOT_NAMESPACE))
    found = [each for namespace in namespaces for each in policies_in(catalog, namespace, PeerAuthentication)]
    for policy in sorted(found, key=lambda each: (each.namespace != workload.namespace, not each.selector)):
        stands = policy.key == standing.policy
        mode = standing.mode if stands else policy.mode
        why = f"it is about the {standing.scope}" if stands else _passed_over(policy, workload, standing)
        yield Step(policy=str(policy.key), action=mode.value, matched=stands, why=why)


def token_step(asked: Asked) -> Step:
    """A rule of a RequestAuthentication."""
    valid = asked.verdict.standing is Standing.VALID
    why = "the token is valid" if valid else asked.verdict.reason
    return Step(policy=str(asked.policy), action="JWT", matched=valid, rule=asked.rule, why=why)


def rule_step(considered: Considered) -> Step:
    """An AuthorizationPolicy."""
    matched = considered.match is not Match.NOT_MATCHED
    return Step(
        policy=str(considered.policy),
        action=considered.action.value,
        matched=matched,
        dry_run=considered.match is Match.DRY_RUN,
        rule=considered.rule,
        why=f"rules[{considered.rule}] matches" if matched else considered.why,
    )


def _passed_over(policy: PeerAuthentication, workload: Workload, standing: EffectiveMode) -> str:
    """Why a PeerAuthentication is not the one that says which mode a workload has."""
    if policy.selector and policy.namespace == ROOT_NAMESPACE:
        return f"with a selector in {ROOT_NAMESPACE} it is about nothing"
    if not policy.selector.items() <= workload.labels.items():
        lacking = ", ".join(f"{key}={value}" for key, value in sorted(policy.selector.items()))
        return f"{workload.target} has not the labels {lacking}"
    if policy.mode is MtlsMode.UNSET:
        return "it leaves the mode to the wider scope"
    if standing.scope in ("port", "workload") and not policy.selector:
        return f"the {standing.policy} is about the workload itself"
    if standing.scope == "namespace" and policy.namespace != workload.namespace:
        return f"the {standing.policy} is about the namespace itself"
    return f"the {standing.policy} is older"
