"""One private directory, one owner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshtui.backends.embedded.state_directory import claim
from meshtui.errors import MeshError, RefusedError, StateError
from meshtui.settings import StatePaths


def test_a_directory_is_made_private(tmp_path: Path) -> None:
    """0700, and everything in it ours."""
    paths = StatePaths(tmp_path / "a" / "state")
    claim(paths, group_may_enter=False).release()
    assert paths.state.stat().st_mode & 0o777 == 0o700
    assert paths.sockets.stat().st_mode & 0o777 == 0o700


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    tmp_path.chmod(0o755)
    with pytest.raises(StateError, match="open to others") as caught:
        claim(StatePaths(tmp_path), group_may_enter=False)
    assert caught.value.fix == f"Run: chmod 700 {tmp_path}"


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    """Who can turn the link could turn the mesh."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StateError, match="symbolic link"):
        claim(StatePaths(tmp_path / "link"), group_may_enter=False)


def test_a_file_is_refused(tmp_path: Path) -> None:
    """It is not a directory, and it is left as it is."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StateError, match="not a directory"):
        claim(StatePaths(tmp_path / "file"), group_may_enter=False)
    assert (tmp_path / "file").read_text() == "mine"


def test_below_a_file_is_refused(tmp_path: Path) -> None:
    """It cannot be made there."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StateError, match=r"cannot be created|not a directory"):
        claim(StatePaths(tmp_path / "file" / "state"), group_may_enter=False)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_another_users_is_refused(tmp_path: Path) -> None:
    """Even for root."""
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(StateError, match="belongs to user 12345"):
        claim(StatePaths(tmp_path / "theirs"), group_may_enter=False)


def test_a_living_owner_is_named(tmp_path: Path) -> None:
    """The second one learns who has it."""
    held = claim(StatePaths(tmp_path / "state"), group_may_enter=False)
    with pytest.raises(RefusedError, match=f"process {os.getpid()}"):
        claim(StatePaths(tmp_path / "state"), group_may_enter=False)
    held.release()


def test_what_a_killed_owner_left_is_no_obstacle(tmp_path: Path) -> None:
    """Its lock went with it; its sockets are cleared away."""
    paths = StatePaths(tmp_path / "state")
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from meshtui.backends.embedded.state_directory import claim\nfrom meshtui.settings import StatePaths\n"
        "paths = StatePaths(Path(sys.argv[1]))\nclaim(paths, group_may_enter=False)\n"
        "(paths.sockets / 'left').touch()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(paths.state)], check=False).returncode == -9
    assert (paths.sockets / "left").exists()
    claim(paths, group_may_enter=False).release()
    assert not (paths.sockets / "left").exists()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """Before anything is half-written: /dev/full cannot be a directory, a tiny tmpfs can."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(tmp_path)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(MeshError, match="is full"):
            claim(StatePaths(tmp_path), group_may_enter=False)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
