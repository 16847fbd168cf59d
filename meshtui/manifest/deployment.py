"""Reads a Deployment: whose identity its pods have, and whether a proxy stands beside them.

What a pod is otherwise made of (resources, probes, volumes, environment) means nothing here and is accepted;
what would let traffic past the proxy, or make one workload into several, is refused.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meshtui.errors import UsageError
from meshtui.manifest import yaml_text
from meshtui.manifest.fields import Fields
from meshtui.manifest.grants import read_bundles, read_grants
from meshtui.manifest.lifetimes import parse_lifetime
from meshtui.manifest.model import Container, ContainerPort, Deployment, Metadata
from meshtui.manifest.names import label_key_problem, label_problem, label_value_problem, name_problem

PROXY_CONFIG = "proxy.istio.io/config"


def read_deployment(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Deployment:
    """Read a Deployment of at most one pod."""
    with fields.mapping("spec", required=True) as spec:
        spec.ignore("strategy", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", "paused")
        replicas = spec.integer("replicas", 1, low=0, high=2**31 - 1)
        if replicas > 1:
            spec.problem("replicas", f"{replicas} is valid elsewhere but not supported here; a workload has one pod")
        with spec.mapping("selector", required=True) as selector:
            selector.unsupported("matchExpressions")
            wanted = selector.text_map("matchLabels", key=label_key_problem, value=label_value_problem)
        with spec.mapping("template", required=True) as template:
            labels, annotations = _pod_metadata(template)
            ttl = _secret_ttl(template, annotations.get(PROXY_CONFIG, ""))
            place = template.mapping("metadata").mapping("annotations")
            grants, bundles = read_grants(place), read_bundles(place)
            with template.mapping("spec", required=True) as pod:
                service_account, containers = _pod(pod)
        if not wanted.items() <= labels.items() or not wanted:
            spec.problem("selector", "must have labels, and the template's labels must include them")
    return Deployment(
        metadata=metadata,
        document=document,
        replicas=replicas,
        selector=wanted,
        pod_labels=labels,
        pod_annotations=annotations,
        service_account=service_account,
        containers=containers,
        secret_ttl=ttl,
        grants=grants,
        bundles=bundles,
    )


def _pod_metadata(template: Fields) -> tuple[dict[str, str], dict[str, str]]:
    with template.mapping("metadata", required=True) as metadata:
        metadata.ignore("name", "namespace", "creationTimestamp")
        labels = metadata.text_map("labels", key=label_key_problem, value=label_value_problem)
        return labels, metadata.text_map("annotations", key=label_key_problem)


def _pod(pod: Fields) -> tuple[str, tuple[Container, ...]]:
    pod.ignore("activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy")
    pod.ignore("enableServiceLinks", "hostAliases", "hostname", "imagePullSecrets", "initContainers")
    pod.ignore("nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy", "priority")
    pod.ignore("priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName", "schedulerName")
    pod.ignore("schedulingGates", "securityContext", "setHostnameAsFQDN", "subdomain")
    pod.ignore("terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes")
    pod.unsupported("hostNetwork", "hostPID", "hostIPC", "hostUsers", why="it reaches past the pod's own proxy")
    pod.unsupported("shareProcessNamespace", why="containers could read the proxy's keys")
    pod.unsupported("ephemeralContainers", "resourceClaims", "resources")
    older = pod.text("serviceAccount", check=name_problem)
    service_account = pod.text("serviceAccountName", older, check=name_problem) or "default"
    if older and older != service_account:
        pod.problem("serviceAccount", f"differs from serviceAccountName, which is {service_account}")
    containers = tuple(_container(item) for item in pod.items("containers", required=True))
    if len({container.name for container in containers}) < len(containers):
        pod.problem("containers", "two containers have one name")
    return service_account, containers


def _container(fields: Fields) -> Container:
    with fields:
        fields.ignore("args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe")
        fields.ignore("readinessProbe", "resizePolicy", "resources", "restartPolicy", "securityContext")
        fields.ignore("startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy")
        fields.ignore("tty", "volumeDevices", "volumeMounts", "workingDir")
        name = fields.text("name", required=True, check=label_problem)
        image = fields.text("image", required=True)
        return Container(name=name, image=image, ports=tuple(map(_container_port, fields.items("ports"))))


def _container_port(fields: Fields) -> ContainerPort:
    with fields:
        fields.text("protocol", choices=("TCP",), elsewhere=("UDP", "SCTP"))
        fields.unsupported("hostPort", "hostIP", why="it reaches past the pod's own proxy")
        name = fields.text("name", check=label_problem)
        return ContainerPort(name=name, port=fields.port("containerPort", required=True))


def _secret_ttl(template: Fields, config: str) -> timedelta | None:
    """`proxyMetadata: {SECRET_TTL: 3m}` of Istio's proxy configuration; its other settings mean nothing here."""
    if not config:
        return None
    annotations = template.mapping("metadata").mapping("annotations")
    documents = list(yaml_text.load(config))
    content = documents[0].value if len(documents) == 1 else None
    metadata = content.get("proxyMetadata") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(metadata, dict | None):
        annotations.problem(PROXY_CONFIG, "expected one YAML object, as in proxyMetadata: {SECRET_TTL: 24h}")
        return None
    ttl = (metadata or {}).get("SECRET_TTL")
    if ttl is None:
        return None
    try:
        return parse_lifetime(str(ttl))
    except UsageError as error:
        annotations.problem(PROXY_CONFIG, f"SECRET_TTL: {error}")
        return None
