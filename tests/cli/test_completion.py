"""What the shell can complete without a mesh."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from meshtui.cli.group import program
from meshtui.manifest.kinds import SUPPORTED, find_kind


def completions(*words: str) -> list[str]:
    *before, incomplete = words
    found = ShellComplete(program(), {}, "meshtui", "_MESHTUI_COMPLETE").get_completions(before, incomplete)
    return [item.value for item in found]


def test_a_source_may_be_nobody(tmp_path: Path) -> None:
    """Also where no mesh answers; a destination is somebody."""
    state = ("explain", "--state", str(tmp_path))
    assert completions(*state, "pl") == ["plaintext"]
    assert completions(*state, "plaintext", "pl") == []


@pytest.mark.parametrize("command", ["get", "delete"])
def test_kinds_are_completed(command: str) -> None:
    """By their beginning, in any case; every kind has a word of its own, which means it."""
    assert completions(command, "auth") == ["authorizationpolicies"]
    assert completions(command, "Peer") == ["peerauthentications"]
    assert completions(command, "gate") == ["gateways", "gateways.gateway.networking.k8s.io"]
    assert completions(command, "unicorn") == []
    assert [find_kind(word) for word in completions(command, "")] == list(SUPPORTED.values())
