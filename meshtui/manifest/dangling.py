"""What refers to nothing, and what to do about it: accepted, since it may come later, and without effect until then."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshtui.manifest.api_model import KubernetesGateway, KubernetesHttpRoute
from meshtui.manifest.binding import unopened
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.grants import BUNDLES
from meshtui.manifest.model import Deployment, Gateway, ObjectKey, Secret, Service, ServiceAccount, VirtualService
from meshtui.manifest.reference_grant import grant_document
from meshtui.manifest.secret_data import trusted_ca


@dataclass(frozen=True)
class Dangling:
    """One reference without effect."""

    text: str
    """Which object, and what it lacks."""
    fix: str


def dangling(catalog: Catalog) -> tuple[Dangling, ...]:
    """All that is without effect in a catalog as it is."""
    return (
        *_without_account(catalog),
        *_without_gateway(catalog),
        *(Dangling(*each) for each in catalog.attachments.unattached()),
        *_without_backend(catalog),
        *_without_pods(catalog),
        *_without_bundle(catalog),
        *_taken(catalog),
    )


def _without_account(catalog: Catalog) -> Iterator[Dangling]:
    for deployment in catalog.all(Deployment):
        # Kubernetes makes the account `default` in every namespace
        granted = (grant.service_account for grant in deployment.grants)
        for account in (deployment.service_account, *granted):
            key = ObjectKey(ServiceAccount.kind, deployment.namespace, account)
            if account != "default" and catalog.get(key) is None:
                metadata = {"name": account, "namespace": deployment.namespace}
                fix = f"Apply it: {_apply({'apiVersion': 'v1', 'kind': key.kind, 'metadata': metadata})}"
                yield Dangling(f"{deployment.key}: the {key} does not exist", fix)


def _without_gateway(catalog: Catalog) -> Iterator[Dangling]:
    for route in catalog.all(VirtualService):
        for name in route.gateways:
            key = ObjectKey(Gateway.kind, *name.split("/")) if name != "mesh" else None
            if key and catalog.get(key) is None:
                other = ObjectKey(KubernetesGateway.kind, key.namespace, key.name)
                text, fix = f"{route.key}: the {key} does not exist", "Apply it, or name another in spec.gateways."
                if catalog.get(other) is not None:
                    text += f"; the {other} takes HTTPRoutes, not VirtualServices"
                    fix = "Write an HTTPRoute instead, or name a Gateway of Istio's in spec.gateways."
                yield Dangling(text, fix)


def _without_backend(catalog: Catalog) -> Iterator[Dangling]:
    for route in catalog.all(KubernetesHttpRoute):
        backends = {(each.namespace, each.name, each.port) for rule in route.rules for each in rule.backends}
        lacking = filter(None, (_lacks(catalog, route, *backend) for backend in sorted(backends)))
        yield from (Dangling(f"{route.key}: {text}", fix) for text, fix in dict.fromkeys(lacking))


def _lacks(
    catalog: Catalog, route: KubernetesHttpRoute, namespace: str, name: str, port: int
) -> tuple[str, str] | None:
    key, source = ObjectKey(Service.kind, namespace, name), (route.kind, route.namespace)
    # whether it exists is not for those to know who may not refer to it
    if not catalog.permissions.allow(source, Service.kind, namespace, name):
        text = f"no ReferenceGrant of namespace {namespace} lets it refer to the {key}"
        return text, f"Grant it: {_apply(grant_document(source, Service.kind, namespace, name))}"
    service = catalog.get(key)
    if not isinstance(service, Service):
        return f"the {key} does not exist", "Apply it, or name another in backendRefs."
    ports = [each.port for each in service.ports]
    if port in ports:
        return None
    return f"the {key} has no port {port}", f"Name one that it has in backendRefs: {', '.join(map(str, ports))}."


def _without_pods(catalog: Catalog) -> Iterator[Dangling]:
    bound = {binding.gateway.key for binding in catalog.bindings()}
    for gateway in catalog.all(Gateway):
        if gateway.key not in bound:
            text = f"{gateway.key}: no gateway workload has the labels of its selector"
            yield Dangling(text, _labels("gateway's Deployment", gateway.selector))
    for other in catalog.all(KubernetesGateway):
        if other.key not in bound:
            yield Dangling(f"{other.key}: {unopened(other)}", "Apply a gateway's Deployment that is what it asks for.")
        for server in other.servers:
            if server.protocol == "TLS":
                text = f"{other.key}: listener {server.name} leads nowhere: TLSRoutes are not supported here"
                yield Dangling(text, "Take it out, or make it an HTTPS listener with a certificate.")
    yield from filter(None, catalog.kept_of_each(Service, (Deployment,), _selects_nobody))


def _selects_nobody(catalog: Catalog, service: Service) -> Dangling | None:
    if not service.selector or catalog.workloads_of(service):
        return None
    text = f"{service.key}: no workload has the labels of its selector"
    return Dangling(text, _labels(f"Deployment in namespace {service.namespace}", service.selector))


def _without_bundle(catalog: Catalog) -> Iterator[Dangling]:
    for deployment in catalog.all(Deployment):
        for name in deployment.bundles:
            secret = catalog.get(ObjectKey(Secret.kind, deployment.namespace, name))
            if not isinstance(secret, Secret):
                text = f"{deployment.key}: the Secret {deployment.namespace}/{name} does not exist"
                yield Dangling(text, f"Apply it, with ca.crt in it, or take it out of the annotation {BUNDLES}.")
            elif trusted_ca(secret) is None:
                text = f"{deployment.key}: the {secret.key} has no CA certificates (ca.crt)"
                yield Dangling(text, f"Add them to it, or take it out of the annotation {BUNDLES}.")


def _taken(catalog: Catalog) -> Iterator[Dangling]:
    first: dict[tuple[str, int, str], ObjectKey] = {}
    for binding in catalog.bindings():
        for host in binding.server.hosts if binding.server.tls is None or binding.server.tls.https_redirect else ():
            key = binding.gateway.key
            winner = first.setdefault((binding.workload.target, binding.server.number, host), key)
            if winner != key:
                text = f"{key}: {host} on port {binding.server.number} is answered by the {winner}"
                remove = f"meshtui delete {key.kind} {key.name} -n {key.namespace}"
                yield Dangling(text, f"Take the host out of one of the two, or: {remove}")


def _labels(what: str, selector: Mapping[str, str]) -> str:
    wanted = ", ".join(f"{name}: {value}" for name, value in sorted(selector.items()))
    return f"Apply a {what} whose pods have the labels {wanted}; or correct spec.selector."


def _apply(document: Mapping[str, Any]) -> str:
    return f"printf %s {shlex.quote(json.dumps(document))} | meshtui apply --yes -f -"
