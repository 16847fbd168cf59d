"""What the next certificate of a gateway is to be: what is asked for, else as it was, else the default."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meshtui.backends.embedded.orders import Order, order_for
from meshtui.errors import RefusedError, UsageError
from meshtui.gateway.credential import Credential
from meshtui.identity.facts import CertificateFacts
from meshtui.manifest.model import Metadata, Secret
from meshtui.mesh.actions import NO_TERMS, Terms
from tests.identity.forge import NOW

HELD = CertificateFacts(
    serial="01",
    subject="",
    sans=("a.example.com", "10.0.0.1"),
    issuer="CN=x",
    not_before=NOW,
    not_after=NOW + timedelta(days=90),
    sha256="00",
    key="RSA 3072",
    public_key_sha256="00",
)


def credential(*hosts: str, **secret: Any) -> Credential:
    found = Secret(metadata=Metadata(name="s", namespace="n"), **secret) if secret else None
    return Credential(namespace="n", name="s", secret=found, hosts=hosts)


def test_a_first_one_is_for_the_hosts_of_its_gateways() -> None:
    """By a root for the domain of the first; `*` is no name that a certificate could have."""
    order = order_for(credential("*", "*.shop.example.com", "b.example.org"), None, NO_TERMS)
    assert order == Order("example.com", ("*.shop.example.com", "b.example.org"), "EC P-256", None)


def test_a_rotation_is_like_the_one_before_it() -> None:
    """Its names, not those that Gateways have by now, and its kind of key, unless the Secret names another."""
    kept = order_for(credential("new.example.com", issuer="root.example"), HELD, NO_TERMS)
    assert kept == Order("root.example", ("a.example.com", "10.0.0.1"), "RSA 3072", None)
    said = order_for(credential(issuer="x.example", key_kind="EC P-384", lifetime=timedelta(days=1)), HELD, NO_TERMS)
    assert (said.key_kind, said.lifetime) == ("EC P-384", timedelta(days=1))


def test_what_is_asked_for_wins() -> None:
    """Each term for itself; a host that is named twice is one."""
    terms = Terms(hosts=("b.example", "b.example"), issuer="mesh/ca", key_kind="RSA 2048", lifetime=timedelta(hours=1))
    order = order_for(credential("a.example", issuer="x.example", key_kind="EC P-384"), HELD, terms)
    assert order == Order("mesh/ca", ("b.example",), "RSA 2048", timedelta(hours=1))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (NO_TERMS, "not known for which hosts"),
        (Terms(hosts=("Shop.example.com",)), "'Shop.example.com' is neither a DNS name in lower case nor an IP"),
        (Terms(hosts=("bücher.example",)), "xn--"),
        (Terms(hosts=("10.0.0.1", "::1")), "No root can be called by addresses alone"),
        (Terms(hosts=("a.example",), key_kind="RSA 1024"), "'RSA 1024' is not a kind of key"),
        (Terms(hosts=("a.example",), lifetime=timedelta(days=398)), "cannot live 398d. Use 10s to 397d"),
        (Terms(hosts=("a.example",), lifetime=timedelta(seconds=1)), "cannot live 1s"),
    ],
)
def test_what_cannot_be_had_is_said_while_it_is_a_plan(terms: Terms, words: str) -> None:
    """With what to do instead."""
    with pytest.raises(UsageError) as caught:
        order_for(credential("*"), None, terms)
    assert words in str(caught.value)


def test_the_meshs_ca_is_not_asked_for_names_of_its_own() -> None:
    """It would refuse them."""
    with pytest.raises(RefusedError, match="inside the mesh"):
        order_for(credential(), None, Terms(hosts=("istiod.istio-system.svc",), issuer="mesh/ca"))
