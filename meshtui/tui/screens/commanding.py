"""Typing a command on any screen, completed from the names at hand, or those of a large mesh's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, islice

from textual import on, work

from meshtui.errors import MeshError
from meshtui.mesh.rows import Query
from meshtui.present.tones import Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.messages import Commanded
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.widgets.prompt import Prompt, Question

LONGEST_COMMAND = 600
"""Characters of a command: two SPIFFE IDs, which may be long, and more."""
COMPLETED_FROM = 5_000
"""Rows whose names are looked at for completion."""
OFFERED = 20
"""Names that are asked for of a large mesh."""
PAUSE = 0.15
"""Seconds without a key after which they are."""


class Commanding(Leaving[None], inherit_bindings=False):
    """A screen whose last line takes commands."""

    board: Board

    _offered: tuple[str, ...] = ()
    """Targets that the owner of the mesh named last."""

    @property
    def has_widgets(self) -> bool:
        """Whether all parts are there."""
        raise NotImplementedError

    def action_command(self) -> None:
        """Type a command."""
        from meshtui.tui.command_completion import completed, usage  # noqa: PLC0415 - a start need not wait for these
        from meshtui.tui.command_line import Known  # noqa: PLC0415

        known = Known(tuple(saved.name for saved in self.board.saved), self._names_at_hand)
        question = Question(
            ":",
            (("enter", "do"), ("tab", "complete"), ("esc", "cancel")),
            note=lambda text: (Piece(self.board.glyphs.show(usage(text, known)), Tone.QUIET),),
            completed=lambda text: completed(text, known),
            earlier=tuple(self.board.commands),
            longest=LONGEST_COMMAND,
        )
        self.query_one("#footer", Prompt).ask(question)

    @on(Prompt.Submitted)
    def _obey(self, message: Prompt.Submitted) -> None:
        """Have a command done."""
        if message.sign == ":":
            self.app.post_message(Commanded(message.text))

    def _names_at_hand(self) -> Iterator[str]:
        """Targets that can be completed."""
        return chain(self._offered, (row.target for row in islice(self.board.store, COMPLETED_FROM)))

    @on(Prompt.Changed)
    def _offer(self, message: Prompt.Changed) -> None:
        """Of a large mesh most names are not at hand."""
        if message.sign == ":" and not self.board.store.has_all:
            self._ask_for_names(message.text)

    @work(exclusive=True, group="names")
    async def _ask_for_names(self, text: str) -> None:
        """Ask for a few that fit, as soon as nobody types any more."""
        from meshtui.tui.command_completion import sought  # noqa: PLC0415 - loaded when the first key was typed

        wanted, mesh = sought(text), self.board.mesh
        if not wanted or mesh is None:
            return
        await asyncio.sleep(PAUSE)
        try:
            page = await mesh.rows(Query(filter=wanted, limit=OFFERED))
        except MeshError:
            return  # names are a help, and what became of the mesh is told elsewhere
        self._offered = tuple(row.target for row in page.rows)
        if self.has_widgets:
            self.query_one("#footer", Prompt).show_again()
