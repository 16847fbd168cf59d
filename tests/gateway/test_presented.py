"""Which of two certificates a client gets. That Envoy chooses like this is asked of a real one in tests/xds."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.presented import Clients, presented_to
from meshtui.gateway.references import SecretRef
from tests.identity import forge
from tests.manifest.secrets import INGRESS, secret, tls_secret
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import gateway, https

ROOT = forge.ca("root")
HOST = "a.example.com"


def ecdsa(*hosts: str) -> forge.Pair:
    return forge.server(ROOT, *(hosts or (HOST,)))


def rsa(*hosts: str) -> forge.Pair:
    return forge.server(ROOT, *(hosts or (HOST,)), key=forge.rsa_key())


def who(first: dict[str, Any], second: dict[str, Any] | None, host: str = HOST) -> list[Clients]:
    """Who gets the first and the second of two certificates."""
    names = [each["metadata"]["name"] for each in (first, second) if each is not None]
    server = https(HOST, credentialNames=names)
    del server["tls"]["credentialName"]
    given = [first, second] if second is not None else [first]
    mesh = catalog(ingress(namespace=INGRESS), gateway("edge", server), *given)
    (listener,) = listeners_of(mesh)
    return [presented_to(mesh, listener, SecretRef(INGRESS, name), host) for name in names]


def test_one_alone_is_for_everybody() -> None:
    """Whatever its names are."""
    assert who(tls_secret("one", rsa("other.example.com")), None) == [Clients.ALL]


@pytest.mark.parametrize("host", [HOST, ""])
def test_rsa_is_for_those_that_cannot_check_ecdsa(host: str) -> None:
    """In whichever order they are named."""
    assert who(tls_secret("one", rsa()), tls_secret("two", ecdsa()), host) == [Clients.RSA_ONLY, Clients.ALL]
    assert who(tls_secret("one", ecdsa()), tls_secret("two", rsa()), host) == [Clients.ALL, Clients.RSA_ONLY]


def test_of_one_kind_the_first_is_presented() -> None:
    """The second one is never seen."""
    assert who(tls_secret("one", rsa()), tls_secret("two", rsa())) == [Clients.ALL, Clients.NONE]
    assert who(tls_secret("one", ecdsa()), tls_secret("two", ecdsa())) == [Clients.ALL, Clients.NONE]


def test_the_name_decides_first() -> None:
    """The name itself comes before a wildcard, and a wildcard before another name, whatever the keys and the order."""
    wide = "*.example.com"
    assert who(tls_secret("one", ecdsa("b")), tls_secret("two", rsa(wide))) == [Clients.NONE, Clients.ALL]
    assert who(tls_secret("one", rsa("b")), tls_secret("two", rsa())) == [Clients.NONE, Clients.ALL]
    assert who(tls_secret("one", ecdsa(wide)), tls_secret("two", rsa())) == [Clients.NONE, Clients.ALL]
    assert who(tls_secret("one", rsa(wide)), tls_secret("two", rsa())) == [Clients.NONE, Clients.ALL]
    assert who(tls_secret("one", rsa(wide)), tls_secret("two", ecdsa())) == [Clients.RSA_ONLY, Clients.ALL]


def test_where_none_has_the_name_the_first_is_presented() -> None:
    """Even to those that could check ECDSA."""
    assert who(tls_secret("one", rsa("b")), tls_secret("two", ecdsa("c"))) == [Clients.ALL, Clients.NONE]
    assert who(tls_secret("one", ecdsa("b")), tls_secret("two", rsa("c"))) == [Clients.ALL, Clients.NONE]


@pytest.mark.parametrize("broken", [{"tls.crt": "x", "tls.key": "x"}, {}])
def test_one_that_cannot_be_read_may_still_be_in_service(broken: dict[str, str | bytes]) -> None:
    """Envoy keeps what it had, perhaps ECDSA: the RSA one has to be asked for, and the broken one is not to be seen."""
    assert who(tls_secret("one", rsa()), secret("two", broken)) == [Clients.RSA_ONLY, Clients.NONE]
    assert who(secret("one", broken), tls_secret("two", ecdsa())) == [Clients.NONE, Clients.ALL]
