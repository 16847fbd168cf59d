"""Prints for people and for programs: results to stdout, everything else to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.exit_codes import Exit, exit_code
from meshtui.cli.options import Common
from meshtui.errors import MeshError
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import choose
from meshtui.present.tones import Line, Piece, Tone

_STYLES: dict[Tone, dict[str, Any]] = {
    Tone.STRONG: {"bold": True},
    Tone.QUIET: {"dim": True},
    Tone.GOOD: {"bold": True},
    Tone.BUSY: {"bold": True},
    Tone.WARN: {"fg": "magenta", "bold": True},
    Tone.BAD: {"fg": "red", "bold": True},
    Tone.UNSURE: {"underline": True},
}
"""Those of the console in the terminal's own colours, for the same reason: they can be read on white and on black."""


class Output:
    """What one command says."""

    def __init__(self, common: Common) -> None:
        self.json = common.json
        self.now = datetime.now(UTC)
        self.terminal = sys.stdout.isatty()
        # what is piped is searched and cut by programs: nothing is left out for want of room
        self.width = shutil.get_terminal_size((100, 24)).columns if self.terminal or "COLUMNS" in os.environ else 200
        encoding = sys.stdout.encoding or "ascii"
        self.glyphs = choose(encoding, os.environ, wanted=common.signs, state=common.named_state)
        quiet = common.color == "none" or (common.color == "auto" and "NO_COLOR" in os.environ)
        self._color = False if quiet else None if common.color == "auto" else True

    def data(self, value: Any) -> None:
        """A JSON document, as the result."""
        click.echo(contract.text(value, ascii_only=self.glyphs.ascii_only))

    def lines(self, lines: Iterable[Line]) -> None:
        """Lines for a person, as the result."""
        for line in lines:
            click.echo(self._styled(line), color=self._color)

    def aside(self, lines: Iterable[Line]) -> None:
        """Lines for a person that are not the result: what is about to happen, how it goes."""
        for line in lines:
            click.echo(self._styled(line), color=self._color, err=True)

    def fields(self, texts: Iterable[str]) -> Line:
        """A line for a program: every text whole, made inert, between tabs; `-` for one that is empty."""
        return (Piece("\t".join(self.shown(text or "-") for text in texts)),)

    def complain(self, text: str) -> None:
        """Sentences about what went wrong: between words on a terminal, and whole lines for a program."""
        width = shutil.get_terminal_size((100, 24)).columns if sys.stderr.isatty() else 0
        for line in text.split("\n"):
            margin = line[: len(line) - len(line.lstrip())]
            words = self.shown(line.lstrip())
            first = (Piece(margin),) if margin else ()
            self.aside(paragraph(words, width, first=first) if width else [(*first, Piece(words))])

    def shown(self, text: str) -> str:
        """Foreign text, made inert."""
        return self.glyphs.show(text)

    @staticmethod
    def _styled(line: Line) -> str:
        return "".join(click.style(piece.text, **_STYLES.get(piece.tone, {})) for piece in line)


def refuse(error: MeshError, common: Common) -> Exit:
    """Say what went wrong, to programs that want JSON on standard output as well; returns the status."""
    output = Output(common)
    output.complain(f"meshtui: {error}")
    if output.json:
        output.data(contract.fault(error.message, error.fix))
    return exit_code(error)
