"""What tests share: a mesh as a user starts it, and the command line as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.mesh.contract")

os.environ["MESHTUI_CONFIG"] = os.devnull  # what the person who runs the tests prefers is not tested
os.environ["LC_ALL"] = "C.UTF-8"  # and neither is their locale
START_DEADLINE = 30.0


class ServedMesh:
    """A `meshtui serve` of its own process, on free ports."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self.process = subprocess.Popen(
            [*MESHTUI, "serve", "--state", str(state), "--ca-port", "0", "--gateway-port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline() or "{}")

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command against it."""
        return meshtui("--state", str(self.state), *arguments, stdin=stdin)

    def json(self, *arguments: str) -> Any:
        """The JSON of a command."""
        result = self.run(*arguments, "--json")
        assert result.stdout, result.stderr
        return json.loads(result.stdout)

    def identity(self, target: str) -> dict[str, Any]:
        """One workload or gateway of `status --json`."""
        status = self.json("status")
        found: dict[str, Any] = next(e for e in status["identities"] + status["gateways"] if e["target"] == target)
        return found

    def kill(self) -> None:
        """Take it down without a word, as the kernel would."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """End it in order; returns what it said to stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=START_DEADLINE)
        return errors


MESHTUI = [sys.executable, "-m", "meshtui"]


def meshtui(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user without a terminal would."""
    return subprocess.run(
        [*MESHTUI, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"COLUMNS": "140"},
    )


@pytest.fixture
def start_mesh(tmp_path: Path) -> Iterator[Callable[..., ServedMesh]]:
    """Start meshes; they are gone when the test ends."""
    started: list[ServedMesh] = []

    def start(*options: str, state: Path | None = None) -> ServedMesh:
        started.append(ServedMesh(state or tmp_path / "state", *options))
        return started[-1]

    yield start
    for mesh in started:
        if mesh.process.poll() is None:
            mesh.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedMesh]:
    """The demo mesh, one for all tests of a module."""
    mesh = ServedMesh(tmp_path_factory.mktemp("served") / "state")
    yield mesh
    mesh.stop()
