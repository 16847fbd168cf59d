"""Agents by the number: as real as those of manifests, without a manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from meshtui.ca.verify_ledger import verify_ledger
from tests.conftest import ServedMesh, meshtui

SIZE = 30
TARGET = "workload/fleet/agent-00007"


def test_a_fleet_is_issued_rotated_verified_and_known_again(start_mesh: Callable[..., ServedMesh]) -> None:
    """Each agent has a certificate of its own in the ledger; after a restart the ledger still knows whose they are."""
    mesh = start_mesh("--fleet", str(SIZE), "--no-envoy")
    rotated = mesh.json("rotate", "--all", "--yes")["results"]
    fleet = [result for result in rotated if result["target"].startswith("workload/fleet/")]
    assert SIZE == len(fleet) == len({result["after"]["serial"] for result in fleet})
    assert all(result["ok"] for result in fleet)
    seen = mesh.identity(TARGET)
    assert seen["desired"] == {"proxy": "none", "sds_socket": None, "inbound": None}
    assert seen["spiffe_id"] == "spiffe://cluster.local/ns/fleet/sa/agent-00007"
    assert seen["issued"] == seen["held"]
    assert (seen["served"], seen["disagreement"]) == (None, None)
    assert mesh.json("verify", TARGET)["results"][0]["passed"]
    assert mesh.stop() == ""
    again = start_mesh("--fleet", str(SIZE), "--no-envoy", state=mesh.state)
    entries = again.json("history", TARGET)["entries"]
    assert seen["held"]["serial"] in {entry["serial"] for entry in entries}
    root = Path(again.ready["endpoints"]["ca_root"])
    again.stop()
    assert not verify_ledger(mesh.state / "ca" / "ledger.db", root.read_bytes()).problems


def test_a_fleet_has_sockets_if_they_are_asked_for(start_mesh: Callable[..., ServedMesh]) -> None:
    """Each serves SDS like any agent, and the mesh is ready when all of them hold what they serve."""
    mesh = start_mesh("--fleet", "3", "--fleet-sockets", "--no-envoy")
    for number in (1, 2, 3):
        seen = mesh.identity(f"workload/fleet/agent-{number:05}")
        assert seen["desired"]["proxy"] == "agent"
        assert Path(seen["desired"]["sds_socket"]).is_socket()
        assert seen["held"]


@pytest.mark.parametrize("size", ["-1", "100000", "many"])
def test_a_fleet_of_another_size_is_wrong_usage(size: str, tmp_path: Path) -> None:
    """Too many for one process, or no number: a sentence, and nothing is started."""
    done = meshtui("serve", "--state", str(tmp_path), "--fleet", size)
    assert done.returncode == 2
    assert "--fleet" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
