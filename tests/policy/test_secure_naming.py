"""Who may answer for a service."""

from __future__ import annotations

from meshtui.policy.secure_naming import identities_behind
from tests.manifest.writing import document
from tests.policy.writing import account, mesh, service, sidecar


def test_each_account_behind_a_service_once() -> None:
    """The service accounts of all workloads that it selects, sorted, those without a sidecar too."""
    labels = {"tier": "x"}
    both = document("Service", "both", spec={"ports": [{"port": 80}], "selector": labels})
    documents = [each for name in ("z", "y", "x") for each in sidecar(name, labels=labels, account=f"s{name[-1]}")]
    documents += sidecar("w", labels={**labels, "sidecar.istio.io/inject": "false"}, account="sx")
    catalog = mesh(more=(both, *documents))
    expected = tuple(account(name) for name in ("sx", "sy", "sz"))
    assert expected == identities_behind(catalog, service(catalog, "prod/both"), "mesh.example")


def test_nobody_is_behind_a_service_without_workloads() -> None:
    """A selector that fits nothing, and none at all, let nobody answer."""
    lonely = document("Service", "lonely", spec={"ports": [{"port": 80}], "selector": {"app": "nobody"}})
    bare = document("Service", "bare", spec={"ports": [{"port": 80}]})
    catalog = mesh(more=(lonely, bare))
    for name in ("prod/lonely", "prod/bare"):
        assert identities_behind(catalog, service(catalog, name), "mesh.example") == ()


def test_a_namespace_is_part_of_a_name() -> None:
    """The same account of another namespace is somebody else."""
    catalog = mesh()
    assert (account("c", "other"),) == identities_behind(catalog, service(catalog, "other/c"), "mesh.example")
