"""Every listener of a catalog, resolved once: what the proxies are told, and what is judged, are the same values."""

from __future__ import annotations

from meshtui.gateway.references import Listener, SecretRef, resolve
from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey, Secret


def listeners_of(catalog: Catalog) -> tuple[Listener, ...]:
    """One for each server of each Gateway at each of its workloads, in the order of `Catalog.bindings`."""
    return catalog.derived(_resolved)


def secret_of(catalog: Catalog, ref: SecretRef) -> Secret | None:
    """The Secret that a reference names; None when there is none."""
    found = catalog.get(ObjectKey(ref.kind, ref.namespace, ref.name))
    return found if isinstance(found, Secret) else None


def authority_of(catalog: Catalog, ref: SecretRef) -> Secret | ConfigMap | None:
    """The Secret or ConfigMap with the CA that a reference names; None when there is none."""
    found = catalog.get(ObjectKey(ref.kind, ref.namespace, ref.name))
    return found if isinstance(found, Secret | ConfigMap) else None


def _resolved(catalog: Catalog) -> tuple[Listener, ...]:
    def exists(ref: SecretRef) -> bool:
        return secret_of(catalog, ref) is not None

    return tuple(
        resolve(binding, exists, catalog.permissions, catalog.secret_readers) for binding in catalog.bindings()
    )
