"""Commands where there is ASCII alone, or an encoding that has few of the signs: nothing is written that cannot be."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from meshtui.cli.group import program
from meshtui.cli.main import COMMANDS
from meshtui.control.server import OperatorServer
from meshtui.mesh.fake import FakeMesh
from meshtui.settings import StatePaths


def run(*arguments: str, encoding: str = "utf-8") -> Result:
    """A command whose output is to be in this encoding."""
    return CliRunner(charset=encoding).invoke(program(), arguments)


@pytest_asyncio.fixture
async def state(tmp_path: Path) -> AsyncIterator[str]:
    """Where a fake mesh answers."""
    path = StatePaths(tmp_path).operator_socket
    path.parent.mkdir(parents=True, exist_ok=True)
    mesh = FakeMesh()
    server = OperatorServer(path, lambda _user, _read_only: mesh, lambda _: None)
    await server.start()
    yield str(tmp_path)
    await server.stop()


async def test_what_commands_print_is_ascii_where_nothing_else_can_be_written(state: str) -> None:
    """What is cut, joined by signs or escaped elsewhere is so in ASCII; JSON says the same as in UTF-8."""
    for arguments in (
        ("status",),
        ("traffic",),
        ("policies",),
        ("audit",),
        ("explain", "workload/prod/sleep", "workload/prod/httpbin"),
        ("verify", "gateway/istio-system/shop-credential"),
    ):
        result = await asyncio.to_thread(run, *arguments, "--state", state, encoding="latin-1")
        assert not isinstance(result.exception, UnicodeError)
        assert result.stdout
        assert result.stdout_bytes.isascii()
        assert result.stderr_bytes.isascii()
    for arguments in (("status", "--json"), ("status", "--glyphs", "ascii"), ("status",)):
        result = await asyncio.to_thread(run, *arguments, "--state", state)
        assert result.stdout.isascii() == ("ascii" in arguments)
    escaped = await asyncio.to_thread(run, "status", "--json", "--state", state, encoding="latin-1")
    assert escaped.stdout_bytes.isascii()
    assert "issued≠held" in {each["disagreement"] for each in json.loads(escaped.stdout)["identities"]}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_word_that_cannot_be_written_is_escaped(encoding: str) -> None:
    """Names beyond an encoding, and bytes that are no text: a sentence and a status, and never a traceback."""
    for path in ("/no/\u4e2d", os.fsdecode(b"/no/\xff")):
        result = run("--state", path, "status", "--json", encoding=encoding)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert json.loads(result.stdout)["error"]["message"] == f"No mesh runs in {path}."


def test_the_locale_c_has_ascii_alone() -> None:
    """Although Python writes UTF-8 there."""
    kept = {name: text for name, text in os.environ.items() if name != "LC_ALL"}
    command = [sys.executable, "-m", "meshtui", "--state", "/no/\u4e2d", "status"]
    escaped, whole = b"/no/\\u4e2d.", "/no/\u4e2d.".encode()
    for said, expected in (
        ({"LANG": "C"}, escaped),
        ({"LANG": "C.UTF-8"}, whole),
        ({"LANG": "C.UTF-8", "PYTHONIOENCODING": "ascii"}, escaped),
    ):
        result = subprocess.run(command, capture_output=True, env=kept | said, check=False)
        assert expected in result.stderr


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_ascii(command: str) -> None:
    """It is printed as it is written."""
    result = run(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert result.stdout.isascii()
