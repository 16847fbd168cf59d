"""Keys are made, written, read and described."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from meshtui.errors import IdentityError
from meshtui.identity.keys import describe_key, key_pem, load_key, new_key, public_key_sha256


@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384", "RSA 2048"])
def test_a_key_survives_its_file(kind: str) -> None:
    """What is written as PEM reads back as the same key, of the kind that was asked for."""
    key = new_key(kind)
    read = load_key(key_pem(key))
    assert describe_key(read.public_key()) == kind
    assert public_key_sha256(read.public_key()) == public_key_sha256(key.public_key())


def test_older_formats_are_read() -> None:
    """A SEC1 key, as `openssl ecparam -genkey` writes it, is accepted."""
    key = new_key()
    sec1 = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert public_key_sha256(load_key(sec1).public_key()) == public_key_sha256(key.public_key())


def test_unknown_kinds_are_named() -> None:
    """Asking for a kind that is not made says which ones are."""
    with pytest.raises(IdentityError, match="EC P-256"):
        new_key("DSA 1024")


def test_a_damaged_key_is_not_quoted() -> None:
    """The error about an unreadable key contains nothing of it, not even through its cause."""
    pem = key_pem(new_key())
    secret = pem.splitlines()[1][:20].decode()
    for broken in (b"", pem[:80], pem.replace(b"PRIVATE", b"PUBLIC"), b"\x00" * 50, pem * 1000):
        with pytest.raises(IdentityError) as caught:
            load_key(broken)
        assert secret not in f"{caught.value}{caught.value.__cause__}"


def test_keys_that_cannot_be_used_are_refused() -> None:
    """An encrypted key and one of another kind each say what is wrong."""
    locked = new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(IdentityError, match="encrypted"):
        load_key(locked)
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(IdentityError, match="Ed25519"):
        load_key(other)
