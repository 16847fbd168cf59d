"""Roots are made once. Whatever is wrong with their files afterwards, no new CA takes their place."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.ca import keystore
from meshtui.ca.keystore import GatewayRoots, lock_directory, open_mesh_root
from meshtui.ca.refusal import RefusalError
from meshtui.ca.signer import Signer
from meshtui.errors import StateError
from meshtui.identity.keys import key_pem, new_key
from tests.identity.forge import NOW, ca, svid


def _open(directory: Path, *, first_start: bool = False, days: int = 0, trust_domain: str = "cluster.local") -> Signer:
    return open_mesh_root(directory, trust_domain, NOW + timedelta(days=days), first_start=first_start)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where a CA has been made."""
    _open(tmp_path, first_start=True)
    return tmp_path


def test_the_first_start_makes_a_root(directory: Path) -> None:
    """The root is there, its key for us alone, and the next start has the same one."""
    assert stat.S_IMODE((directory / "root-key.pem").stat().st_mode) == 0o600
    assert _open(directory).pem == (directory / "root-cert.pem").read_text()
    assert _open(directory, first_start=True).certificate == _open(directory).certificate
    assert "PRIVATE" not in repr(_open(directory))


def test_a_crash_between_key_and_certificate_is_mended(directory: Path) -> None:
    """With the key written and nothing signed yet, the next start makes the certificate from it."""
    key = (directory / "root-key.pem").read_bytes()
    (directory / "root-cert.pem").unlink()
    assert key_pem(_open(directory, first_start=True).key) == key


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda directory: _set((directory / name), content)


def _set(path: Path, content: bytes) -> None:
    path.write_bytes(content)


ROOT = ca("root")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda d: (d / "root-key.pem").unlink(), "root-key.pem is gone"),
        (lambda d: (d / "root-cert.pem").unlink(), "root-cert.pem is gone"),
        (lambda d: [path.unlink() for path in d.glob("root-*")], "root-key.pem is gone"),
        (_write("root-key.pem", b""), "root-key.pem is empty"),
        (_write("root-key.pem", key_pem(new_key())[:80]), "root-key.pem is damaged"),
        (_write("root-key.pem", key_pem(new_key())), "is not the key of"),
        (_write("root-cert.pem", b""), "root-cert.pem is damaged"),
        (_write("root-cert.pem", ROOT.pem.encode()[:100]), "root-cert.pem is damaged"),
        (_write("root-cert.pem", ROOT.pem.encode() * 2), "2 certificates"),
        (_write("root-cert.pem", svid(ROOT).pem.encode()), "not a CA certificate"),
        (_write("root-cert.pem", ROOT.pem.encode()), "not a CA certificate"),  # no key identifier for its leaves
        (lambda d: (d / "root-key.pem").chmod(0o640), "open to others"),
    ],
)
def test_damage_stops_the_start(directory: Path, damage: Callable[[Path], object], says: str) -> None:
    """Every kind of damage is an error that names the file and what to do, and nothing is made anew."""
    damage(directory)
    before = {path: path.read_bytes() for path in directory.iterdir()}
    with pytest.raises(StateError, match=says) as caught:
        _open(directory)
    assert caught.value.fix
    assert {path: path.read_bytes() for path in directory.iterdir()} == before


def test_a_certificate_without_its_key_is_not_replaced_even_at_first(directory: Path) -> None:
    """Somebody trusts that certificate, whether or not it has signed."""
    (directory / "root-key.pem").unlink()
    with pytest.raises(StateError):
        _open(directory, first_start=True)


@pytest.mark.parametrize(("days", "says"), [(3650, "expired"), (-1, "not valid before")])
def test_a_root_out_of_its_time_does_not_start(directory: Path, days: int, says: str) -> None:
    """An expired root, and a clock from before it was made, stop the start."""
    with pytest.raises(StateError, match=says):
        _open(directory, days=days)


def test_another_trust_domain_needs_another_directory(directory: Path) -> None:
    """The root of one trust domain never signs for another."""
    with pytest.raises(StateError, match=r"O=cluster\.local"):
        _open(directory, trust_domain="example.org")


def test_only_one_ca_works_in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second CA on the same directory is refused."""
    monkeypatch.setattr(keystore, "LOCK_WAIT", 0.0)
    directory = tmp_path / "ca"
    lock_directory(directory)
    with pytest.raises(StateError, match="Another CA"):
        lock_directory(directory)


def test_gateway_roots_are_made_when_asked_for(tmp_path: Path) -> None:
    """A gateway root is its own CA with a file of its own, the same one every time."""
    roots = GatewayRoots(tmp_path, lambda _: False)
    first = roots.signer("example.com", NOW)
    assert first.name == "gateways/example.com"
    assert roots.signer("example.com", NOW) is first
    assert roots.signer("example.org", NOW).certificate != first.certificate
    assert GatewayRoots(tmp_path, lambda _: True).signer("example.com", NOW).certificate == first.certificate
    assert (tmp_path / "gateways" / "example.com.pem").read_text() == first.pem


@pytest.mark.parametrize("name", ["", "..", "../root", "a/b", "Example.com", "a" * 63 + ".b" * 80, "*.example.com"])
def test_only_dns_names_become_files(tmp_path: Path, name: str) -> None:
    """A name that could lead elsewhere is refused before it touches the disk."""
    with pytest.raises(RefusalError):
        GatewayRoots(tmp_path, lambda _: False).signer(name, NOW)
    assert not list(tmp_path.iterdir())


def test_a_lost_gateway_root_is_not_made_anew(tmp_path: Path) -> None:
    """Once the ledger knows certificates of a root, its loss is an error."""
    with pytest.raises(StateError, match="is gone"):
        GatewayRoots(tmp_path, lambda _: True).signer("example.com", NOW)
