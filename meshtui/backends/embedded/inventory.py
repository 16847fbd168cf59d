"""Tells the CA which service accounts and pods exist, so that good tokens of what was deleted are refused."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path

import msgspec

from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.ca.inventory import InventoryDocument, Pod
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Namespace, ServiceAccount
from meshtui.manifest.workload import Workload
from meshtui.private_files import write_file


def write_inventory(
    path: Path, catalog: Catalog, fleet: Iterable[Workload], runtimes: Iterable[WorkloadRuntime]
) -> None:
    """Replace the file as a whole. Raises StateError when the disk does not play along."""
    data = msgspec.json.encode(inventory_of(catalog, fleet, runtimes, platform.node()))
    # most changes of the manifests are no news for the CA, and each write waits for the disk
    if not path.exists() or path.read_bytes() != data:
        write_file(path, data)


def inventory_of(
    catalog: Catalog, fleet: Iterable[Workload], runtimes: Iterable[WorkloadRuntime], node: str
) -> InventoryDocument:
    """What exists: the accounts of the manifests and of the fleet, and every pod, all on one node.

    Every namespace has the account `default`, as in Kubernetes.
    """
    runtimes = tuple(runtimes)
    namespaces = {each.metadata.name for each in catalog.all(Namespace)}
    namespaces |= {runtime.workload.namespace for runtime in runtimes}
    accounts = {f"{each.namespace}/{each.metadata.name}" for each in catalog.all(ServiceAccount)}
    accounts |= {f"{workload.namespace}/{workload.service_account}" for workload in fleet}
    return InventoryDocument(
        service_accounts=tuple(sorted(accounts | {f"{namespace}/default" for namespace in namespaces})),
        pods=tuple(
            Pod(
                namespace=runtime.workload.namespace,
                name=identity.pod_name,
                uid=identity.pod_uid,
                service_account=identity.service_account,
                node=node,
            )
            for runtime in runtimes
            for identity in runtime.identities
        ),
    )
