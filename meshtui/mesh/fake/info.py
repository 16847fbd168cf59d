"""What the fake mesh says of itself."""

from __future__ import annotations

from meshtui import __version__
from meshtui.mesh.fake.certificates import TRUST_DOMAIN
from meshtui.mesh.snapshot import Capability, Endpoints, MeshInfo

_MUTATIONS = ("issue", "rotate", "undo", "apply", "delete")
_LOOKS = ("verify", "token", "policies", "traffic", "audit", "explain", "matrix")


def info_of(read_only: bool) -> MeshInfo:
    """All of it; one that is read-only says so of every verb that changes something."""
    reason = "read-only" if read_only else ""
    return MeshInfo(
        name="demo",
        trust_domain=TRUST_DOMAIN,
        backend="fake",
        version=__version__,
        envoy="1.40.0",
        proxies_running=3,
        proxies_wanted=3,
        ca_answers=True,
        read_only=read_only,
        endpoints=Endpoints(ca="127.0.0.1:15012", gateway_https="127.0.0.1:8443", gateway_http="127.0.0.1:8080"),
        capabilities=(
            *(Capability(verb=verb, available=not read_only, reason=reason) for verb in _MUTATIONS),
            *(Capability(verb=verb, available=True) for verb in _LOOKS),
        ),
    )
