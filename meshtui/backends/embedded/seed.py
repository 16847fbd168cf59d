"""What a mesh that is started for the first time begins with."""

from __future__ import annotations

from pathlib import Path

from meshtui.errors import UsageError
from meshtui.manifest.demo import load_demo
from meshtui.manifest.documents import parse
from meshtui.manifest.model import Manifest


def seed(path: Path | None) -> tuple[Manifest, ...]:
    """The objects of a file, or of the built-in demo mesh. Raises UsageError or ManifestError for a bad file."""
    if path is None:
        return load_demo()
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", fix="Name a file with --mesh.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.", fix="Name a file of manifests with --mesh.") from error


def not_seeded(path: Path) -> str:
    """The notice for a file that was named although the mesh has manifests of its own by now."""
    again = f"apply it again with: meshtui apply -f {path}"
    return f"This mesh has been started before and goes on with its own manifests; {again}"
