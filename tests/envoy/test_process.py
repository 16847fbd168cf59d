"""Keeping a real Envoy alive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from meshtui.envoy.binary import EnvoyBinary
from meshtui.envoy.files import ProxyFiles
from meshtui.envoy.leftovers import sweep
from meshtui.envoy.process import LAUNCHER, EnvoyProcess, ProxyState, ProxyStatus
from tests.envoy.proxies import DEADLINE, Statuses, alone, envoy, gone

OWNER = """
import asyncio, json, sys
from pathlib import Path
from meshtui.envoy.process import EnvoyProcess
from tests.envoy.proxies import alone, envoy

async def main():
    directory = Path(sys.argv[1])
    tell = lambda status: print(status.state, status.pid, flush=True)
    await EnvoyProcess(envoy(), directory, "proxy", alone(directory), tell).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


def is_ready(status: ProxyStatus) -> bool:
    return status.state is ProxyState.READY


def is_dead(status: ProxyStatus) -> bool:
    return status.state is ProxyState.DEAD


def own(directory: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that owns a ready Envoy, and the Envoy's process id."""
    command = [sys.executable, "-c", OWNER, str(directory)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert owner.stdout
    for line in owner.stdout:
        state, pid = line.split()
        if state == "ready":
            return owner, int(pid)
    owner.kill()
    raise AssertionError("the Envoy never became ready")


async def test_it_is_started_restarted_and_stopped(tmp_path: Path) -> None:
    """An Envoy becomes ready, is started again with another pid when it is killed, and is gone after a stop."""
    statuses = Statuses()
    process = EnvoyProcess(envoy(), tmp_path, "proxy", alone(tmp_path), statuses)
    await process.start()
    first = await statuses.until(is_ready)
    assert envoy().version == await process.admin.version()
    os.kill(first.pid, signal.SIGKILL)
    dead = await statuses.until(is_dead)
    assert (dead.exit_status, dead.pid, dead.retry_in) == (-signal.SIGKILL, 0, 0.2)
    second = await statuses.until(is_ready)
    assert first.pid != second.pid
    assert second.restarts == 1
    await process.stop()
    assert ProxyState.STOPPED is process.status.state
    assert gone(second.pid)
    assert not ProxyFiles(tmp_path, "proxy").pid.exists()


async def test_a_configuration_that_is_refused_is_told_in_envoys_words(tmp_path: Path) -> None:
    """An Envoy that ends at once is reported with the reason that it gave, and tried again later."""
    statuses = Statuses()
    process = EnvoyProcess(envoy(), tmp_path, "proxy", alone(tmp_path) | {"no_such_field": 1}, statuses)
    await process.start()
    dead = await statuses.until(is_dead)
    assert dead.exit_status == 1
    assert "no_such_field" in dead.last_words
    await process.stop()
    assert ProxyState.STOPPED is process.status.state


async def test_a_binary_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    """A binary that vanished is a death like any other, with its path in the last words."""
    statuses = Statuses()
    process = EnvoyProcess(EnvoyBinary(tmp_path / "gone", "0"), tmp_path, "proxy", alone(tmp_path), statuses)
    await process.start()
    dead = await statuses.until(is_dead)
    assert f"{tmp_path / 'gone'}: No such file or directory" == dead.last_words
    await process.stop()


async def test_stopping_before_it_is_ready_and_twice(tmp_path: Path) -> None:
    """A stop works at any moment, and a second one does nothing."""
    process = EnvoyProcess(envoy(), tmp_path, "proxy", alone(tmp_path), Statuses())
    await process.start()
    await process.stop()
    await process.stop()
    assert ProxyState.STOPPED is process.status.state


def test_it_dies_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    """When its owner is killed with SIGKILL, the kernel kills the Envoy too."""
    owner, pid = own(tmp_path)
    owner.kill()
    owner.wait(DEADLINE)
    assert owner.stdout
    owner.stdout.close()
    assert gone(pid)


def test_what_an_earlier_owner_left_is_swept(tmp_path: Path) -> None:
    """The next start ends an Envoy whose pid file is there, and no process that merely has its number."""
    configuration = alone(tmp_path)
    files = ProxyFiles(tmp_path, "proxy")
    files.bootstrap.write_text(json.dumps(configuration))
    command = [str(envoy().path), "-c", str(files.bootstrap), "--disable-hot-restart"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as leftover:
        try:
            assert leftover.stderr
            assert leftover.stderr.readline()
            files.pid.write_text(str(leftover.pid))
            ProxyFiles(tmp_path, "other").pid.write_text(str(os.getpid()))
            ProxyFiles(tmp_path, "damaged").pid.write_text("x" * 20)
            assert (leftover.pid,) == sweep(tmp_path)
            assert leftover.wait(DEADLINE) == -signal.SIGKILL
        finally:
            leftover.kill()
    assert list(tmp_path.glob("*.pid")) == []
    assert sweep(tmp_path) == ()


def test_the_launcher_starts_nothing_for_an_owner_that_is_gone() -> None:
    """A launcher whose owner died before it could ask to die with it does not start the program."""
    launched = subprocess.run(
        [sys.executable, "-I", "-S", LAUNCHER, "1", "/bin/echo", "started"], capture_output=True, check=False
    )
    assert (launched.returncode, launched.stdout) == (127, b"")
