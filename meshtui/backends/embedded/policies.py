"""Each policy of the mesh as a row: what it says, whom it is about, and whether the proxies are at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from meshtui.backends.embedded.delivery import Delivery, ResourceKey
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import (
    ROOT_NAMESPACE,
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    Policy,
    PolicyAction,
    RequestAuthentication,
)
from meshtui.manifest.workload import Workload
from meshtui.mesh.access import PolicyRow
from meshtui.policy.effect import no_effect
from meshtui.policy.reach import clients_under, enforcing, is_for_all, services_under, workloads_under
from meshtui.policy.selection import KINDS
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER
from meshtui.xds import extensions, naming
from meshtui.xds.sidecar import INBOUND

_FILTERS = {
    PolicyAction.AUDIT: extensions.AUDIT,
    PolicyAction.DENY: extensions.DENY,
    PolicyAction.ALLOW: extensions.ALLOW,
}
_GUARD = EXTENSION, extensions.PLAINTEXT
"""Nobody waits for it: an Envoy asks for it only while it has a listener that takes plaintext."""


def policy_rows(
    catalog: Catalog, deliveries: Mapping[str, Delivery], decisions: Mapping[str, int], *, envoys: bool
) -> list[PolicyRow]:
    """A row for every policy, sorted by kind, namespace and name.

    `deliveries` has, by target of the workload, how far each proxy is; `decisions`, by `KIND NAMESPACE/NAME`, how many
    calls a policy has decided; `envoys` is whether this mesh runs any.
    """
    policies: list[Policy | DestinationRule] = [policy for kind in KINDS for policy in catalog.all(kind)]
    policies += catalog.all(DestinationRule)
    return [
        _row(catalog, policy, deliveries, decisions, envoys=envoys)
        for policy in sorted(policies, key=lambda each: each.key)
    ]


def carriers(catalog: Catalog, policy: Policy | DestinationRule) -> tuple[ResourceKey, ...]:
    """The resources in which a proxy is told of a policy."""
    match policy:
        case PeerAuthentication():
            return _GUARD, (LISTENER, INBOUND)
        case AuthorizationPolicy():
            return ((EXTENSION, _FILTERS[policy.action]),)
        case RequestAuthentication():
            return ((EXTENSION, extensions.JWT),)
        case DestinationRule():
            services = services_under(catalog, policy)
            ports = ((service.full_name, port.port) for service in services for port in service.ports)
            return tuple((CLUSTER, naming.outbound_cluster(name, port)) for name, port in ports)
    return ()


def _row(
    catalog: Catalog,
    policy: Policy | DestinationRule,
    deliveries: Mapping[str, Delivery],
    decisions: Mapping[str, int],
    *,
    envoys: bool,
) -> PolicyRow:
    about, enforcers = _whom(catalog, policy)
    if (reason := no_effect(catalog, policy)) != "":
        state, problem = "without effect", f"{reason[0].upper()}{reason[1:]}."
    elif not envoys:
        state, problem = "without effect", "This mesh runs without Envoys: nothing enforces it."
    else:
        state, problem = _state(policy, carriers(catalog, policy), enforcers, deliveries)
    return PolicyRow(
        policy=str(policy.key),
        kind=policy.kind,
        namespace=policy.namespace,
        name=policy.name,
        says=says(policy),
        scope=_scope(catalog, policy),
        workloads=len(about),
        state=state,
        problem=problem,
        decisions=decisions.get(str(policy.key), 0),
    )


def _whom(catalog: Catalog, policy: Policy | DestinationRule) -> tuple[Sequence[Workload], Sequence[Workload]]:
    """Which workloads it is about, and whose proxies act on it."""
    if isinstance(policy, DestinationRule):
        clients = clients_under(catalog, policy)
        return clients, clients
    return workloads_under(catalog, policy), enforcing(catalog, policy)


def _state(
    policy: Policy | DestinationRule,
    resources: tuple[ResourceKey, ...],
    enforcers: Sequence[Workload],
    deliveries: Mapping[str, Delivery],
) -> tuple[str, str]:
    """How it stands, and why it is not well."""
    told = {each.target: deliveries.get(each.target) for each in enforcers}  # None: not even started yet
    for target, delivery in told.items():
        refused = delivery.refused if delivery is not None else {}
        words = next(filter(None, map(refused.get, resources)), "")
        if words and _may_be_to_blame(policy, delivery, resources):
            text = f"The Envoy of {target} rejected it: {words.rstrip('.')}. What was there before stays in force."
            return "rejected", text
    awaited = set(resources) - {_GUARD}
    if behind := sum(_is_behind(delivery, awaited) for delivery in told.values()):
        have = "has" if behind == 1 else "have"
        return "pending", f"{behind} of {len(told)} proxies {have} not acknowledged it yet."
    if isinstance(policy, AuthorizationPolicy) and policy.dry_run:
        return "dry run", ""
    return "in force", ""


def _may_be_to_blame(
    policy: Policy | DestinationRule, delivery: Delivery | None, resources: tuple[ResourceKey, ...]
) -> bool:
    """Whether it is among the manifests that changed since the proxy last took such a resource, or nobody knows."""
    known = delivery.suspects if delivery is not None else {}
    return any(policy.key in known.get(resource, (policy.key,)) for resource in resources)


def _is_behind(delivery: Delivery | None, awaited: set[ResourceKey]) -> bool:
    """Whether a proxy has still to answer: what it refused leaves all that did not change in force."""
    return delivery is None or not delivery.waiting.isdisjoint(awaited - delivery.refused.keys())


def says(policy: Policy | DestinationRule) -> str:
    """In a few words: `STRICT, 8080 DISABLE`, `ALLOW 2 rules`, `ISTIO_MUTUAL *.prod.svc.cluster.local`."""
    match policy:
        case PeerAuthentication():
            return ", ".join([str(policy.mode), *_ports(policy.port_modes)])
        case AuthorizationPolicy():
            count = len(policy.rules)
            return f"{policy.action} {f'{count} rule' + 's' * (count > 1) if count else 'nothing'}"
        case RequestAuthentication():
            return ", ".join(dict.fromkeys(rule.issuer for rule in policy.rules)) or "no issuer"
        case DestinationRule():
            mode = str(policy.tls.mode) if policy.tls is not None else "auto"
            ports = {port: tls.mode for port, tls in policy.port_tls.items()}
            return ", ".join([f"{mode} {policy.host}", *_ports(ports)])
    return policy.kind


def _ports(modes: Mapping[int, object]) -> Iterator[str]:
    return (f"{port} {modes[port]}" for port in sorted(modes))


def _scope(catalog: Catalog, policy: Policy | DestinationRule) -> str:
    if isinstance(policy, DestinationRule):
        return "clients of the mesh" if is_for_all(catalog, policy) else f"clients in {policy.namespace}"
    whole = policy.namespace == ROOT_NAMESPACE
    if policy.selector:
        labels = ",".join(f"{name}={value}" for name, value in sorted(policy.selector.items()))
        return f"{labels} in {'the mesh' if whole else policy.namespace}"
    return "mesh" if whole else f"namespace {policy.namespace}"
