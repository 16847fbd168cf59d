"""Who is where, as far as one name stands for one workload."""

from __future__ import annotations

from pathlib import Path

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import load_demo
from meshtui.telemetry.directory import Directory
from tests.manifest.writing import document, read
from tests.policy.tokens import Issuer
from tests.telemetry.calling import HTTPBIN, HTTPBIN_ID, SLEEP, SLEEP_ID

REVIEWS = "spiffe://cluster.local/ns/prod/sa/bookinfo-reviews"


def _of(catalog: Catalog) -> Directory:
    return Directory.of(catalog, "cluster.local", {HTTPBIN: Path("/s/in-httpbin"), SLEEP: Path("/s/in-sleep")})


def test_names_lead_to_the_only_workload_that_has_them() -> None:
    """An account or a service of several workloads leads to none of them."""
    found = _of(Catalog.of(load_demo()))
    assert (found.identities[HTTPBIN], found.identities[SLEEP]) == (HTTPBIN_ID, SLEEP_ID)
    assert found.holders[SLEEP_ID] == SLEEP
    assert found.services["httpbin.prod.svc.cluster.local"] == HTTPBIN
    assert found.own_service[HTTPBIN] == "httpbin.prod.svc.cluster.local"
    assert found.sockets["/s/in-httpbin"] == HTTPBIN
    assert REVIEWS in found.identities.values()
    assert REVIEWS not in found.holders
    assert "reviews.prod.svc.cluster.local" not in found.services


def test_policies_that_logs_do_not_name_are_known() -> None:
    """The PeerAuthentication in force, and the RequestAuthentication where there is one alone."""
    demo = Catalog.of(load_demo())
    assert _of(demo).peer_authentication[HTTPBIN] == "PeerAuthentication istio-system/default"
    api = "security.istio.io/v1"
    own = document("PeerAuthentication", "own", api=api, spec={"mtls": {"mode": "STRICT"}})
    rules = {"jwtRules": [{"issuer": "https://issuer.example.com", "jwks": Issuer().jwks()}]}
    tokens = [document("RequestAuthentication", name, api=api, spec=rules) for name in ("one", "two")]
    with_own = demo.apply(read(own, tokens[0]))
    assert _of(with_own).peer_authentication[HTTPBIN] == "PeerAuthentication prod/own"
    assert _of(with_own).request_authentication[HTTPBIN] == "RequestAuthentication prod/one"
    assert HTTPBIN not in _of(with_own.apply(read(tokens[1]))).request_authentication


def test_denied_by_allow_policies_is_denied_by_all_of_them() -> None:
    """What Envoy calls `none` are the ALLOW policies in force, as many as a row can name."""

    def of(*policies: tuple[str, str, bool]) -> Directory:
        written = []
        for name, action, dry_run in policies:
            spec = {"action": action, "rules": [{}]}
            written.append(document("AuthorizationPolicy", name, api="security.istio.io/v1", spec=spec))
            written[-1]["metadata"]["annotations"] = {"istio.io/dry-run": "true"} if dry_run else {}
        return _of(Catalog.of(load_demo()).apply(read(*written)))

    only = of(("a", "ALLOW", False), ("b", "DENY", False), ("c", "ALLOW", True))
    assert only.allowing[HTTPBIN] == "AuthorizationPolicy prod/a"
    many = of(*((name, "ALLOW", False) for name in "abcde")).allowing[HTTPBIN]
    assert many == "AuthorizationPolicy prod/a, AuthorizationPolicy prod/b, AuthorizationPolicy prod/c and 2 more"
