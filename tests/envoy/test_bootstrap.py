"""What an Envoy is started with."""

from __future__ import annotations

import json
from pathlib import Path

from meshtui.envoy.bootstrap import ProxySockets, bootstrap

SOCKETS = ProxySockets(ads=Path("/run/m/ads-1"), sds=Path("/run/m/sds-1"), admin=Path("/run/m/admin-1"))


def test_everything_comes_from_the_proxys_own_sockets() -> None:
    """Configuration comes and logs go over the ADS socket; the agent's is the cluster that SDS configurations name."""
    built = bootstrap("workload/prod/httpbin", "httpbin.prod", SOCKETS)
    paths = {
        cluster["name"]: cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["pipe"]
        for cluster in built["static_resources"]["clusters"]
    }
    own = {"path": "/run/m/ads-1"}
    assert paths == {"ads": own, "access-logs": own, "sds-grpc": {"path": "/run/m/sds-1"}}
    assert built["node"] == {"id": "workload/prod/httpbin", "cluster": "httpbin.prod"}


def test_admin_is_for_the_owner_alone() -> None:
    """The admin interface is a Unix socket of mode 0600, never a port."""
    assert bootstrap("a", "b", SOCKETS)["admin"]["address"] == {"pipe": {"path": "/run/m/admin-1", "mode": 0o600}}


def test_bootstrap_is_json_without_keys() -> None:
    """A bootstrap can be written as JSON, and names no certificate or key."""
    text = json.dumps(bootstrap("a", "b", SOCKETS))
    assert "private_key" not in text
    assert "certificate" not in text
