"""The console on a real pseudo-terminal over a real mesh: from the first command to the green tick."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MESHTUI, ServedMesh, meshtui
from tests.terminal import Terminal

DEADLINE = 30.0
Open = Callable[..., Terminal]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def open_console(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[Terminal] = []

    def start(*options: str, columns: int = 140, rows: int = 40, view: str = "identities") -> Terminal:
        preferred = tmp_path / "config.toml"
        preferred.write_text(f'view = "{view}"\n')
        monkeypatch.setenv("MESHTUI_CONFIG", str(preferred))
        command = [*MESHTUI, "--state", str(state), "--ca-port", "0", "--gateway-port", "0", *options]
        opened.append(Terminal(command, columns=columns, rows=rows))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def status(state: Path) -> dict[str, Any]:
    result = meshtui("--state", str(state), "status", "--json")
    answer: dict[str, Any] = json.loads(result.stdout) if result.stdout else {}
    return answer


def wait_for(condition: Callable[[], Any]) -> None:
    """Another process gives no event to wait for; this looks again until a deadline."""
    never, deadline = threading.Event(), time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        never.wait(0.05)


def running(state: Path) -> bool:
    return meshtui("--state", str(state), "status").returncode != 3


def test_one_command_one_key_one_tick(open_console: Open, state: Path) -> None:
    """A newcomer types `meshtui`, presses `r` and enter, and Envoy presents a new certificate."""
    terminal = open_console(view="overview")
    terminal.until("IF THE CA DIED NOW")
    terminal.until("3 envoys")
    terminal.until("12 certificates")
    before = {each["target"]: each for each in status(state)["identities"]}["workload/prod/httpbin"]
    terminal.press("/")
    terminal.press("httpbin !gateway\r")
    terminal.until("1 of 12")
    terminal.until("✓ fresh")  # the mesh has only just begun: what has no certificate yet is not rotated
    terminal.press("r")
    terminal.until("$ meshtui rotate")
    terminal.press("\r")
    terminal.until("✓ served")
    after = {each["target"]: each for each in status(state)["identities"]}["workload/prod/httpbin"]
    assert after["served"]["serial"] == after["held"]["serial"] != before["held"]["serial"]


def test_a_rotation_from_elsewhere_shows_by_itself(open_console: Open, state: Path) -> None:
    """The open console changes its row when a command in a second terminal rotates it."""
    terminal = open_console()
    terminal.until("gateway/istio-system/httpbin-credential")
    terminal.until("3 envoys")
    result = meshtui("--state", str(state), "rotate", "gateway/istio-system/httpbin-credential", "--yes", "--json")
    serial = json.loads(result.stdout)["results"][0]["after"]["serial"]
    terminal.until(f"{serial[:4]}…{serial[-4:]}")


def test_the_mesh_ends_with_its_last_terminal(open_console: Open, state: Path) -> None:
    """`q` in the first of two leaves the mesh to the second; `q` there ends it."""
    first = open_console()
    first.until("workload/prod/httpbin")
    second = open_console()
    second.until("workload/prod/httpbin")
    first.press("q")
    wait_for(first.ended)
    assert running(state)
    second.press("q")
    wait_for(second.ended)
    wait_for(lambda: not running(state))


def test_keep_leaves_the_mesh_running(open_console: Open, state: Path) -> None:
    """Until it is stopped like any `meshtui serve`."""
    terminal = open_console("--keep")
    terminal.until("workload/prod/httpbin")
    terminal.press("q")
    wait_for(terminal.ended)
    assert running(state)
    os.kill(int((state / "lock").read_text()), signal.SIGTERM)
    wait_for(lambda: not running(state))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_a_terminal_that_vanishes_leaves_nothing_running(
    open_console: Open, state: Path, number: signal.Signals
) -> None:
    """However it goes, the mesh that it started ends."""
    terminal = open_console()
    terminal.until("workload/prod/httpbin")
    os.kill(terminal.pid, number)
    wait_for(terminal.ended)
    wait_for(lambda: not running(state))


def test_a_mesh_that_cannot_start_is_a_sentence_on_the_screen(open_console: Open, state: Path) -> None:
    """With what to do, and `q` still works."""
    state.mkdir(mode=0o755)
    state.chmod(0o755)
    terminal = open_console()
    terminal.until("chmod 700")
    terminal.press("q")
    wait_for(terminal.ended)


def test_eighty_by_twenty_four_shows_the_list(open_console: Open) -> None:
    """Identity, truths, time left and state, and the keys."""
    terminal = open_console(columns=80, rows=24)
    terminal.until("workload/prod/httpbin")
    assert "✓ fresh" in terminal.text
    assert "r rotate" in terminal.text


def test_a_tiny_terminal_says_so(open_console: Open) -> None:
    """20x5: one line, and no crash."""
    terminal = open_console(columns=20, rows=5)
    terminal.until("too small")
    terminal.press("q")
    wait_for(terminal.ended)


def test_a_dumb_terminal_is_refused() -> None:
    """With the command that works there."""
    terminal = Terminal([*MESHTUI, "--state", "/no/such/mesh"], term="dumb")
    terminal.until("meshtui status")
    wait_for(terminal.ended)
    terminal.close()


def test_the_mesh_that_dies_is_stale_and_comes_back(served: ServedMesh, tmp_path: Path) -> None:
    """kill -9 of the owner: the rows stay, the header says STALE, and a new owner is found by itself."""
    mesh = ServedMesh(tmp_path / "other")
    terminal = Terminal([*MESHTUI, "--state", str(mesh.state), "--ca-port", "0", "--gateway-port", "0"])
    terminal.until("workload/prod/httpbin")
    mesh.kill()
    terminal.until("STALE")
    assert "workload/prod/httpbin" in terminal.text
    terminal.until("live")
    terminal.close()
    wait_for(lambda: not running(mesh.state))
