"""Secret files are whole or absent, and ours alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from meshtui.errors import StateError
from meshtui.private_files import MAX_BYTES, read_private, write_file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A file is created with mode 0600 whatever the umask, replaced whole, and leaves no draft behind."""
    path = tmp_path / "key"
    write_file(path, b"one")
    write_file(path, b"two")
    assert read_private(path) == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_of_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    """What a crash left half-written is replaced."""
    (tmp_path / ".key.new").write_bytes(b"half")
    write_file(tmp_path / "key", b"whole")
    assert read_private(tmp_path / "key") == b"whole"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A missing directory is an error with the path in it, not a traceback."""
    with pytest.raises(StateError, match="nowhere"):
        write_file(tmp_path / "nowhere" / "key", b"x")


def test_files_that_are_not_safe_are_refused(tmp_path: Path) -> None:
    """Missing, empty, huge, linked or readable by others: each is refused with its path."""
    path = tmp_path / "key"
    with pytest.raises(StateError, match="No such file"):
        read_private(path)
    write_file(path, b"")
    with pytest.raises(StateError, match="empty"):
        read_private(path)
    write_file(path, b"x" * (MAX_BYTES + 1))
    with pytest.raises(StateError, match="too large"):
        read_private(path)
    write_file(path, b"x")
    path.chmod(0o640)
    with pytest.raises(StateError, match="0640") as caught:
        read_private(path)
    assert caught.value.fix.endswith(f"chmod 600 {path}")
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(StateError):
        read_private(link)
