"""The built-in demo mesh."""

from __future__ import annotations

from datetime import timedelta

from meshtui.gateway.credential import credentials_of
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import demo_documents, load_demo
from meshtui.manifest.secret_data import key_pair
from meshtui.manifest.workload import Proxy
from tests.manifest.writing import warnings

DEMO = Catalog.of(load_demo())


def test_it_is_a_whole_mesh() -> None:
    """Everything in it refers to something that is there too, except for the certificate that is issued at start."""
    assert (DEMO.problems(), warnings(DEMO)) == ((), ())


def test_who_is_in_it() -> None:
    """Bookinfo with agents alone, httpbin and sleep with sidecars, one gateway; the three reviews share an identity."""
    assert {
        "istio-ingressgateway": ("istio-ingressgateway", Proxy.GATEWAY),
        "productpage-v1": ("bookinfo-productpage", Proxy.AGENT),
        "details-v1": ("bookinfo-details", Proxy.AGENT),
        "ratings-v1": ("bookinfo-ratings", Proxy.AGENT),
        **{f"reviews-v{version}": ("bookinfo-reviews", Proxy.AGENT) for version in (1, 2, 3)},
        "httpbin": ("httpbin", Proxy.SIDECAR),
        "sleep": ("sleep", Proxy.SIDECAR),
    } == {workload.name: (workload.service_account, workload.proxy) for workload in DEMO.workloads()}


def test_a_rotation_can_be_watched() -> None:
    """With rotation at half of the lifetime, one happens within a minute of opening it, and the rest spread out."""
    lifetimes = {workload.secret_ttl or timedelta(hours=24) for workload in DEMO.workloads()}
    assert min(lifetimes) / 2 < timedelta(minutes=1)
    assert len(lifetimes) >= 6


def test_its_certificate_is_not_in_it() -> None:
    """No key is in the package: the gateway's Secret is empty and says who issues it."""
    assert "PRIVATE KEY" not in demo_documents()
    (credential,) = credentials_of(DEMO)
    assert credential.secret is not None
    assert key_pair(credential.secret) is None
    assert ("example.com", timedelta(days=90)) == (credential.secret.issuer, credential.secret.lifetime)
    assert (
        credential.target,
        credential.hosts,
    ) == ("gateway/istio-system/httpbin-credential", ("httpbin.example.com",))
