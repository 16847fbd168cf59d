"""A screen that is a page of text: all of it can be copied and saved, in sight or not."""

from __future__ import annotations

from textual.app import ComposeResult

from meshtui.present.tones import Line, Piece, plain
from meshtui.tui.screens.copying import Copying
from meshtui.tui.screens.saving import Saving
from meshtui.tui.widgets.document import Document

MARGIN = 1
"""Cells on either side of the page."""


class Paged(Saving, Copying):
    """What stands on the page is its own."""

    def page(self, width: int) -> list[Line]:
        """The lines of the page."""
        raise NotImplementedError

    def below(self, width: int, margin: int) -> list[Line]:  # noqa: ARG002 - for the pages that have something there
        """Lines below the page that are to be selected, and so have no margin but what they have themselves."""
        return []

    def body(self) -> ComposeResult:
        """The page."""
        yield Document(self._with_margin, id="page")

    def show_page(self) -> None:
        """Show it as it is now."""
        if self.has_widgets:
            self.query_one("#page", Document).show()

    def copied(self) -> tuple[tuple[str, str], ...]:
        """What else there is to copy here, then the page."""
        return (*super().copied(), ("this page", self._text()))

    async def draw(self, kind: str) -> str | None:
        """The whole page as text; a picture is of what is in sight."""
        return self._text() if kind == "txt" else None

    def _with_margin(self, width: int) -> list[Line]:
        page = ((Piece(" " * MARGIN), *line) for line in self.page(width - 2 * MARGIN))
        return [*page, *self.below(width, MARGIN)]

    def _text(self) -> str:
        lines = [*self.page(self.size.width - 2 * MARGIN), *self.below(self.size.width, 0)]
        return "".join(f"{plain(line).rstrip()}\n" for line in lines)
