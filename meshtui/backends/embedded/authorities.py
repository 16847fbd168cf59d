"""What signs in this mesh, read from the certificates that the CA leaves beside its keys."""

from __future__ import annotations

import re
import ssl
from functools import cache
from pathlib import Path

from cryptography import x509

from meshtui.ca.published import CHAIN
from meshtui.errors import IdentityError, StateError
from meshtui.gateway.contents import read_certificates
from meshtui.gateway.issuers import Roots
from meshtui.identity.inspect import facts, load_certificates
from meshtui.mesh.snapshot import Authority
from meshtui.mesh.targets import Target, TargetKind

ROOT = "root"
INTERMEDIATE = "intermediate"

_OF_THE_MESH = re.compile(rf"({ROOT}|{INTERMEDIATE})(?:-(\d+))?", re.ASCII)


def read_authorities(directory: Path, roots: Path) -> tuple[Authority, ...]:
    """The mesh's roots and intermediates, and the gateway roots in `gateways/`.

    `roots` is the file of the root bundle that the CA names. Raises StateError when a file cannot be read.
    """
    above = roots.with_name(CHAIN)
    # none beside the root that the CA made for itself, and an empty one beside a root of one's own
    chain = _load(above) if roots.parent != directory and above.read_bytes() else ()
    gateways = sorted((directory / "gateways").glob("*.pem"))
    return (
        *(
            _authority(_name(ROOT, position), certificate, "root", signing=not chain)
            for position, certificate in enumerate(_load(roots), 1)
        ),
        *(
            _authority(_name(INTERMEDIATE, position), certificate, "intermediate", signing=position == 1)
            for position, certificate in enumerate(chain, 1)
        ),
        *(_authority(path.stem, _load(path)[0], "root", signing=True, trusted=False) for path in gateways),
    )


def known_roots(directory: Path, roots: Path) -> Roots:
    """What may have signed a gateway certificate: gateway roots, the mesh's CA, and what this system trusts."""
    gateways = [certificate for path in sorted((directory / "gateways").glob("*.pem")) for certificate in _load(path)]
    return Roots([*gateways, *_load(roots), *_system_roots()])


@cache
def _system_roots() -> tuple[x509.Certificate, ...]:
    path = ssl.get_default_verify_paths().cafile
    if path is None:
        return ()
    try:
        return read_certificates(Path(path).read_bytes(), "")[0]
    except OSError:
        return ()  # a machine without a list trusts nobody


def chain_of(target: str, directory: Path, roots: Path) -> tuple[x509.Certificate, ...]:
    """The certificate of an authority and, for an intermediate, those above it. Raises StateError."""
    found = _OF_THE_MESH.fullmatch(target.removeprefix("authority/"))
    certificates = _load(_file(target, directory, roots))
    if found is None:
        return certificates
    position = int(found[2] or 1) - 1
    if found[1] == ROOT:
        return certificates[position : position + 1]
    return (*certificates[position:], *_load(roots))


def trust_of(target: str, directory: Path, roots: Path) -> Path:
    """PEM of the roots that an authority must lead to: itself, for a root."""
    return roots if _OF_THE_MESH.fullmatch(target.removeprefix("authority/")) else _file(target, directory, roots)


def _file(target: str, directory: Path, roots: Path) -> Path:
    name = target.removeprefix("authority/")
    found = _OF_THE_MESH.fullmatch(name)
    if found is None:
        return directory / "gateways" / f"{name}.pem"
    return roots if found[1] == ROOT else roots.with_name(CHAIN)


def _name(kind: str, position: int) -> str:
    return kind if position == 1 else f"{kind}-{position}"


def _load(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return load_certificates(path.read_bytes())
    except (OSError, IdentityError) as error:
        raise StateError(f"The certificate {path} cannot be read: {error}.") from error


def _authority(
    name: str, certificate: x509.Certificate, role: str, *, signing: bool, trusted: bool = True
) -> Authority:
    return Authority(
        target=str(Target(TargetKind.AUTHORITY, "", name)),
        role=role,
        signing=signing,
        trusted=trusted,
        certificate=facts(certificate),
    )
