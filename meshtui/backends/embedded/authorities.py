"""What signs in this mesh, read from the certificates that the CA leaves beside its keys."""

from __future__ import annotations

from pathlib import Path

from meshtui.errors import IdentityError, StateError
from meshtui.identity.inspect import facts, load_certificates
from meshtui.mesh.snapshot import Authority
from meshtui.mesh.targets import Target, TargetKind

ROOT = "root"


def read_authorities(directory: Path) -> tuple[Authority, ...]:
    """The mesh's root, and the gateway roots in `gateways/`. Raises StateError when one cannot be read."""
    gateways = sorted((directory / "gateways").glob("*.pem"))
    return (
        _authority(ROOT, directory / "root-cert.pem", trusted=True),
        *(_authority(path.stem, path, trusted=False) for path in gateways),
    )


def _authority(name: str, path: Path, *, trusted: bool) -> Authority:
    try:
        certificate = load_certificates(path.read_bytes())[0]
    except (OSError, IdentityError) as error:
        raise StateError(f"The certificate {path} cannot be read: {error}.") from error
    return Authority(
        target=str(Target(TargetKind.AUTHORITY, "", name)),
        role="root",
        signing=True,
        trusted=trusted,
        certificate=facts(certificate),
    )
