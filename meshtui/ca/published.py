"""Which certificates vouch for the mesh, written for its owner to read: public, and never read back by the CA.

The hierarchy that the CA made for itself needs none of it: there the root is the file that the CA keeps.
"""

from __future__ import annotations

from pathlib import Path

from meshtui.ca.signer import Signer
from meshtui.private_files import write_file
from meshtui.settings import private_directory

DIRECTORY = "issuing"
CHAIN = "cert-chain.pem"
"""The signing certificate and the CAs above it, without the root."""
ROOTS = "root-cert.pem"
"""The whole root bundle: what verifies the CA's server and every workload."""


def publish(signer: Signer, directory: Path) -> Path:
    """Write the certificates of a hierarchy beside the CA's own files; gives the path of the root bundle."""
    folder = directory / DIRECTORY
    private_directory(folder)
    *chain, roots = signer.following
    write_file(folder / CHAIN, "".join(chain).encode(), mode=0o644)
    write_file(folder / ROOTS, roots.encode(), mode=0o644)
    return folder / ROOTS
