"""What was made elsewhere is looked at in full before it replaces anything, and each fault is its own sentence."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.errors import IdentityError
from meshtui.identity.keys import PrivateKey, key_pem, new_key
from meshtui.identity.server_pair import check_server_pair, uncovered
from tests.identity import forge
from tests.identity.forge import NOW, Pair

HOST = "shop.example.com"
ROOT = forge.ca("root")
BETWEEN = forge.ca("between", ROOT)


def server(
    *names: str,
    key: PrivateKey | None = None,
    issuer: Pair = BETWEEN,
    start: timedelta = timedelta(hours=-1),
    end: timedelta = timedelta(hours=1),
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Pair:
    san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names or (HOST,)])
    return forge.make([(san, False), *more], issuer=issuer, key=key, start=NOW + start, end=NOW + end)


def checked(pair: Pair, *behind: Pair, key: bytes = b"", roots: bytes = b"", hosts: tuple[str, ...] = (HOST,)) -> int:
    pem = "".join(each.pem for each in (pair, *behind)).encode()
    return len(check_server_pair(pem, key or key_pem(pair.key), hosts, NOW, roots=roots))


@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384", "RSA 2048"])
def test_a_good_pair_is_taken(kind: str) -> None:
    """Leaf first, with the CA between it and the root that is named."""
    assert checked(server(key=new_key(kind)), BETWEEN, roots=ROOT.pem.encode()) == 2


def test_without_a_ca_nobody_asks_where_it_leads() -> None:
    """It may come from one that is not at hand."""
    assert checked(server()) == 1


def test_p_521_is_served_though_it_is_not_made_here() -> None:
    """Envoy takes it."""
    assert checked(server(key=ec.generate_private_key(ec.SECP521R1()))) == 1


def encrypted(pair: Pair) -> bytes:
    return pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


def plain(key: ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


EXPIRED = forge.ca("old", ROOT, end=NOW - timedelta(hours=1))
NO_SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: checked(server(), key=encrypted(server())), "The private key is encrypted."),
        (lambda: checked(server(), key=b"nonsense"), "The private key cannot be read."),
        (lambda: checked(server(), key=plain(ed25519.Ed25519PrivateKey.generate())), "A key of kind Ed25519 cannot"),
        (lambda: checked(server(key=rsa.generate_private_key(65537, 1024))), "Envoy does not take a key of kind RSA"),
        (lambda: checked(server(key=ec.generate_private_key(ec.SECP256K1()))), "a key of kind EC secp256k1"),
        (lambda: check_server_pair(b"", key_pem(new_key()), (), NOW), "The certificate cannot be read: There is no"),
        (
            lambda: check_server_pair(key_pem(server().key), key_pem(new_key()), (), NOW),
            "PEM block 1 is a PRIVATE KEY, not a certificate",
        ),
        (lambda: checked(server(), key=key_pem(new_key())), "The private key does not match the certificate"),
        (
            lambda: checked(BETWEEN, leaf := server(), key=key_pem(leaf.key)),
            "The certificate of the key is number 2 of 2, not the first.",
        ),
        (lambda: checked(server(), *[ROOT] * 10), "A chain of 11 certificates is more than clients take (10)."),
        (lambda: checked(BETWEEN), "The certificate is a CA's, not a server's."),
        (lambda: checked(server(more=(NO_SERVER,))), "The certificate is not for servers"),
        (lambda: checked(server(end=timedelta(minutes=-1))), "The certificate expired at 2026-11-23T11:59:00"),
        (lambda: checked(server(start=timedelta(minutes=1))), "The certificate is not valid before"),
        (
            lambda: checked(server("a.example.com"), hosts=("a.example.com", "b.example.com", "*.example.com")),
            "The certificate is for a.example.com, not for b.example.com, *.example.com.",
        ),
        (lambda: checked(server(), roots=ROOT.pem.encode()), "does not lead to a trusted root"),
        (lambda: checked(server(), BETWEEN, roots=forge.ca("x").pem.encode()), "does not lead to a trusted root"),
        (lambda: checked(server(issuer=EXPIRED), EXPIRED, roots=ROOT.pem.encode()), "CN=old expired at"),
        (lambda: checked(server(), BETWEEN, roots=b"nothing"), "The CA cannot be read: There is no PEM certificate."),
        (lambda: checked(server(), BETWEEN, roots=server().pem.encode()), "The CA cannot be read: The certificate"),
    ],
)
def test_each_fault_is_its_own_sentence(attempt: Callable[[], int], words: str) -> None:
    """In the order in which a person would look; none quotes the key."""
    with pytest.raises(IdentityError) as caught:
        attempt()
    assert words in str(caught.value)
    assert "BEGIN" not in str(caught.value).replace("BEGIN CERTIFICATE", "")


def test_a_signature_that_clients_refuse_is_refused(tmp_path: Path) -> None:
    """SHA-1, which Envoy would serve without a word."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -sha1 -nodes -days 1 -subj /CN=a -addext basicConstraints=CA:FALSE"
    files = ["-keyout", str(key), "-out", str(certificate), "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    with pytest.raises(IdentityError, match="signed over sha1"):
        check_server_pair(certificate.read_bytes(), key.read_bytes(), (HOST,), NOW)


def test_what_a_certificate_does_not_cover() -> None:
    """A wildcard is one label deep; a Gateway's `*` is no host that could be covered."""
    leaf = server("*.example.com").certificate
    hosts = ("*", "a.example.com", "*.example.com", "a.b.example.com", "example.com")
    assert uncovered(leaf, hosts) == ("a.b.example.com", "example.com")
