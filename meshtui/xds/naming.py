"""What things are called in Envoy's configuration. The names are Istio's, so that its tools and people know them."""

from __future__ import annotations

import re

from meshtui.identity.spiffe import SpiffeId
from meshtui.manifest import names
from meshtui.manifest.model import ObjectKey, Service
from meshtui.manifest.policy_model import AuthorizationPolicy, PeerAuthentication
from meshtui.manifest.workload import Workload

SERVICE_DOMAIN = names.SERVICE_DOMAIN
"""Of Kubernetes' DNS; not the trust domain, even where the two look alike."""
WORKLOAD_CERTIFICATE = "default"
WORKLOAD_ROOTS = "ROOTCA"
OUTBOUND_ROUTES = "outbound"


def full_name(service: Service) -> str:
    """`httpbin.prod.svc.cluster.local`."""
    return service.full_name


def outbound_cluster(host: str, port: int) -> str:
    """The cluster of one port of a service, by its full name."""
    return f"outbound|{port}||{host}"


def inbound_cluster(workload: Workload) -> str:
    """The cluster of a sidecar's own workload."""
    return f"inbound|{workload.inbound_port}||"


def gateway_secret(namespace: str, name: str) -> str:
    """A Secret that a gateway presents."""
    return f"kubernetes://{namespace}/{name}"


def gateway_config_map(namespace: str, name: str) -> str:
    """A ConfigMap with the CA that clients are checked against."""
    return f"configmap://{namespace}/{name}-cacert"


def policy_rule(key: ObjectKey, rule: int) -> str:
    """One rule of an AuthorizationPolicy, as Envoy tells it in its access logs. Istio's form."""
    return f"ns[{key.namespace}]-policy[{key.name}]-rule[{rule}]"


def plaintext_rule(key: ObjectKey) -> str:
    """The PeerAuthentication by which plaintext is turned away."""
    return f"ns[{key.namespace}]-peer[{key.name}]"


def policy_in(text: str) -> tuple[ObjectKey, int | None] | None:
    """The policy, and of an AuthorizationPolicy the rule, that a text of Envoy's names; None where it names none."""
    if found := _RULE.search(text):
        return ObjectKey(AuthorizationPolicy.kind, found["namespace"], found["name"]), int(found["rule"])
    if found := _PEER.search(text):
        return ObjectKey(PeerAuthentication.kind, found["namespace"], found["name"]), None
    return None


_RULE = re.compile(r"ns\[(?P<namespace>[^]]+)\]-policy\[(?P<name>[^]]+)\]-rule\[(?P<rule>[0-9]+)\]")
_PEER = re.compile(r"ns\[(?P<namespace>[^]]+)\]-peer\[(?P<name>[^]]+)\]")


def spiffe_id(trust_domain: str, workload: Workload) -> str:
    """Who a workload is."""
    return str(SpiffeId.for_service_account(trust_domain, workload.namespace, workload.service_account))
