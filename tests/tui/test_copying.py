"""What is copied, by which way, and that it is said; never a key."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from meshtui.mesh.fake import FakeMesh
from meshtui.tui.clipboard import LONGEST, copy, sequence
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import Clock, console

GATEWAY = "gateway/istio-system/httpbin-credential"
DETAILS = "workload/prod/details-v1"
LOADER = "workload/batch/loader"


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither tmux nor screen, whatever the tests run in."""
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


async def test_c_copies_the_target_and_then_its_values() -> None:
    """Pressed again: the identity, the serial, and the target once more; each time it is said."""
    mesh = FakeMesh(now=Clock())
    row = (await mesh.detail(GATEWAY)).row
    async with console(mesh) as shown:
        shown.app.screen.query_one(RowList).select(GATEWAY)
        for text, said in (
            (GATEWAY, f"Copied {GATEWAY}, if this terminal allows it (OSC 52)."),
            (row.identity, f"Copied the identity of {GATEWAY}"),
            (row.serial, "Copied the serial"),
            (GATEWAY, f"Copied {GATEWAY}"),
        ):
            await shown.press("c")
            await shown.until(lambda text=text: shown.app.clipboard == text)  # type: ignore[misc]
            await shown.until_shown(said)


@pytest.mark.parametrize("keys", [("y",), ("enter", "y")])
async def test_y_copies_the_certificates_and_never_a_key(keys: tuple[str, ...]) -> None:
    """The chain in PEM, from the list and from the detail."""
    mesh = FakeMesh(now=Clock())
    chain = (await mesh.detail(DETAILS)).chain
    async with console(mesh) as shown:
        shown.app.screen.query_one(RowList).select(DETAILS)
        await shown.press(*keys)
        await shown.until_shown(f"Copied {len(chain)} certificates of {DETAILS}")
        assert shown.app.clipboard == "".join(link.pem for link in chain)
        assert "PRIVATE" not in shown.app.clipboard


async def test_marked_rows_are_copied_together() -> None:
    """Their targets line by line; their certificates each once."""
    async with console() as shown:
        rows = shown.app.screen.query_one(RowList)
        for target in (DETAILS, GATEWAY):
            rows.select(target)
            await shown.press("space")
        await shown.press("c")
        await shown.until_shown("Copied 2 targets")
        assert shown.app.clipboard == f"{DETAILS}\n{GATEWAY}"
        await shown.press("y")
        await shown.until_shown("certificates of 2 targets")
        found = re.findall(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n", shown.app.clipboard)
        assert len(found) == len(set(found)) > 2
        assert "".join(found) == shown.app.clipboard


async def test_what_has_no_certificate_says_so() -> None:
    """Instead of an empty clipboard."""
    async with console() as shown:
        shown.app.screen.query_one(RowList).select(LOADER)
        await shown.press("y")
        assert "There is no certificate here to copy." in shown.text
        assert shown.app.clipboard == ""


async def test_items_of_other_places_are_copied_too() -> None:
    """A policy, by what is said of it."""
    async with console() as shown:
        await shown.press("5")
        await shown.until_shown("DECIDED")
        await shown.press("c")
        await shown.until_shown("Copied what is said of it")
        assert shown.app.clipboard.splitlines()[0].strip() in shown.text


async def test_pages_are_copied_whole_and_have_no_certificate() -> None:
    """A policy's page with what is out of sight, the matrix by its cell and then all of it, the keys of help."""
    async with console(size=(80, 24)) as shown:
        await shown.press("5", "enter")
        await shown.until_shown("MANIFEST")
        assert "/ratings/{*}{*}" not in shown.lines[-3]
        await shown.press("c")
        await shown.until_shown("Copied this page")
        assert shown.app.clipboard.splitlines()[0] == "AuthorizationPolicy prod/ratings"
        assert "kind: AuthorizationPolicy" in shown.app.clipboard
        assert len(shown.app.clipboard.splitlines()) > 22
        await shown.press("y")
        await shown.until_shown("There is no certificate here to copy.")
        await shown.press("question_mark")
        assert "copy (none here)" in shown.text
        await shown.press("c")
        await shown.until_shown("Copied this help")
        assert "ALWAYS" in shown.app.clipboard
        await shown.press("escape", "escape", "m")
        await shown.until_shown("FROM / TO")
        await shown.until_shown("plaintext → batch/loader")
        await shown.press("c")
        await shown.until_shown("Copied what is said of it")
        assert shown.app.clipboard.startswith("plaintext → batch/loader   ✗ no connection\n")
        await shown.press("c")
        await shown.until_shown("Copied the matrix")
        assert len(shown.app.clipboard.splitlines()) > 13


async def test_a_page_about_a_row_is_copied_behind_the_values_of_the_row() -> None:
    """The target first, as in the list; the page last."""
    async with console() as shown:
        shown.app.screen.query_one(RowList).select(DETAILS)
        await shown.press("v")
        await shown.until_shown("checks passed")
        await shown.press(*"cccc")
        await shown.until_shown("Copied this page")
        assert "all 7 checks passed" in shown.app.clipboard


# The ways.


def test_a_terminal_takes_it_as_it_is() -> None:
    """OSC 52, in one piece."""
    assert sequence("é", {"TERM": "xterm-256color"}) == "\x1b]52;c;w6k=\x07"


@pytest.mark.parametrize("environ", [{"STY": "1.pts"}, {"TERM": "screen.xterm-256color"}])
def test_screen_is_told_to_pass_it_on(environ: dict[str, str]) -> None:
    """In pieces that it takes, which make the whole again."""
    text = "certificate " * 100
    pieces = sequence(text, environ).split("\x1b\\")
    assert pieces.pop() == ""
    assert all(piece.startswith("\x1bP") and len(piece) < 256 for piece in pieces)
    whole = "".join(piece.removeprefix("\x1bP") for piece in pieces)
    assert base64.b64decode(whole.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode() == text


async def test_what_no_terminal_takes_is_not_sent() -> None:
    """The cap counts what is sent; one byte less is sent."""
    sent: list[str] = []
    fits = LONGEST // 4 * 3
    assert (await copy("x" * fits, "it", sent.append)).startswith("Copied it")
    assert (await copy("x" * (fits + 3), "it", sent.append)).startswith("Not copied: it has ")
    assert len(sent) == 1


async def test_in_tmux_its_own_command_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """load-buffer -w, without a cap; where tmux is not to be had, the terminal is asked."""
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\n/bin/cat > {tmp_path}/buffer\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    monkeypatch.setenv("PATH", str(tmp_path))
    sent: list[str] = []
    text = "x" * (LONGEST + 1)
    assert await copy(text, "it", sent.append) == "Copied it, by way of tmux."
    assert (tmp_path / "buffer").read_text() == text
    assert (tmp_path / "arguments").read_text() == "load-buffer -w -\n"
    tmux.unlink()
    assert await copy("short", "it", sent.append) == "Copied it, if this terminal allows it (OSC 52)."
    assert sent == ["short"]
