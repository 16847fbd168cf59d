"""A screen whose content one call to the mesh brings, made again whenever the mesh says that something is different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.message import Message

from meshtui.errors import MeshError
from meshtui.mesh.interface import Mesh
from meshtui.tui.board import Board, Link
from meshtui.tui.screens.framed import Framed
from meshtui.tui.widgets.row_store import Changes


class Fetching(Framed):
    """Asks while it is on the screen; behind another one it waits, and catches up when it comes back."""

    PACE: ClassVar[float] = 0.5
    """Seconds that at least lie between two calls: faster is not read, and each one costs the mesh the whole answer."""

    FOLLOWS_THE_BOARD: ClassVar[bool] = False
    """Whether it asks again when rows, or the mesh itself, are different."""

    @dataclass
    class Fetched(Message):
        """What the mesh answered."""

        content: Any

    @dataclass
    class Missed(Message):
        """Why it did not answer."""

        error: MeshError

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.was_fetched = False
        self.is_stale = True
        self._is_busy = False

    # What a screen has of its own.

    @property
    def may_fetch(self) -> bool:
        """Whether there is somebody to ask."""
        return self.board.link is Link.LIVE

    async def fetch(self, mesh: Mesh) -> Any:
        """Ask. May raise MeshError."""
        raise NotImplementedError

    def fetched(self, content: Any) -> None:
        """Show the answer."""
        raise NotImplementedError

    def missed(self, error: MeshError) -> None:
        """Say why there is none."""
        raise NotImplementedError

    # When it asks.

    def board_changed(self, changes: Changes) -> None:
        """The mesh may be there only now."""
        super().board_changed(changes)
        if not self.was_fetched or self.FOLLOWS_THE_BOARD:
            self.want()

    def activity_changed(self) -> None:
        """Ask again."""
        self.want()

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self.want()

    def want(self) -> None:
        """Ask as soon as it may be."""
        self.is_stale = True
        if self.is_current and not self._is_busy and self.may_fetch:
            self._is_busy = True
            self._fetch()

    @work(group="fetch")
    async def _fetch(self) -> None:
        mesh = self.board.mesh
        assert mesh is not None  # the link is live
        self.is_stale = False
        try:
            self.post_message(self.Fetched(await self.fetch(mesh)))
        except MeshError as error:
            self.post_message(self.Missed(error))

    def on_fetching_fetched(self, message: Fetched) -> None:
        """Show it, and rest."""
        self.was_fetched = True
        self.fetched(message.content)
        self.set_timer(self.PACE, self._rested)

    def on_fetching_missed(self, message: Missed) -> None:
        """Say so, and rest."""
        self.missed(message.error)
        self.set_timer(self.PACE, self._rested)

    def _rested(self) -> None:
        self._is_busy = False
        if self.is_stale:
            self.want()
