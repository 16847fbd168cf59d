"""The manifests of the fake mesh: what is stored, what applying and deleting would change, what may be shown."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterable
from typing import Any

from meshtui.errors import UsageError
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.kinds import find_kind
from meshtui.manifest.model import Deployment, Manifest, ObjectKey, Secret
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import Target, TargetKind


class Objects:
    """What was applied, by kind, namespace and name."""

    def __init__(self, objects: Iterable[Manifest] = ()) -> None:
        self._objects = {item.key: item for item in objects}

    def read(self, text: str, source: str) -> tuple[Manifest, ...]:
        """Read documents; raises ManifestError when any is wrong, UsageError when there is none."""
        objects = parse(text, source)
        if not objects:
            raise UsageError(f"{source} holds no document.", fix="Write at least one object.")
        return objects

    def find(self, kind: str, name: str = "", namespace: str = "") -> list[Manifest]:
        """Objects of a kind; raises UsageError for an unknown kind, or for a name that no object has."""
        known = find_kind(kind).name
        found = [
            item
            for key, item in sorted(self._objects.items())
            if key.kind == known and name in ("", key.name) and namespace in ("", key.namespace)
        ]
        if name and not found:
            place = f" in namespace {namespace}" if namespace else ""
            raise UsageError(f"There is no {known} {name!r}{place}.", fix=f"See: meshtui get {known}")
        return found

    def of_kinds(self, kinds: Container[str]) -> list[Manifest]:
        """All objects of some kinds."""
        return [item for key, item in sorted(self._objects.items()) if key.kind in kinds]

    def has(self, key: ObjectKey) -> bool:
        """Whether an object of this name is stored."""
        return key in self._objects

    def put(self, item: Manifest) -> None:
        """Store an object, in place of one of its name."""
        self._objects[item.key] = item

    def remove(self, key: ObjectKey) -> None:
        """Forget an object; raises KeyError when there is none."""
        del self._objects[key]


def target_of(item: Manifest) -> str:
    """The target whose certificate this object asks for; empty for kinds that ask for none."""
    if isinstance(item, Deployment):
        return str(Target(TargetKind.WORKLOAD, item.namespace, item.name))
    if isinstance(item, Secret):
        return str(Target(TargetKind.GATEWAY, item.namespace, item.name))
    return ""


def objects_of(rows: Iterable[Row]) -> Iterable[Manifest]:
    """The manifests that would ask for these rows: a Deployment for a workload, a Secret for a gateway."""
    for row in rows:
        target = Target.parse(row.target)
        metadata = {"name": target.name, "namespace": target.namespace}
        if target.kind is TargetKind.WORKLOAD:
            yield parse_document(_deployment(metadata))
        elif target.kind is TargetKind.GATEWAY:
            yield secret_of(row.target)
            yield parse_document(_gateway(metadata, row.identity.split(", ")))


def secret_of(target: str) -> Manifest:
    """The Secret of a gateway certificate."""
    parsed = Target.parse(target)
    return parse_document(_secret({"name": parsed.name, "namespace": parsed.namespace}))


def _secret(metadata: dict[str, str]) -> dict[str, Any]:
    data = {name: base64.b64encode(f"{name} of the fake".encode()).decode() for name in ("tls.crt", "tls.key")}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}


def _gateway(metadata: dict[str, str], hosts: list[str]) -> dict[str, Any]:
    tls = {"mode": "SIMPLE", "credentialName": metadata["name"]}
    server = {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": hosts, "tls": tls}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": metadata,
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }


def _deployment(metadata: dict[str, str]) -> dict[str, Any]:
    labels = {"app": metadata["name"]}
    container = {"name": "app", "image": f"registry.example.com/{metadata['name']}:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"serviceAccountName": metadata["name"], "containers": [container]},
            },
        },
    }
