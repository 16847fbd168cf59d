"""Which workloads a policy is about: `selection` asked from the other end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import ObjectKey, Service
from meshtui.manifest.policy_model import ROOT_NAMESPACE, DestinationRule, PeerAuthentication, Policy
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.client_tls import SPEAKING
from meshtui.policy.destination_rules import rule_for
from meshtui.policy.selection import KINDS, policies_about


def workloads_under(catalog: Catalog, policy: Policy) -> tuple[Workload, ...]:
    """The workloads that a policy is about, sorted by namespace and name, whether anything enforces it there or not."""
    return tuple(catalog.derived(_workloads).get(policy.key, ()))


def enforcing(catalog: Catalog, policy: Policy) -> tuple[Workload, ...]:
    """Those of them with a proxy that enforces it. How a gateway speaks TLS, its Gateways say, and no policy."""
    proxies = (Proxy.SIDECAR,) if isinstance(policy, PeerAuthentication) else (Proxy.SIDECAR, Proxy.GATEWAY)
    return tuple(each for each in workloads_under(catalog, policy) if each.proxy in proxies)


def services_under(catalog: Catalog, rule: DestinationRule) -> tuple[Service, ...]:
    """The Services for which a DestinationRule is the one of its namespace that decides."""
    return catalog.derived(_services).get(rule.key, ())


def clients_under(catalog: Catalog, rule: DestinationRule) -> tuple[Workload, ...]:
    """The workloads whose proxies go by a DestinationRule when they call some Service."""
    return catalog.derived(_clients).get(rule.key, ())


def is_for_all(catalog: Catalog, rule: DestinationRule) -> bool:
    """Whether clients of every namespace look at a DestinationRule: it is the mesh's, or the Service's owner's."""
    own = any(service.namespace == rule.namespace for service in services_under(catalog, rule))
    return own or rule.namespace == ROOT_NAMESPACE


def _workloads(catalog: Catalog) -> Mapping[ObjectKey, list[Workload]]:
    found: dict[ObjectKey, list[Workload]] = defaultdict(list)
    kinds = [kind for kind in KINDS if catalog.all(kind)]
    for workload in catalog.workloads():
        for kind in kinds:
            for policy in policies_about(catalog, workload, kind):
                found[policy.key].append(workload)
    return found


def _services(catalog: Catalog) -> Mapping[ObjectKey, tuple[Service, ...]]:
    named = {service.full_name: service for service in catalog.all(Service)}

    def fitting(host: str) -> Iterable[Service]:
        # most rules name one Service, which need not be looked for
        if "*" not in host:
            return filter(None, (named.get(host),))
        return (service for name, service in named.items() if covers(host, name))

    return {
        rule.key: tuple(each for each in fitting(rule.host) if rule_for(catalog, rule.namespace, each) is rule)
        for rule in catalog.all(DestinationRule)
    }


def _clients(catalog: Catalog) -> Mapping[ObjectKey, tuple[Workload, ...]]:
    speaking: dict[str, list[Workload]] = defaultdict(list)
    for workload in catalog.workloads():
        if workload.proxy in SPEAKING:
            speaking[workload.namespace].append(workload)
    return {
        rule.key: tuple(
            workload
            for namespace in (speaking if is_for_all(catalog, rule) else (rule.namespace,))
            if any(rule_for(catalog, namespace, service) is rule for service in services_under(catalog, rule))
            for workload in speaking.get(namespace, ())
        )
        for rule in catalog.all(DestinationRule)
    }
