"""How configuration reaches the proxies, in numbers."""

from __future__ import annotations

from meshtui.telemetry.pushes import Convergence, Pushes
from meshtui.wire.discovery import CLUSTER, LISTENER, Accepted, Rejected, Resource, World


def world(**versions: str) -> World:
    return {LISTENER: {name: Resource(version, None) for name, version in versions.items()}}


def test_change_has_converged_when_the_proxy_has_all_of_it() -> None:
    """Counted from the change; what it had before is not waited for, and nothing is counted twice."""
    pushes = Pushes()
    proxy = Convergence(pushes)
    proxy.publish(world(a="1", b="1"), 10.0)
    proxy.hear(Accepted(LISTENER, {"a": "1"}), 11.0)
    assert pushes.converging == 0.0
    proxy.hear(Accepted(LISTENER, {"b": "1"}), 12.0)
    assert pushes.converging == 2.0
    proxy.publish(world(a="1", b="2"), 20.0)
    proxy.hear(Accepted(LISTENER, {"a": "1", "b": "2"}), 20.25)
    proxy.hear(Accepted(LISTENER, {"a": "1", "b": "2"}), 21.0)
    assert (pushes.converging, sum(pushes.convergence)) == (2.25, 2)


def test_refused_change_never_converges() -> None:
    """It is counted as refused, by type."""
    pushes = Pushes()
    proxy = Convergence(pushes)
    proxy.publish(world(a="1"), 10.0)
    proxy.hear(Rejected(LISTENER, {"a": "1"}, "no"), 11.0)
    proxy.hear(Accepted(CLUSTER, {}), 11.0)
    assert sum(pushes.convergence) == 0
    assert pushes.answered == {"lds": 1, "cds": 1}
    assert pushes.rejected["lds"] == 1
    assert pushes.rejected["cds"] == 0
