"""Writes documents of the Kubernetes Gateway API for tests."""

from __future__ import annotations

from typing import Any

from tests.manifest.writing import document

GATEWAY_API = "gateway.networking.k8s.io"
V1 = f"{GATEWAY_API}/v1"


def kubernetes_gateway(name: str, *listeners: dict[str, Any], namespace: str = "prod", **spec: Any) -> dict[str, Any]:
    """A Gateway of the Gateway API."""
    whole = {"gatewayClassName": "istio", "listeners": list(listeners), **spec}
    return document("Gateway", name, namespace, V1, spec=whole)


def listens(name: str, protocol: str = "HTTP", port: int = 0, host: str = "", **more: Any) -> dict[str, Any]:
    """A listener; `more` are fields of it."""
    number = port or {"HTTP": 80}.get(protocol, 443)
    return {"name": name, "protocol": protocol, "port": number, **({"hostname": host} if host else {}), **more}


def terminates(
    name: str, *certificates: str, host: str = "", options: dict[str, str] | None = None, **more: Any
) -> Any:
    """An HTTPS listener; certificates are NAME or NAMESPACE/NAME."""
    refs = [reference(each) for each in certificates]
    tls: dict[str, Any] = {"certificateRefs": refs} if refs else {}
    return listens(name, "HTTPS", host=host, tls=tls | ({"options": options} if options else {}), **more)


def reference(written: str, **more: Any) -> dict[str, Any]:
    """To a Secret, by NAME or NAMESPACE/NAME."""
    namespace, _, name = written.rpartition("/")
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def allowing(where: str, **selector: Any) -> dict[str, Any]:
    """`allowedRoutes` of a listener."""
    return {"namespaces": {"from": where, **({"selector": selector} if selector else {})}}


def http_route(
    name: str, *rules: dict[str, Any], parents: tuple[Any, ...] = ("edge",), namespace: str = "prod", **spec: Any
) -> dict[str, Any]:
    """An HTTPRoute; parents are NAME, NAMESPACE/NAME or whole references."""
    refs = [reference(each) if isinstance(each, str) else each for each in parents]
    return document("HTTPRoute", name, namespace, V1, spec={"parentRefs": refs, "rules": list(rules), **spec})


def sends(service: str, *matches: dict[str, Any], port: int = 8000, **more: Any) -> dict[str, Any]:
    """A rule that sends to one Service, NAME or NAMESPACE/NAME."""
    return {"matches": list(matches), "backendRefs": [reference(service, port=port)], **more}


def path(value: str, kind: str = "PathPrefix") -> dict[str, Any]:
    """A match of the path."""
    return {"path": {"type": kind, "value": value}}


def reference_grant(
    source: str,
    target: str,
    *,
    kinds: tuple[str, str] = ("Gateway", "Secret"),
    name: str = "grant",
    version: str = "v1",
) -> dict[str, Any]:
    """Objects of the namespace `source` may refer to `target`: NAMESPACE, or NAMESPACE/NAME."""
    namespace, _, one = target.partition("/")
    to = {"group": "", "kind": kinds[1], **({"name": one} if one else {})}
    spec = {"from": [{"group": GATEWAY_API, "kind": kinds[0], "namespace": source}], "to": [to]}
    return document("ReferenceGrant", name, namespace, f"{GATEWAY_API}/{version}", spec=spec)
