"""Policies as values, and a small mesh to have them about: `a` and `b` in prod, `c` in other, behind a Service each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest, Metadata, ObjectKey, Service
from meshtui.manifest.policy_model import (
    ClientTls,
    ClientTlsMode,
    DestinationRule,
    MtlsMode,
    PeerAuthentication,
)
from meshtui.manifest.workload import Workload
from tests.manifest.writing import deployment, document, read

INJECTED = {"sidecar.istio.io/inject": "true"}
MESH_WIDE = ObjectKey(PeerAuthentication.kind, "istio-system", "default")
"""The demo mesh's STRICT."""
DISABLE, PERMISSIVE, STRICT, UNSET = MtlsMode.DISABLE, MtlsMode.PERMISSIVE, MtlsMode.STRICT, MtlsMode.UNSET


def peer(
    name: str,
    mode: MtlsMode = UNSET,
    namespace: str = "prod",
    selector: Mapping[str, str] | None = None,
    *,
    ports: Mapping[int, MtlsMode] | None = None,
    created_at: str = "",
) -> PeerAuthentication:
    """A PeerAuthentication."""
    return PeerAuthentication(
        metadata=Metadata(name=name, namespace=namespace),
        mode=mode,
        selector=selector or {},
        port_modes=ports or {},
        created_at=created_at,
    )


def rule(
    name: str,
    host: str,
    mode: ClientTlsMode | None = ClientTlsMode.DISABLE,
    *,
    namespace: str = "prod",
    names: tuple[str, ...] = (),
    ports: Mapping[int, ClientTls] | None = None,
    created_at: str = "",
) -> DestinationRule:
    """A DestinationRule; without a mode it says nothing of TLS."""
    return DestinationRule(
        metadata=Metadata(name=name, namespace=namespace),
        host=host,
        tls=ClientTls(mode=mode, subject_alt_names=names) if mode is not None else None,
        port_tls=ports or {},
        created_at=created_at,
    )


def sidecar(name: str, namespace: str = "prod", **more: Any) -> list[dict[str, Any]]:
    """A workload with a sidecar on port 8080, an account of its name, and its Service on ports 80 and 81."""
    labels = {**INJECTED, "app": name, **more.get("labels", {})}
    container = {"name": "main", "image": "example/main:1", "ports": [{"containerPort": 8080}]}
    pod = {"containers": [container], "serviceAccountName": more.get("account", name)}
    ports = [{"name": f"p{number}", "port": number, "targetPort": 8080} for number in (80, 81)]
    return [
        deployment(name, labels, namespace=namespace, pod=pod),
        document("Service", name, namespace, spec={"selector": {"app": name}, "ports": ports}),
    ]


def mesh(*policies: Manifest, more: tuple[dict[str, Any], ...] = ()) -> Catalog:
    """The small mesh with these policies."""
    documents = [*sidecar("a"), *sidecar("b"), *sidecar("c", "other"), *more]
    return Catalog.of((*read(*documents), *policies))


def workload(catalog: Catalog, name: str) -> Workload:
    """By `NAMESPACE/NAME`."""
    found = catalog.workload(f"workload/{name}")
    assert found is not None
    return found


def service(catalog: Catalog, name: str) -> Service:
    """By `NAMESPACE/NAME`."""
    found = catalog.get(ObjectKey(Service.kind, *name.split("/")))
    assert isinstance(found, Service)
    return found


def account(name: str, namespace: str = "prod") -> str:
    """The SPIFFE ID of a service account of the small mesh."""
    return f"spiffe://mesh.example/ns/{namespace}/sa/{name}"
