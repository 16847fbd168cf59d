"""Both ends of a hop: how a client's proxy speaks to a service, and whether the workload behind it takes that.

A DestinationRule says how the client speaks; without one auto mTLS finds out, by Istio's rule: from the
PeerAuthentications of the service's namespace and of the mesh, and never from one with a selector
(`BestEffortInferServiceMTLSMode`, istio/istio#56084). So a policy about a single workload can break the hops to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey, Service
from meshtui.manifest.policy_model import ClientTlsMode, MtlsMode
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.destination_rules import rule_for, tls_of
from meshtui.policy.model import EffectiveMode, Hop, Transport
from meshtui.policy.peer_authentication import effective_mode, namespace_mode
from meshtui.policy.secure_naming import identities_behind, identity_of

SPEAKING = (Proxy.SIDECAR, Proxy.GATEWAY)
"""Those that call through a proxy of the mesh."""


@dataclass(frozen=True, kw_only=True)
class ClientSide:
    """How a proxy speaks to one port of a service."""

    transport: Transport
    policy: ObjectKey | None
    """The DestinationRule that says so; None: auto mTLS, or a client without a proxy."""
    because: str
    """Where that comes from, as a part of a sentence."""
    identities: tuple[str, ...] = ()
    """Names of certificates that may answer; empty for plaintext, and where nobody is behind the service."""
    sni: str = ""
    """Of the DestinationRule; empty: Istio's own name for the port."""


def client_side(catalog: Catalog, client_namespace: str, service: Service, port: int, trust_domain: str) -> ClientSide:
    """How proxies of a namespace speak to `port` of a service."""
    rule = rule_for(catalog, client_namespace, service)
    tls = tls_of(rule, port) if rule is not None else None
    if rule is not None and tls is not None:
        because = f"the {rule.key} says {tls.mode}"
        if tls.mode is ClientTlsMode.DISABLE:
            return ClientSide(transport=Transport.PLAINTEXT, policy=rule.key, because=because)
        accepted = tuple(sorted(set(tls.subject_alt_names))) or identities_behind(catalog, service, trust_domain)
        return ClientSide(transport=Transport.MTLS, policy=rule.key, because=because, identities=accepted, sni=tls.sni)
    inferred = namespace_mode(catalog, service.namespace)
    because = f"auto mTLS goes by {origin(inferred)}"
    if inferred.mode is MtlsMode.DISABLE:
        return ClientSide(transport=Transport.PLAINTEXT, policy=None, because=because)
    return ClientSide(
        transport=Transport.MTLS,
        policy=None,
        because=because,
        identities=identities_behind(catalog, service, trust_domain),
    )


def hop(
    catalog: Catalog, *, source: Workload | None, service: Service, port: int, destination: Workload, trust_domain: str
) -> Hop:
    """A call of `source` to `port` of a service as far as `destination` takes it.

    Without a source, or with one that has no proxy, the caller speaks plaintext and goes straight to the workload.
    """
    server = effective_mode(catalog, destination, destination.inbound_port)
    if source is None or source.proxy not in SPEAKING:
        name = source.target if source is not None else "the caller"
        client = ClientSide(transport=Transport.PLAINTEXT, policy=None, because=f"{name} has no proxy")
    else:
        client = client_side(catalog, source.namespace, service, port, trust_domain)
    return Hop(
        client=client.transport,
        client_policy=client.policy,
        server=server,
        identities=client.identities,
        problem=_nowhere(catalog, service, port, destination) or at_odds(client, server, destination, trust_domain),
    )


def at_odds(client: ClientSide, server: EffectiveMode, destination: Workload, trust_domain: str) -> str:
    """Why the two ends do not come together; empty when they do."""
    if client.transport is Transport.PLAINTEXT:
        if server.mode is not MtlsMode.STRICT:
            return ""
        return f"The client sends plaintext ({client.because}), but {_takes(destination, 'only mTLS', server)}."
    if server.mode is MtlsMode.DISABLE:
        blind = " Auto mTLS does not look at policies with a selector." if _unseen(client, server) else ""
        return f"The client begins mTLS ({client.because}), but {_takes(destination, 'only plaintext', server)}.{blind}"
    identity = identity_of(destination, trust_domain)
    if identity not in client.identities:
        wanted = ", ".join(client.identities)
        return f"{destination.target} is {identity}, but the {client.policy} accepts only {wanted}."
    return ""


def origin(mode: EffectiveMode) -> str:
    """A mode with where it comes from, as a part of a sentence."""
    where = f"the {mode.policy}" if mode.policy is not None else "the default without any PeerAuthentication"
    return f"{where} ({mode.mode})"


def _nowhere(catalog: Catalog, service: Service, port: int, destination: Workload) -> str:
    """Why the service does not lead to a listener of the destination; empty when it does."""
    behind = catalog.workloads_of(service)
    if not behind:
        return f"The {service.key} selects no workload: nothing can answer for it."
    if destination not in behind:
        return f"The {service.key} does not select {destination.target}."
    if port not in {each.port for each in service.ports}:
        has = ", ".join(str(each.port) for each in service.ports)
        return f"The {service.key} has no port {port}; it has {has}."
    if destination.proxy is Proxy.GATEWAY:
        return f"{destination.target} is a gateway: it takes requests from outside, and none from proxies of the mesh."
    if destination.proxy is not Proxy.SIDECAR:
        return f"{destination.target} has no sidecar: nothing takes requests for it."
    return ""


def _takes(destination: Workload, what: str, server: EffectiveMode) -> str:
    return f"{destination.target} takes {what}, by {origin(server)}"


def _unseen(client: ClientSide, server: EffectiveMode) -> bool:
    return client.policy is None and server.scope in ("workload", "port")
