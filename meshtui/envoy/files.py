"""The files of one proxy in the state directory: its bootstrap, its process id, its log.

All are of mode 0600. Nothing here knows what is in a bootstrap or what runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LOG_MAX = 1024 * 1024
"""Bytes of log above which the next start puts it aside, in place of the one put aside before."""


@dataclass(frozen=True)
class ProxyFiles:
    """Where they are."""

    directory: Path
    """Private, and there."""
    name: str
    """Of the proxy: letters, digits, `-` and `.`."""

    @property
    def bootstrap(self) -> Path:
        """What Envoy is started with; its path in a command line marks the process as this proxy."""
        return self.directory / f"{self.name}.json"

    @property
    def pid(self) -> Path:
        """Process id, for as long as the process runs and its owner lives to remove it."""
        return self.directory / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        """What the proxy says."""
        return self.directory / f"{self.name}.log"

    def open_log(self) -> int:
        """A file descriptor to append to; a long log is put aside first. Raises OSError."""
        if self.log.exists() and self.log.stat().st_size > LOG_MAX:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def last_words(self, most: int = 4096) -> str:
        """The last line of the log that is not empty, without control characters; empty when there is none."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - most))
                lines = file.read(most).decode(errors="replace").splitlines()
        except OSError:
            return ""
        line = next((line for line in reversed(lines) if line.strip()), "")
        return "".join(character for character in line if character.isprintable())


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step. Raises OSError."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
