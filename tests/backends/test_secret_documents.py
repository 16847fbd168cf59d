"""Secrets as documents."""

from __future__ import annotations

from meshtui.agent.gateway_client import KeyPair
from meshtui.backends.embedded.orders import Order
from meshtui.backends.embedded.secret_documents import with_pair
from meshtui.gateway.credential import credentials_of
from meshtui.identity.keys import key_pem
from meshtui.manifest.pairs import pair_problem
from meshtui.manifest.secret_data import key_pair
from meshtui.mesh.actions import NO_TERMS
from tests.identity import forge
from tests.manifest.secrets import tls_secret
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import gateway, https

ROOT = forge.ca("root")


def test_a_new_pair_leaves_the_old_ones_staple_behind() -> None:
    """Envoy would refuse the new certificate for it; what else is in the Secret stays."""
    old, new = forge.server(ROOT, "a.example.com"), forge.server(ROOT, "a.example.com")
    more: dict[str, str | bytes] = {"tls.ocsp-staple": forge.ocsp_response(ROOT, old), "ca.crt": ROOT.pem}
    served = gateway("edge", https("a.example.com", credential="c"))
    mesh = catalog(ingress(namespace="istio-system"), tls_secret("c", old, more), served)
    (credential,) = credentials_of(mesh)
    assert credential.secret is not None
    assert pair_problem(credential.secret) == ""
    order = Order(authority="example.com", hosts=("a.example.com",), key_kind="EC P-256", lifetime=None)
    after = with_pair(credential, KeyPair((new.certificate,), key_pem(new.key)), order, NO_TERMS)
    assert set(after.data) == {"tls.crt", "tls.key", "ca.crt"}
    assert key_pair(after) == (new.pem.encode(), key_pem(new.key))
    assert pair_problem(after) == ""
    assert after.issuer == "example.com"
