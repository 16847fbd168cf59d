"""A Secret is changed in its pair and in what belongs to the pair; everything else of it stays."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta

import pytest

from meshtui.agent.gateway_client import KeyPair
from meshtui.backends.embedded.orders import Order
from meshtui.backends.embedded.secret_documents import undone, with_brought, with_pair
from meshtui.gateway.credential import Credential
from meshtui.manifest.documents import parse_document
from meshtui.manifest.model import Secret
from meshtui.mesh.actions import NO_TERMS, Brought, Terms
from tests.identity.forge import ca

NONE: Mapping[str, str] = {}
PAIR = KeyPair((ca("leaf").certificate,), b"the key")
ORDER = Order("example.com", ("a.example.com",), "EC P-384", timedelta(hours=36))


def secret(data: Mapping[str, str] = NONE, **annotations: str) -> Secret:
    named = {f"meshtui.io/{name}": value for name, value in annotations.items()}
    found = parse_document(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": "s", "namespace": "n", "labels": {"team": "shop"}, "annotations": named},
            "data": {name: base64.b64encode(value.encode()).decode() for name, value in data.items()},
        }
    )
    assert isinstance(found, Secret)
    return found


def credential(found: Secret | None) -> Credential:
    return Credential(namespace="n", name="s", secret=found)


def test_a_new_secret_says_all_that_makes_the_next_one_like_it() -> None:
    """Issuer, kind of key and, if one was asked for, lifetime."""
    made = with_pair(credential(None), PAIR, ORDER, Terms(lifetime=timedelta(hours=36)))
    assert (made.type, made.issuer, made.key_kind, made.lifetime) == (
        "kubernetes.io/tls",
        "example.com",
        "EC P-384",
        timedelta(hours=36),
    )
    assert made.metadata.annotations["meshtui.io/lifetime"] == "36h"
    assert made.data == {"tls.crt": PAIR.chain_pem, "tls.key": b"the key"}


def test_a_rotation_changes_the_pair_alone() -> None:
    """Under the names that it is read by; labels, other data and annotations stay, a staple of the old one does not."""
    data = {"cert": "old", "key": "old", "cacert": "clients", "tls.crt": "x", "tls.key": "y", "tls.ocsp-staple": "z"}
    before = secret(data, issuer="example.com", rotation="manual", lifetime="90d")
    made = with_pair(credential(before), PAIR, ORDER, NO_TERMS)
    assert made.data == {
        "cert": PAIR.chain_pem,
        "key": b"the key",
        "cacert": b"clients",
        "tls.crt": b"x",
        "tls.key": b"y",
    }
    assert made.metadata == before.metadata


def test_a_pair_from_elsewhere_has_no_issuer_here() -> None:
    """Or it would be replaced by one of that when it is due."""
    before = secret({"tls.crt": "a", "tls.key": "b"}, issuer="example.com", key="RSA 2048", lifetime="1d", team="x")
    made = with_brought(credential(before), Brought(certificate="c", private_key="k"))
    assert made.data == {"tls.crt": b"c", "tls.key": b"k"}
    assert made.metadata.annotations == {"meshtui.io/team": "x"}
    assert made.metadata.labels == {"team": "shop"}


def test_the_roots_of_a_pair_from_elsewhere_stay_with_it() -> None:
    """Without what stood around them in the file, and not in the data; the next pair has its own, or none."""
    root = ca("elsewhere").pem
    made = with_brought(credential(None), Brought(certificate="c", private_key="k", ca=f"subject=x\n{root}"))
    assert (made.roots, sorted(made.data)) == (root, ["tls.crt", "tls.key"])
    assert with_brought(credential(made), Brought(certificate="c", private_key="k")).roots == ""
    assert with_pair(credential(made), PAIR, ORDER, NO_TERMS).roots == ""


@pytest.mark.parametrize(
    ("current", "previous", "rotation"),
    [
        ({"issuer": "a.example"}, {"issuer": "a.example"}, "undone"),
        ({"issuer": "a.example", "rotation": "undone"}, {"issuer": "a.example"}, ""),
        ({"issuer": "a.example"}, {"issuer": "a.example", "rotation": "manual"}, "manual"),
        ({"issuer": "a.example"}, {}, ""),
        ({}, {"issuer": "a.example"}, "undone"),
    ],
    ids=["older", "back again", "manual", "brought", "from files"],
)
def test_what_is_brought_back_stays(current: dict[str, str], previous: dict[str, str], rotation: str) -> None:
    """What would be renewed at once is marked; what comes back for the second time, or is nobody's here, is not."""
    assert undone(secret(NONE, **current), secret(NONE, **previous)).rotation == rotation


def test_the_mark_goes_with_the_next_pair() -> None:
    """From then on it is rotated by itself again."""
    assert with_pair(credential(secret(issuer="a.example", rotation="undone")), PAIR, ORDER, NO_TERMS).rotation == ""
