"""What a person decided is done, whatever screens come and go meanwhile, and every screen is told how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from meshtui.errors import MeshError
from meshtui.tui.board import Running, Told
from meshtui.tui.messages import BatchConfirmed, BatchEnded, Failed, PlanConfirmed, Progressed
from meshtui.tui.screens.framed import Framed
from meshtui.tui.screens.list import ListScreen
from meshtui.tui.travels import Travels
from meshtui.tui.widgets.row_store import Changes

if TYPE_CHECKING:  # a start need not wait for it
    from meshtui.mesh.batch import Batch


class Performs(Travels):
    """The part of the app that has plans performed."""

    def on_plan_confirmed(self, message: PlanConfirmed) -> None:
        """Do it, whatever screens come and go meanwhile."""
        self._perform(message.plan.id)

    @work(group="perform")
    async def _perform(self, plan_id: str) -> None:
        mesh = self.board.mesh
        assert mesh is not None  # a plan came from it
        try:
            async for progress in mesh.perform(plan_id):
                self.post_message(Progressed(progress))
        except MeshError as error:
            self.post_message(Failed(error))

    def on_batch_confirmed(self, message: BatchConfirmed) -> None:
        """Do it to one after the other, unless another batch is still under way."""
        if self.board.running is not None:
            self.board.said = Told("Another batch is under way; esc in the list stops it.", wrong=True)
            self.tell_screens()
            return
        self.board.running = Running(message.batch.verb, len(message.batch.targets))
        self._perform_batch(message.batch, self.board.running)

    @work(group="perform")
    async def _perform_batch(self, batch: Batch, running: Running) -> None:
        from meshtui.mesh.batch import Ended, perform  # noqa: PLC0415 - a start need not wait for it

        mesh = self.board.mesh
        assert mesh is not None  # a plan came from it
        async for told in perform(mesh, batch, lambda: running.stopping):
            self.post_message(BatchEnded(told) if isinstance(told, Ended) else Progressed(told))

    def on_batch_ended(self, message: BatchEnded) -> None:
        """Say what became of it. What was done is marked no longer, so that the same verb takes up the rest."""
        from meshtui.present.batch import summary  # noqa: PLC0415 - a start need not wait for it

        ended = message.ended
        self.board.running = None
        self.board.marked.drop(ended.done)
        self.board.said = Told(summary(ended), wrong=bool(ended.failed), stays=True)
        self.tell_screens()

    def on_progressed(self, message: Progressed) -> None:
        """Show how far it has come."""
        self.board.said = message.progress
        if self.board.running is not None and message.progress.done:
            self.board.running.ended += 1
        for screen in self.screen_stack:
            if isinstance(screen, ListScreen):
                screen.progressed(message.progress)
        self.tell_screens()

    def on_failed(self, message: Failed) -> None:
        """Say why it cannot be done."""
        self.board.say(message.error, message.about)
        self.tell_screens()

    def tell_screens(self, changes: Changes | None = None) -> None:
        """Have every screen show what changed."""
        for screen in self.screen_stack:
            if isinstance(screen, Framed) and screen.is_mounted:
                screen.board_changed(changes or Changes())
