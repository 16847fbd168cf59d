"""What a change says beside its results, to people and to programs."""

from __future__ import annotations

import json

from tests.conftest import ServedMesh

GATEWAY = "gateway/istio-system/httpbin-credential"
ORPHAN = json.dumps(
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "orphan", "namespace": "prod"},
        "spec": {"hosts": ["orphan.example.com"], "gateways": ["nobody"], "http": [{"redirect": {"uri": "/"}}]},
    }
)


def test_warnings_are_told_to_who_does_not_ask_for_the_plan(served: ServedMesh) -> None:
    """With --yes they stand on stderr, and on stdout is the result alone; --dry-run has them in the plan."""
    warning = "VirtualService prod/orphan: the Gateway prod/nobody does not exist"
    planned = json.loads(served.run("apply", "-f", "-", "--dry-run", "--json", stdin=ORPHAN).stdout)["plan"]
    assert planned["warnings"] == [warning]
    assert planned["effects"] == [warning]
    done = served.run("apply", "-f", "-", "--yes", "--json", stdin=ORPHAN)
    assert warning in done.stderr
    assert [each["ok"] for each in json.loads(done.stdout)["results"]] == [True]
    assert served.run("delete", "VirtualService", "orphan", "-n", "prod", "--yes").stderr == ""
