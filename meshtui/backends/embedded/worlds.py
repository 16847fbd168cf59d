"""What a proxy of the embedded mesh is told: `xds` computes the resources, here they get their versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meshtui.errors import IdentityError
from meshtui.identity.inspect import facts, load_certificates
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.secret_data import trusted_ca
from meshtui.manifest.workload import Workload
from meshtui.wire.discovery import CLUSTER, LISTENER, SECRET, Resource, World, content_version
from meshtui.xds import naming
from meshtui.xds.context import ProxyContext
from meshtui.xds.resources import resources_of
from meshtui.xds.sidecar import INBOUND
from meshtui.xds.tls import presents_identity


class Worlds:
    """Computes worlds. A message that is the very same as the last time keeps its version and its encoding."""

    def __init__(self) -> None:
        self._before: dict[int, Resource] = {}

    def of(self, catalog: Catalog, contexts: Iterable[ProxyContext]) -> list[World]:
        """The world of each of these proxies, by the same manifests; of all at once, for what they share."""
        known: dict[int, Resource] = {}
        worlds: list[World] = [
            {
                type_url: {name: self._resource(type_url, message, known) for name, message in messages.items()}
                for type_url, messages in resources_of(catalog, context).items()
            }
            for context in contexts
        ]
        self._before = known
        return worlds

    def _resource(self, type_url: str, message: Any, known: dict[int, Resource]) -> Resource:
        """A resource holds its message, so that no other has its id for as long as it is known."""
        found = known.get(id(message)) or self._before.get(id(message))
        if found is None:
            found = Resource(_secret_version(message) if type_url == SECRET else content_version(message), message)
        known[id(message)] = found
        return found


def world_of(catalog: Catalog, context: ProxyContext) -> World:
    """Everything for the proxy of `context`, versioned by content, secrets with their serial number before it."""
    return Worlds().of(catalog, [context])[0]


def bundles_of(catalog: Catalog, workload: Workload) -> dict[str, bytes]:
    """What the manifests let its agent serve beside the mesh's own bundle: PEM by SDS name, Istio's `…-cacert`."""
    found = {}
    for name in workload.bundles:
        secret = catalog.get(ObjectKey(Secret.kind, workload.namespace, name))
        if isinstance(secret, Secret) and (pem := trusted_ca(secret)):
            found[naming.gateway_secret(workload.namespace, f"{name.removesuffix('-cacert')}-cacert")] = pem
    return found


def uses_identity(world: World) -> bool:
    """Whether a proxy that is configured like this presents its workload's certificate to anyone."""
    clusters = (resource.message for resource in world.get(CLUSTER, {}).values())
    return any(cluster.HasField("transport_socket") for cluster in clusters) or any(
        _presents_identity(resource.message) for resource in world.get(LISTENER, {}).values()
    )


def takes_mtls(world: World) -> bool:
    """Whether a sidecar that is configured like this presents it to those who call its workload."""
    inbound = world.get(LISTENER, {}).get(INBOUND)
    return inbound is not None and _presents_identity(inbound.message)


def _presents_identity(listener: Any) -> bool:
    return any(presents_identity(chain.transport_socket) for chain in listener.filter_chains)


def _secret_version(secret: Any) -> str:
    # a Secret that is corrected has the same certificate and another key or chain: it is another version
    digest = content_version(secret)[:8]
    chain = secret.tls_certificate.certificate_chain.inline_bytes
    try:
        return f"{facts(load_certificates(chain)[0]).serial}-{digest}" if chain else digest
    except IdentityError:
        return digest  # Envoy will refuse it and say why
