"""Writes documents for tests and collects what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.errors import ManifestError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.dangling import dangling
from meshtui.manifest.documents import parse
from meshtui.manifest.model import Manifest

ISTIO = "networking.istio.io/v1"


def document(kind: str, name: str, namespace: str = "prod", api: str = "v1", **fields: Any) -> dict[str, Any]:
    """An object with the least that it needs."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def deployment(name: str, labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A Deployment of one container; `annotations`, `pod` and `spec` add to those parts of it."""
    labels = labels or {"app": name}
    pod = {"containers": [{"name": "main", "image": "example/main:1"}], **more.get("pod", {})}
    template = {"metadata": {"labels": labels, "annotations": more.get("annotations", {})}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template, **more.get("spec", {})}
    return document("Deployment", name, more.get("namespace", "prod"), "apps/v1", spec=spec)


def gateway(name: str, *servers: dict[str, Any], selector: dict[str, str] | None = None) -> dict[str, Any]:
    """A Gateway for the ingress gateway."""
    spec = {"selector": selector or {"istio": "ingressgateway"}, "servers": list(servers)}
    return document("Gateway", name, api=ISTIO, spec=spec)


def https(
    *hosts: str, credential: str = "credential", number: int = 443, name: str = "https", **tls: Any
) -> dict[str, Any]:
    """An HTTPS server."""
    port = {"number": number, "name": name, "protocol": "HTTPS"}
    return {"port": port, "hosts": list(hosts), "tls": {"mode": "SIMPLE", "credentialName": credential, **tls}}


def http(*hosts: str, number: int = 80, name: str = "http", **tls: Any) -> dict[str, Any]:
    """A plain HTTP server."""
    port = {"number": number, "name": name, "protocol": "HTTP"}
    return {"port": port, "hosts": list(hosts), **({"tls": tls} if tls else {})}


def virtual_service(
    name: str,
    *routes: dict[str, Any],
    hosts: tuple[str, ...] = ("a.example.com",),
    gateways: tuple[str, ...] = ("edge",),
) -> dict[str, Any]:
    """A VirtualService of these HTTP routes."""
    spec = {"hosts": list(hosts), "gateways": list(gateways), "http": list(routes)}
    return document("VirtualService", name, api=ISTIO, spec=spec)


def to(host: str, port: int | None = None, **more: Any) -> dict[str, Any]:
    """A route to one destination."""
    destination: dict[str, Any] = {"host": host} | ({"port": {"number": port}} if port else {})
    return {"route": [{"destination": destination}], **more}


def read(*documents: dict[str, Any]) -> tuple[Manifest, ...]:
    """Objects of these documents; JSON is YAML too."""
    return parse("\n---\n".join(map(json.dumps, documents)), "test")


def warnings(mesh: Catalog) -> tuple[str, ...]:
    """What is without effect in a mesh; for each of it there is something to do."""
    found = dangling(mesh)
    assert all(each.fix for each in found)
    return tuple(each.text for each in found)


def problems(*documents: dict[str, Any]) -> list[str]:
    """What is wrong with the documents, without the place."""
    with pytest.raises(ManifestError) as caught:
        read(*documents)
    return [problem.partition("): ")[2] for problem in caught.value.problems]
