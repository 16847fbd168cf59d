"""The built-in demo mesh: the manifests in this folder, written so that a cluster would take them too.

No key is among them: the TLS Secret is empty, and the first start of a mesh issues it.
"""

from __future__ import annotations

from importlib.resources import files

from meshtui.manifest.documents import parse
from meshtui.manifest.model import Manifest

SOURCE = "built-in demo mesh"


def demo_documents() -> str:
    """All manifests of the demo mesh as one YAML text."""
    folder = files(__name__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return "---\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def load_demo() -> tuple[Manifest, ...]:
    """All objects of the demo mesh."""
    return parse(demo_documents(), SOURCE)
