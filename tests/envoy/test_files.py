"""The files of one proxy."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from meshtui.envoy import files
from meshtui.envoy.files import ProxyFiles, write_private


def test_written_files_are_private_and_replaced_whole(tmp_path: Path) -> None:
    """A file is of mode 0600 from its first byte, and the one before it stays until the new one is complete."""
    path = tmp_path / "gateway.json"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(tmp_path.iterdir())


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Nothing is written through a symbolic link that lies where the file goes."""
    (tmp_path / "elsewhere").write_text("untouched")
    (tmp_path / "gateway.json.new").symlink_to(tmp_path / "elsewhere")
    write_private(tmp_path / "gateway.json", b"{}")
    assert (tmp_path / "elsewhere").read_text() == "untouched"


def test_last_words_are_one_clean_line(tmp_path: Path) -> None:
    """The last line that says something is found, without what would move a terminal's cursor."""
    proxy = ProxyFiles(tmp_path, "gateway")
    assert proxy.last_words() == ""
    proxy.log.write_text("first\nbad \x1b[2Jport\n\n  \n")
    assert proxy.last_words() == "bad [2Jport"


def test_a_long_log_is_put_aside_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log above the limit makes room for a new one, so that two limits is the most it can take between starts."""
    monkeypatch.setattr(files, "LOG_MAX", 10)
    proxy = ProxyFiles(tmp_path, "gateway")
    for text in (b"short", b" and long", b"new"):
        descriptor = proxy.open_log()
        os.write(descriptor, text)
        os.close(descriptor)
    assert proxy.log.read_text() == "new"
    assert (tmp_path / "gateway.log.1").read_text() == "short and long"
