"""What proxies of the embedded mesh are told."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.backends.embedded.worlds import takes_mtls, uses_identity, world_of
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import MtlsMode
from meshtui.wire.discovery import LISTENER
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import gateway, http, https
from tests.policy.writing import DISABLE, PERMISSIVE, STRICT, UNSET, peer
from tests.xds.reading import SLEEP, context, key_pair
from tests.xds.reading import mesh as demo

INGRESS = "workload/istio-system/ingress"


def mesh(*documents: dict[str, Any]) -> Catalog:
    """A gateway that has no route to anything, so that it calls nobody."""
    return catalog(ingress(namespace="istio-system"), *documents)


@pytest.mark.parametrize(("mode", "uses"), [("SIMPLE", False), ("ISTIO_MUTUAL", True)])
def test_a_gateway_uses_its_identity_where_it_presents_it(mode: str, uses: bool) -> None:
    """As a server it does so in ISTIO_MUTUAL alone; what it does as a client is another matter."""
    server = https("a.example.com", credential="c", number=8443, mode=mode)
    if mode == "ISTIO_MUTUAL":
        del server["tls"]["credentialName"]
    plain = http("a.example.com", number=8080)
    world = world_of(mesh(key_pair("c"), gateway("edge", server, plain)), context(INGRESS))
    assert set(world[LISTENER]) == {"gateway_8080", "gateway_8443"}
    assert uses_identity(world) is uses


@pytest.mark.parametrize(
    ("mesh_mode", "own_mode", "uses", "takes"),
    [
        (STRICT, UNSET, True, True),
        (PERMISSIVE, UNSET, True, True),
        (DISABLE, UNSET, False, False),
        (DISABLE, STRICT, True, True),
        (STRICT, DISABLE, True, False),
    ],
)
def test_a_sidecar_uses_its_identity_as_server_or_client(
    mesh_mode: MtlsMode, own_mode: MtlsMode, uses: bool, takes: bool
) -> None:
    """A workload with DISABLE may still call others by mTLS; only DISABLE throughout needs no certificate."""
    policies = (peer("default", mesh_mode, "istio-system"), peer("own", own_mode, selector={"app": "sleep"}))
    world = world_of(demo().apply(policies), context(SLEEP))
    assert (uses_identity(world), takes_mtls(world)) == (uses, takes)
