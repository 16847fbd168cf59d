"""What signs in the mesh is read from what the CA publishes, each certificate in its role."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.backends.embedded.authorities import chain_of, read_authorities, trust_of
from meshtui.ca.keystore import GatewayRoots, open_mesh_root
from meshtui.ca.published import publish
from meshtui.ca.signing_files import open_signing_directory
from meshtui.errors import StateError
from tests.ca.hierarchy import Hierarchy, authority
from tests.identity.forge import NOW


def _roles(directory: Path, roots: Path) -> list[tuple[str, str, bool, bool, str]]:
    return [
        (each.target, each.role, each.signing, each.trusted, each.certificate.subject)
        for each in read_authorities(directory, roots)
    ]


def test_the_mesh_has_made_its_own(tmp_path: Path) -> None:
    """One root that signs, and one for each gateway authority, which no workload trusts."""
    tmp_path.chmod(0o700)
    open_mesh_root(tmp_path, "cluster.local", NOW, first_start=True)
    GatewayRoots(tmp_path, lambda _: False).signer("example.com", NOW)
    roots = tmp_path / "root-cert.pem"
    assert _roles(tmp_path, roots) == [
        ("authority/root", "root", True, True, "O=cluster.local"),
        ("authority/example.com", "root", True, False, "CN=example.com root,O=example.com"),
    ]
    assert len(chain_of("authority/example.com", tmp_path, roots)) == 1
    assert trust_of("authority/example.com", tmp_path, roots) == tmp_path / "gateways" / "example.com.pem"


def test_a_hierarchy_of_ones_own_has_its_roles(tmp_path: Path) -> None:
    """Roots are trusted, the first intermediate signs, and each leads over those above it to its root."""
    tmp_path.chmod(0o700)
    root, other = authority("root"), authority("other")
    hierarchy = Hierarchy(root, authority("between", root))
    hierarchy.write(tmp_path / "cacerts", root=root.pem + other.pem)
    roots = publish(open_signing_directory(tmp_path / "cacerts", NOW).signer, tmp_path)
    assert _roles(tmp_path, roots) == [
        ("authority/root", "root", False, True, "CN=root"),
        ("authority/root-2", "root", False, True, "CN=other"),
        ("authority/intermediate", "intermediate", True, True, "CN=signing"),
        ("authority/intermediate-2", "intermediate", False, True, "CN=between"),
    ]
    assert [each.subject.rfc4514_string() for each in chain_of("authority/intermediate-2", tmp_path, roots)] == [
        *("CN=between", "CN=root", "CN=other")
    ]
    assert chain_of("authority/root-2", tmp_path, roots) == (other.certificate,)
    assert trust_of("authority/intermediate", tmp_path, roots) == roots


def test_a_root_of_ones_own_signs(tmp_path: Path) -> None:
    """Without anything between, the root is what signs."""
    tmp_path.chmod(0o700)
    root = authority("root")
    Hierarchy(root, signing=root).write(tmp_path / "cacerts", chain=[])
    roots = publish(open_signing_directory(tmp_path / "cacerts", NOW + timedelta(days=1)).signer, tmp_path)
    assert _roles(tmp_path, roots) == [("authority/root", "root", True, True, "CN=root")]


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A missing root is named."""
    with pytest.raises(StateError, match=r"root-cert\.pem cannot be read"):
        read_authorities(tmp_path, tmp_path / "root-cert.pem")
