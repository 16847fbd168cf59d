"""A Gateway of the Gateway API in the embedded mesh: its certificate is issued, served, checked and planned for."""

from __future__ import annotations

import pytest

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.manifest.dangling import dangling
from meshtui.manifest.documents import parse
from meshtui.mesh.actions import Rotate

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGET = "gateway/istio-system/web-credential"
MANIFESTS = """
apiVersion: v1
kind: Secret
metadata:
  name: web-credential
  namespace: istio-system
  annotations: {meshtui.io/issuer: example.com}
type: kubernetes.io/tls
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners:
    - name: https
      hostname: web.example.com
      port: 443
      protocol: HTTPS
      tls: {certificateRefs: [{name: web-credential}]}
      allowedRoutes: {namespaces: {from: All}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: prod}
spec:
  parentRefs: [{name: web, namespace: istio-system}]
  rules: [{backendRefs: [{name: httpbin, port: 8000}]}]
"""


async def test_a_listener_is_a_gateway_certificate_like_any_other(core: MeshCore, opened: EmbeddedMesh) -> None:
    """It is issued for the listener's host, served by the gateway's Envoy, and answers through the HTTPRoute."""
    await core.apply(parse(MANIFESTS, "test"))
    assert not [each for each in dangling(core.catalog) if "web" in each.text]
    credential = core.credentials[TARGET]

    def served() -> bool:
        truth = credential.served
        return truth is not None and truth.certificate is not None and truth.certificate == credential.facts

    assert await core._pulse.until(served, 20)
    checks = (await opened.verify(TARGET)).checks
    assert [(check.name, check.fix) for check in checks if not check.passed] == []
    (gateway,) = (each for each in (await opened.snapshot()).gateways if each.target == TARGET)
    assert (gateway.gateway, gateway.hosts, gateway.tls_mode) == ("istio-system/web", ("web.example.com",), "SIMPLE")


async def test_what_stands_behind_it_is_told(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Hosts, the Gateway of the Gateway API and its HTTPRoutes, in the detail and in the plan of a rotation."""
    await core.apply(parse(MANIFESTS, "test"))
    assert (await opened.detail(TARGET)).depends[2:] == (
        "host web.example.com",
        "Gateway.gateway.networking.k8s.io istio-system/web",
        "HTTPRoute prod/web (1 route)",
    )
    plan = await opened.plan(Rotate(targets=(TARGET,)))
    assert plan.effects[0] == "Serves 1 host and 1 HTTPRoute."
