"""Where an agent alone may listen."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from meshtui.agent.sds_socket import claimed
from meshtui.errors import StateError


def test_a_missing_directory_is_made_private(tmp_path: Path) -> None:
    """Its parents too."""
    with claimed(tmp_path / "a" / "b" / "sds"):
        pass
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_dead_socket_may_be_replaced(tmp_path: Path) -> None:
    """One that nobody answers on."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "sds"))
    with claimed(tmp_path / "sds"):
        pass


def test_a_live_socket_is_not_stolen(tmp_path: Path) -> None:
    """Whoever answers keeps it."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "sds"))
        other.listen()
        with pytest.raises(StateError, match="Another agent serves"), claimed(tmp_path / "sds"):
            pytest.fail("claimed a socket that somebody serves")
        assert (tmp_path / "sds").is_socket()


def test_what_is_no_socket_stays(tmp_path: Path) -> None:
    """A file of that name is somebody's."""
    (tmp_path / "sds").write_text("mine")
    with pytest.raises(StateError, match="is not a socket"), claimed(tmp_path / "sds"):
        pytest.fail("claimed a file")
    assert (tmp_path / "sds").read_text() == "mine"


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    """They could put a socket of their own there."""
    tmp_path.chmod(mode)
    with pytest.raises(StateError, match="can be written by others"), claimed(tmp_path / "sds"):
        pytest.fail("claimed where others write")
    tmp_path.chmod(0o700)


def test_a_directory_that_others_can_read_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The socket's own mode keeps them out."""
    tmp_path.chmod(0o755)
    with claimed(tmp_path / "sds"):
        pass
    assert "is open to others (mode 0755)" in caplog.text


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """Said as that."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="is not a directory"), claimed(tmp_path / "file" / "sds"):
        pytest.fail("claimed in a file")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_anothers_directory_is_refused(tmp_path: Path) -> None:
    """Its owner can replace what is in it."""
    os.chown(tmp_path, 65534, -1)
    with pytest.raises(StateError, match="belongs to user 65534"), claimed(tmp_path / "sds"):
        pytest.fail("claimed another user's")
