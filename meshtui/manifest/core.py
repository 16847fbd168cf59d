"""Reads the kinds of Kubernetes' core group: Namespace, ServiceAccount, Service, Secret, ConfigMap.

Each reader takes the fields of one document beside apiVersion, kind and metadata. A workload's own kind is
in `deployment`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.fields import Fields
from meshtui.manifest.issuance import read_issuance
from meshtui.manifest.model import Metadata, Namespace, Secret, Service, ServiceAccount, ServicePort
from meshtui.manifest.names import data_key_problem, label_key_problem, label_problem, label_value_problem
from meshtui.manifest.secret_data import TLS
from meshtui.manifest.secret_readers import reads_secrets

SECRET_MAX = 1024 * 1024
"""Bytes of all data of one Secret or ConfigMap, as in Kubernetes."""


def read_namespace(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Namespace:
    """Read a Namespace."""
    fields.ignore("spec")  # finalizers only
    return Namespace(metadata=metadata, document=document)


def read_service_account(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> ServiceAccount:
    """Read a ServiceAccount."""
    fields.ignore("secrets", "imagePullSecrets", "automountServiceAccountToken")
    place = fields.mapping("metadata").mapping("annotations")
    return ServiceAccount(
        metadata=metadata, document=document, reads_secrets=reads_secrets(place, metadata.annotations)
    )


def read_service(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Service:
    """Read a Service of any type that has pods behind it."""
    with fields.mapping("spec", required=True) as spec:
        spec.text("type", choices=("ClusterIP", "NodePort", "LoadBalancer"), elsewhere=("ExternalName",))
        spec.ignore("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
        spec.ignore("externalTrafficPolicy", "sessionAffinity", "sessionAffinityConfig", "healthCheckNodePort")
        spec.ignore("loadBalancerClass", "loadBalancerIP", "loadBalancerSourceRanges", "trafficDistribution")
        spec.ignore("allocateLoadBalancerNodePorts", "publishNotReadyAddresses")
        spec.unsupported("externalName", "externalIPs")
        ports = tuple(_service_port(item) for item in spec.items("ports", required=True))
        _unnamed_or_twice(spec, ports)
        selector = spec.text_map("selector", key=label_key_problem, value=label_value_problem)
    return Service(metadata=metadata, document=document, ports=ports, selector=selector)


def _service_port(fields: Fields) -> ServicePort:
    with fields:
        fields.ignore("nodePort", "appProtocol")
        fields.text("protocol", choices=("TCP",), elsewhere=("UDP", "SCTP"))
        name = fields.text("name", check=label_problem)
        port = fields.port("port", required=True)
        target: int | str = port
        if isinstance(fields.raw("targetPort"), str):
            target = fields.text("targetPort", check=label_problem)
        elif fields.has("targetPort"):
            target = fields.port("targetPort")
        return ServicePort(name=name, port=port, target_port=target)


def _unnamed_or_twice(spec: Fields, ports: tuple[ServicePort, ...]) -> None:
    names = [port.name for port in ports]
    if len(ports) > 1 and not all(names):
        spec.problem("ports", "each of several ports needs a name")
    if len(set(filter(None, names))) < len(list(filter(None, names))):
        spec.problem("ports", "two ports have one name")
    if len({port.port for port in ports}) < len(ports):
        spec.problem("ports", "two ports have one number")


def read_secret(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Secret:
    """Read a Secret; what `stringData` holds is moved to `data`, as an API server does.

    A TLS Secret may lack both halves of its key pair (they are issued then), but not one of them.
    """
    kind = fields.text("type", "Opaque", choices=("Opaque", TLS), elsewhere=_OTHER_SECRETS)
    fields.unsupported("immutable", why="it could not be rotated")
    data = _decoded(fields, "data", _from_base64) | _decoded(fields, "stringData", str.encode)
    if sum(map(len, data.values())) > SECRET_MAX:
        fields.problem("data", f"holds more than {SECRET_MAX} bytes")
    if kind == TLS and bool(data.get("tls.crt")) != bool(data.get("tls.key")):
        missing = "tls.key" if data.get("tls.crt") else "tls.crt"
        fields.problem("data", f"{missing} is missing; a TLS Secret has both halves of its key pair, or neither")
    document.pop("stringData", None)
    document["data"] = {name: base64.b64encode(value).decode() for name, value in data.items()}
    issuance = read_issuance(fields.mapping("metadata").mapping("annotations"), metadata.annotations)
    return Secret(
        metadata=metadata,
        document=document,
        type=kind,
        data=data,
        issuer=issuance.issuer,
        lifetime=issuance.lifetime,
        key_kind=issuance.key_kind,
        rotation=issuance.rotation,
        roots=issuance.roots,
    )


def read_config_map(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> ConfigMap:
    """Read a ConfigMap."""
    fields.unsupported("immutable", why="it could not be changed")
    data = _decoded(fields, "binaryData", _from_base64) | _decoded(fields, "data", str.encode)
    if sum(map(len, data.values())) > SECRET_MAX:
        fields.problem("data", f"holds more than {SECRET_MAX} bytes")
    return ConfigMap(metadata=metadata, document=document, data=data)


_OTHER_SECRETS = (
    "kubernetes.io/service-account-token",
    "kubernetes.io/dockercfg",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/basic-auth",
    "kubernetes.io/ssh-auth",
    "bootstrap.kubernetes.io/token",
    "istio.io/ca-root",
)


def _from_base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _decoded(fields: Fields, name: str, decode: Callable[[str], bytes]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with fields.mapping(name) as data:
        for key in tuple(data.names()):
            value = data.raw(key)
            # the value may be a private key: never shown
            if reason := data_key_problem(key):
                data.problem(key, reason)
            elif not isinstance(value, str | None):
                data.problem(key, "expected text (the value is not shown)")
            else:
                try:
                    found[key] = decode(value or "")
                except (binascii.Error, ValueError):
                    data.problem(key, "not base64 (the value is not shown)")
    return found
