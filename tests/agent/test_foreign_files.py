"""Tokens, roots and provisioned pairs: read as they are now, and never quoted in what is said of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.agent.client_pair import ClientPair, read_pair
from meshtui.agent.roots import read_roots
from meshtui.agent.token_file import read_token
from meshtui.errors import StateError
from meshtui.identity.keys import key_pem, new_key
from tests.identity import forge


def test_a_token_is_read_anew_and_trimmed(tmp_path: Path) -> None:
    """Through the symbolic links of a Kubernetes volume too."""
    (tmp_path / "data").write_text("  first\n")
    path = tmp_path / "token"
    path.symlink_to(tmp_path / "data")
    assert read_token(path) == "first"
    (tmp_path / "data").write_text("second\r\n\n")
    assert read_token(path) == "second"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\t "), "is empty"),
        (lambda path: path.write_bytes(b"x" * 16385), "is too large"),
        (lambda path: path.write_bytes(b"hidden\nx-other: header"), "is not one token"),
        (lambda path: path.write_bytes(b"hidden\x00"), "is not one token"),
        (lambda path: path.write_bytes("hiddén".encode()), "is not one token"),
    ],
)
def test_no_token_is_an_error_that_quotes_nothing(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    """The file is named, its content is not, and nothing waits for a pipe."""
    path = tmp_path / "token"
    make(path)
    with pytest.raises(StateError) as caught:
        read_token(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "hidd" not in str(caught.value)


def test_roots_are_a_file_or_the_systems(tmp_path: Path) -> None:
    """What is in the file counts, comments and all."""
    path = tmp_path / "root.pem"
    pem = forge.ca("root").pem.encode()
    path.write_bytes(b"# ours\n" + pem)
    assert read_roots(path) == b"# ours\n" + pem
    assert read_roots(None).startswith(b"-----BEGIN CERTIFICATE")


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_roots_that_trust_nothing_are_refused(tmp_path: Path, content: bytes) -> None:
    """Before a connection is tried with them."""
    path = tmp_path / "root.pem"
    path.write_bytes(content)
    with pytest.raises(StateError, match=r"The CA root .*root\.pem"):
        read_roots(path)


def provision(directory: Path) -> forge.Pair:
    pair = forge.svid(forge.ca("root"))
    (directory / "key.pem").write_bytes(key_pem(pair.key))
    (directory / "cert-chain.pem").write_text(pair.pem)
    return pair


def test_a_provisioned_pair_is_read_as_it_is(tmp_path: Path) -> None:
    """And its key shows in no text about it."""
    pair = provision(tmp_path)
    read = read_pair(tmp_path, forge.NOW)
    assert read == ClientPair(pair.pem.encode(), key_pem(pair.key))
    assert "PRIVATE" not in repr(read)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda directory: (directory / "key.pem").unlink(), "No such file"),
        (lambda directory: (directory / "cert-chain.pem").write_bytes(b"x"), "no PEM certificate"),
        (lambda directory: (directory / "key.pem").write_bytes(b"x"), "cannot be read"),
        (lambda directory: (directory / "key.pem").write_bytes(key_pem(new_key())), "is for the key"),
    ],
)
def test_a_pair_that_is_none_is_refused(tmp_path: Path, damage: Callable[[Path], object], says: str) -> None:
    """Missing, damaged, or just being replaced."""
    provision(tmp_path)
    damage(tmp_path)
    with pytest.raises(StateError, match=says):
        read_pair(tmp_path, forge.NOW)


def test_an_expired_pair_is_refused(tmp_path: Path) -> None:
    """The CA is not asked with it."""
    pair = provision(tmp_path)
    with pytest.raises(StateError, match="expired"):
        read_pair(tmp_path, pair.certificate.not_valid_after_utc + timedelta(seconds=1))
