"""What runs in the mesh, derived from Deployments: whose identity each workload has and which proxy it gets.

The rules are Istio's, as a pod's labels and annotations state them; what a workload may call or be called
by is not asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from meshtui.manifest.grants import Grant
from meshtui.manifest.model import ContainerPort, Deployment

INJECT = "sidecar.istio.io/inject"
TEMPLATES = "inject.istio.io/templates"


class Proxy(StrEnum):
    """What stands between a workload and the wire."""

    SIDECAR = "sidecar"
    GATEWAY = "gateway"
    AGENT = "agent"
    """No proxy: an agent that keeps its SVID fresh and serves it to whoever connects."""
    NONE = "none"
    """Not even a socket: an agent that keeps its SVID fresh, for nobody but the mesh."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One thing that runs and has an identity of its own."""

    namespace: str
    name: str
    service_account: str
    proxy: Proxy
    labels: Mapping[str, str]
    image: str
    """Of its first container."""
    ports: tuple[ContainerPort, ...]
    """Of all its containers."""
    secret_ttl: timedelta | None
    """The lifetime that its agent asks for; None for the mesh's default."""
    grants: tuple[Grant, ...] = ()
    """Further identities of its agent."""
    bundles: tuple[str, ...] = ()
    """Names of Secrets in its namespace, whose CA certificates its agent serves."""

    @property
    def target(self) -> str:
        """`workload/NAMESPACE/NAME`."""
        return f"workload/{self.namespace}/{self.name}"

    @property
    def inbound_port(self) -> int:
        """The port that a sidecar takes requests for; 0 when no container names one.

        There is one Unix socket for all of a workload's ports, so that the first of them stands for all.
        """
        return self.ports[0].port if self.ports else 0


def workload_of(deployment: Deployment) -> Workload | None:
    """The workload that a Deployment runs; None when it is scaled to nothing."""
    if deployment.replicas == 0:
        return None
    return Workload(
        namespace=deployment.namespace,
        name=deployment.name,
        service_account=deployment.service_account,
        proxy=_proxy(deployment),
        labels=deployment.pod_labels,
        image=deployment.containers[0].image,
        ports=tuple(port for container in deployment.containers for port in container.ports),
        secret_ttl=deployment.secret_ttl,
        grants=deployment.grants,
        bundles=deployment.bundles,
    )


def _proxy(deployment: Deployment) -> Proxy:
    """Istio injects by label (older manifests: by annotation), and takes `gateway` as the name of a template."""
    wanted = deployment.pod_labels.get(INJECT, deployment.pod_annotations.get(INJECT, ""))
    if wanted != "true":
        return Proxy.AGENT
    templates = deployment.pod_annotations.get(TEMPLATES, "").split(",")
    return Proxy.GATEWAY if "gateway" in (template.strip() for template in templates) else Proxy.SIDECAR
