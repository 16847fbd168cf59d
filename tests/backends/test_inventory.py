"""The CA is told of every service account and pod that exists, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.inventory import inventory_of
from meshtui.ca.inventory import InventoryFile
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import demo_documents
from meshtui.manifest.documents import parse

CATALOG = Catalog.of(parse(demo_documents(), "demo"))


def test_every_account_is_there() -> None:
    """Those of manifests, and `default` of each namespace, as in Kubernetes."""
    accounts = inventory_of(CATALOG, (), (), "here").service_accounts
    assert {"prod/httpbin", "prod/sleep", "prod/default", "istio-system/default"} <= set(accounts)
    assert "prod/nobody" not in accounts


@pytest.mark.asyncio(loop_scope="module")
async def test_a_running_mesh_writes_it(core: MeshCore) -> None:
    """Each workload of the mesh is a pod that the CA can look up by the uid in its token."""
    inventory = InventoryFile(core.paths.inventory).current()
    for runtime in core.workloads.values():
        pod = inventory.pod(runtime.identity.pod_uid)
        assert pod is not None
        assert (pod.namespace, pod.name, pod.service_account) == (
            runtime.workload.namespace,
            runtime.identity.pod_name,
            runtime.workload.service_account,
        )
        assert inventory.runs_on(pod.node, pod.namespace, pod.service_account)
    assert inventory.pod("") is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"service_accounts": [], "pods": [], "more": 1}', b"[" * 1000])
def test_what_cannot_be_read_decides_nothing(tmp_path: Path, content: bytes) -> None:
    """A damaged file is not an empty mesh, and not a full one."""
    (tmp_path / "inventory.json").write_bytes(content)
    with pytest.raises(RefusalError) as caught:
        InventoryFile(tmp_path / "inventory.json").current()
    assert caught.value.reason is Reason.CANNOT_VERIFY
