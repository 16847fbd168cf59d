"""Which Secrets are gateway certificates."""

from __future__ import annotations

from meshtui.gateway.credential import credentials_of
from meshtui.manifest.model import ObjectKey
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import document, gateway, http, https


def test_a_credential_is_looked_up_where_the_gateway_runs() -> None:
    """A server's credentialName names a Secret in the namespace of the gateway's workload, not of the Gateway."""
    mesh = catalog(
        ingress(),
        gateway("one", https("b.example.com", "a.example.com", credential="c"), http("a.example.com")),
        gateway("two", https("c.example.com", credential="c", mode="MUTUAL")),
        document("Secret", "c", "edge", type="kubernetes.io/tls"),
        document("Secret", "c", "prod", type="kubernetes.io/tls"),
        document("Secret", "opaque", "prod"),
    )
    used, unused = credentials_of(mesh)
    assert used.target == "gateway/edge/c"
    assert tuple(f"{key.namespace}/{key.name}" for key in used.gateways) == ("prod/one", "prod/two")
    assert used.hosts == ("a.example.com", "b.example.com", "c.example.com")
    assert (used.tls_mode, used.workloads) == ("SIMPLE", ("workload/edge/ingress",))
    assert used.secret is mesh.get(ObjectKey("Secret", "edge", "c"))
    assert (unused.target, unused.gateways, unused.hosts) == ("gateway/prod/c", (), ())


def test_a_credential_that_does_not_exist_is_there_without_a_secret() -> None:
    """A Gateway that names a missing Secret makes a credential all the same: someone expects it."""
    (missing,) = credentials_of(catalog(ingress(), gateway("one", https("a.example.com", credential="c"))))
    assert (missing.target, missing.secret) == ("gateway/edge/c", None)
