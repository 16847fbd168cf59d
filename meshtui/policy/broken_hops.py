"""Hops on which the two ends contradict each other, over a whole mesh: whose policies, who is cut off, what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Deployment, Service
from meshtui.manifest.policy_model import ClientTlsMode, DestinationRule, MtlsMode, PeerAuthentication
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.client_tls import SPEAKING, ClientSide, at_odds, client_side
from meshtui.policy.model import EffectiveMode, Transport
from meshtui.policy.peer_authentication import effective_mode
from meshtui.policy.secure_naming import identity_of

_MADE_FROM = (Deployment, PeerAuthentication, DestinationRule)
"""Beside the service itself."""
Clients = Sequence[tuple[ClientSide, tuple[str, ...]]]
"""How proxies call, with the namespaces of those that call like this."""


@dataclass(frozen=True, kw_only=True)
class BrokenHop:
    """One workload that some proxies cannot call through one port of a service."""

    destination: Workload
    service: Service
    port: int
    namespaces: tuple[str, ...]
    """Of those proxies."""
    problem: str
    """A sentence that names both policies."""
    fix: str

    @property
    def text(self) -> str:
        """The problem, and who is cut off from what."""
        callers = ", ".join(self.namespaces)
        return f"{self.problem} Port {self.port} of the {self.service.key} cannot be called from: {callers}."


def newly_broken(before: Catalog, after: Catalog, trust_domain: str) -> tuple[str, ...]:
    """What a change breaks: a sentence for each contradiction that was not there, with whom it cuts off."""
    old = {each.text for each in broken_hops(before, trust_domain)}
    # where no request is taken there is nothing to break
    new = (each.text for each in broken_hops(after, trust_domain) if each.destination.inbound_port)
    return tuple(dict.fromkeys(text for text in new if text not in old))


def broken_hops(catalog: Catalog, trust_domain: str) -> tuple[BrokenHop, ...]:
    """Every contradiction between how clients call and what sidecars take, looked for when there may be others."""
    return tuple(hop for hops in catalog.kept_of_each(Service, _MADE_FROM, _found, trust_domain) for hop in hops)


def _found(catalog: Catalog, service: Service, trust_domain: str) -> tuple[BrokenHop, ...]:
    return tuple(_find(catalog, service, trust_domain))


def _find(catalog: Catalog, service: Service, trust_domain: str) -> Iterator[BrokenHop]:
    behind = [each for each in catalog.workloads_of(service) if each.proxy is Proxy.SIDECAR]
    alike = catalog.derived(_alike) if behind else []
    for port in service.ports if behind else ():
        clients = [(client_side(catalog, each[0], service, port.port, trust_domain), each) for each in alike]
        for workload in behind:
            yield from _to(
                catalog,
                clients,
                service=service,
                port=port.port,
                destination=workload,
                trust_domain=trust_domain,
            )


def _to(
    catalog: Catalog, clients: Clients, *, service: Service, port: int, destination: Workload, trust_domain: str
) -> Iterator[BrokenHop]:
    server = effective_mode(catalog, destination, destination.inbound_port)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for client, namespaces in clients:
        if problem := at_odds(client, server, destination, trust_domain):
            fix = _fix(client, server, service, identity_of(destination, trust_domain))
            found[problem, fix].extend(namespaces)
    for (problem, fix), cut_off in found.items():
        yield BrokenHop(
            destination=destination,
            service=service,
            port=port,
            namespaces=tuple(sorted(cut_off)),
            problem=problem,
            fix=fix,
        )


def _alike(catalog: Catalog) -> list[tuple[str, ...]]:
    """Namespaces with proxies that call, grouped so that all of a group call alike: by their own rules alone."""
    calling = sorted({workload.namespace for workload in catalog.workloads() if workload.proxy in SPEAKING})
    ruled = {rule.namespace for rule in catalog.all(DestinationRule)}
    others = tuple(namespace for namespace in calling if namespace not in ruled)
    return [*([others] if others else []), *((each,) for each in calling if each in ruled)]


def _fix(client: ClientSide, server: EffectiveMode, service: Service, identity: str) -> str:
    if client.transport is Transport.PLAINTEXT:
        wanted = ClientTlsMode.ISTIO_MUTUAL
    elif server.mode is MtlsMode.DISABLE:
        wanted = ClientTlsMode.DISABLE
    else:
        return f"Let the subjectAltNames of the {client.policy} have {identity}."
    if client.policy is not None:
        return f"Let the {client.policy} say {wanted}, or change the {server.policy}."
    rule = f"a DestinationRule for {service.full_name} with trafficPolicy.tls.mode: {wanted}"
    return f"Apply {rule}, or change the {server.policy}."
