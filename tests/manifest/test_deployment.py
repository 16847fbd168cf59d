"""Deployments, and the workloads that they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meshtui.manifest.model import ContainerPort, Deployment
from meshtui.manifest.workload import Proxy, Workload, workload_of
from tests.manifest.writing import deployment, problems, read

PROXY_CONFIG = "proxy.istio.io/config"


def one(**more: Any) -> Deployment:
    (found,) = read(deployment("a", **more))
    assert isinstance(found, Deployment)
    return found


def workload(**more: Any) -> Workload:
    found = workload_of(one(**more))
    assert found is not None
    return found


def test_a_real_pod_spec_is_accepted() -> None:
    """What a pod is otherwise made of means nothing here, and does not make its manifest unusable."""
    container = {
        "name": "main",
        "image": "example/main:1",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "1"}},
        "env": [{"name": "A", "value": "b"}],
        "livenessProbe": {"httpGet": {"path": "/", "port": 8080}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "securityContext": {"runAsNonRoot": True},
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
    }
    pod = {
        "serviceAccountName": "me",
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "nodeSelector": {"a": "b"},
        "initContainers": [{"name": "init", "image": "x"}],
        "hostNetwork": False,
    }
    found = workload(pod=pod, spec={"strategy": {"type": "Recreate"}, "revisionHistoryLimit": 2})
    assert (found.target, found.service_account, found.image) == ("workload/prod/a", "me", "example/main:1")
    assert (ContainerPort(name="http", port=8080),) == found.ports


@pytest.mark.parametrize(
    ("labels", "annotations", "proxy"),
    [
        ({}, {}, Proxy.AGENT),
        ({"sidecar.istio.io/inject": "true"}, {}, Proxy.SIDECAR),
        ({"sidecar.istio.io/inject": "false"}, {"sidecar.istio.io/inject": "true"}, Proxy.AGENT),
        ({}, {"sidecar.istio.io/inject": "true"}, Proxy.SIDECAR),
        ({"sidecar.istio.io/inject": "true"}, {"inject.istio.io/templates": "gateway"}, Proxy.GATEWAY),
        ({"sidecar.istio.io/inject": "true"}, {"inject.istio.io/templates": "sidecar, gateway"}, Proxy.GATEWAY),
        ({}, {"inject.istio.io/templates": "gateway"}, Proxy.AGENT),
    ],
)
def test_which_proxy_a_workload_gets(labels: dict[str, str], annotations: dict[str, str], proxy: Proxy) -> None:
    """Injection is asked for as in Istio: by label, by annotation in older manifests, with templates by annotation."""
    assert proxy is workload(labels={"app": "a"} | labels, annotations=annotations).proxy


def test_no_account_is_the_default_one() -> None:
    """A pod without a service account has the one called `default`; the older field name counts too."""
    assert workload().service_account == "default"
    assert workload(pod={"serviceAccount": "old"}).service_account == "old"
    assert problems(deployment("a", pod={"serviceAccount": "old", "serviceAccountName": "new"})) == [
        "spec.template.spec.serviceAccount: differs from serviceAccountName, which is new"
    ]


def test_scaled_to_nothing_is_no_workload() -> None:
    """A Deployment of no replicas is kept, and runs nothing."""
    assert workload_of(one(spec={"replicas": 0})) is None


@pytest.mark.parametrize(
    ("config", "ttl"),
    [
        ("proxyMetadata: {SECRET_TTL: 3m}\nconcurrency: 2", timedelta(minutes=3)),
        ('{"proxyMetadata": {"SECRET_TTL": "1h30m"}}', timedelta(minutes=90)),
        ("proxyMetadata: {OTHER: x}", None),
        ("concurrency: 2", None),
    ],
)
def test_the_lifetime_that_an_agent_asks_for(config: str, ttl: timedelta | None) -> None:
    """SECRET_TTL in Istio's proxy configuration sets it; other settings there mean nothing here."""
    assert ttl == workload(annotations={PROXY_CONFIG: config}).secret_ttl
    assert workload().secret_ttl is None


@pytest.mark.parametrize(
    "config", ["proxyMetadata: {SECRET_TTL: soon}", "[1]", "a: [", "proxyMetadata: 7", "a: 1\n---\nb: 2"]
)
def test_a_lifetime_that_is_none_is_told(config: str) -> None:
    """A proxy configuration that cannot be read is a problem of the manifest, found when it is applied."""
    (problem,) = problems(deployment("a", annotations={PROXY_CONFIG: config}))
    assert problem.startswith('spec.template.metadata.annotations["proxy.istio.io/config"]: ')


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"spec": {"replicas": 3}},
            "spec.replicas: 3 is valid elsewhere but not supported here; a workload has one pod",
        ),
        ({"pod": {"hostNetwork": True}}, "spec.template.spec.hostNetwork: valid elsewhere but not supported here: it "),
        ({"pod": {"shareProcessNamespace": True}}, "spec.template.spec.shareProcessNamespace: valid elsewhere but not"),
        ({"pod": {"containers": []}}, "spec.template.spec.containers: must not be empty"),
        ({"pod": {"sidecars": []}}, "spec.template.spec.sidecars: unknown field"),
        ({"spec": {"selector": {"matchLabels": {"app": "b"}}}}, "spec.selector: must have labels, and the template's"),
        ({"spec": {"selector": {}}}, "spec.selector: must have labels, and the template's labels must include them"),
        (
            {"pod": {"containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 80, "hostPort": 80}]}]}},
            "spec.template.spec.containers[0].ports[0].hostPort: valid elsewhere but not supported here: it reaches",
        ),
        (
            {"pod": {"containers": [{"name": "a", "image": "b"}, {"name": "a", "image": "c"}]}},
            "spec.template.spec.containers: two containers have one name",
        ),
    ],
)
def test_deployments_that_are_refused(more: dict[str, Any], reason: str) -> None:
    """What would let traffic past the proxy, or make several of one workload, is refused with its path."""
    (problem,) = problems(deployment("a", **more))
    assert problem.startswith(reason)
