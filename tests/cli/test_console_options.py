"""What is said on the command line about the terminal, and what of it wins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from meshtui.cli.group import program
from meshtui.tui import terminal
from meshtui.tui.app import MeshtuiApp
from tests.conftest import meshtui


class Ran:
    """A console that was started, as far as anyone can see from here."""

    def __init__(self) -> None:
        self.mouse: bool | None = None
        self.slow: bool | None = None
        self.protected: bool | None = None
        self.theme = ""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    seen = Ran()

    def prepare(*, slow: bool, **_: Any) -> None:
        seen.slow = slow

    def run(app: MeshtuiApp, *, mouse: bool) -> None:
        seen.mouse, seen.protected, seen.theme = mouse, app.board.protected, app.theme

    monkeypatch.setattr(terminal, "check", lambda: None)
    monkeypatch.setattr(terminal, "prepare", prepare)
    monkeypatch.setattr(MeshtuiApp, "run", run)
    monkeypatch.delenv("SSH_TTY", raising=False)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    return seen


def start(path: Path, settings: str, *options: str) -> None:
    config = path / "config.toml"
    config.write_text(settings)
    arguments = ["--state", str(path / "prod"), *options]
    CliRunner().invoke(program(), arguments, env={"MESHTUI_CONFIG": str(config)}, catch_exceptions=False)


@pytest.mark.parametrize(
    ("settings", "options", "mouse"),
    [
        ("", (), False),
        ("", ("--mouse",), True),
        ("mouse = true", (), True),
        ("mouse = true", ("--no-mouse",), False),
    ],
)
def test_the_mouse_is_left_to_the_terminal_unless_asked_for(
    ran: Ran, tmp_path: Path, settings: str, options: tuple[str, ...], mouse: bool
) -> None:
    """By default, by setting, by option; the option wins."""
    start(tmp_path, settings, *options)
    assert ran.mouse is mouse


@pytest.mark.parametrize(
    "case",
    [
        ("", (), False, False),
        ("", (), True, True),
        ("", ("--link", "fast"), True, False),
        ("", ("--link", "slow"), False, True),
        ('link = "slow"', (), False, True),
        ('link = "slow"', ("--link", "auto"), False, False),
        ('link = "fast"', ("--link", "auto"), True, True),
    ],
)
def test_the_link_is_slow_over_ssh_unless_said_otherwise(
    ran: Ran,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, tuple[str, ...], bool, bool],
) -> None:
    """By what the connection is, by setting, by option; the option wins."""
    settings, options, remote, slow = case
    if remote:
        monkeypatch.setitem(os.environ, "SSH_CONNECTION", "a b c d")
    start(tmp_path, settings, *options)
    assert ran.slow is slow


@pytest.mark.parametrize(("color", "theme"), [("truecolor", "colorblind-light"), ("xterm", "terminal")])
def test_a_preferred_theme_is_worn_where_there_are_colours_for_it(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, color: str, theme: str
) -> None:
    """A terminal of 16 keeps its own."""
    monkeypatch.setenv("COLORTERM", color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    start(tmp_path, 'theme = "colorblind-light"')
    assert ran.theme == theme


@pytest.mark.parametrize(("options", "protected"), [((), True), (("--write",), False), (("--read-only",), False)])
def test_a_protected_mesh_is_told_from_one_that_is_only_looked_at(
    ran: Ran, tmp_path: Path, options: tuple[str, ...], protected: bool
) -> None:
    """Who asked for it knows it; who did not is told which setting it was."""
    start(tmp_path, 'protected = ["prod"]', *options)
    assert ran.protected is protected


@pytest.mark.parametrize("options", [("--link", "slow"), ("--mouse",)])
def test_commands_do_not_take_what_is_for_the_console(options: tuple[str, ...]) -> None:
    """They say so, with the status of wrong usage."""
    result = meshtui(*options, "info")
    assert result.returncode == 2
    assert f"{options[0]}: only the console takes this, not info." in result.stderr


def test_a_link_is_one_of_three() -> None:
    """Anything else is refused with the three."""
    result = meshtui("--link", "modem")
    assert result.returncode == 2
    assert "'auto', 'slow', 'fast'" in result.stderr
