"""Saving what a screen shows: any of them as text or a picture; a list of certificates row by row, too."""

from __future__ import annotations

from typing import ClassVar, cast

from textual._compositor import LayoutUpdate
from textual.binding import BindingType

from meshtui.mesh.rows import Query
from meshtui.tui.keys import bound
from meshtui.tui.screens.framed import Framed


class Saving(Framed):
    """A screen that can be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("save")]

    KINDS: ClassVar[tuple[str, ...]] = ("txt", "svg")
    """Endings of the files that it can be saved as; the first is the one that is proposed."""

    async def draw(self, kind: str) -> str | None:  # noqa: ARG002 - for the screens that have more than a picture
        """What is shown as the text of a file, where that is more than its picture; None where it is not.

        Raises MeshError where that takes a mesh, and it does not answer.
        """
        return None

    async def action_save(self) -> None:
        """Ask where to. The picture is taken now, before the question covers what it is of."""
        from meshtui.tui.saving import default_name  # noqa: PLC0415 - a start need not wait for these
        from meshtui.tui.screens.save import SaveDialog  # noqa: PLC0415
        from meshtui.tui.svg import portable  # noqa: PLC0415

        where = " ".join(self.crumbs[1:])
        picture = portable(self.app.export_screenshot(title=f"meshtui {where}"))
        update = cast(LayoutUpdate, self._compositor.render_update(full=True))
        lines = "".join(f"{''.join(strip.text for strip in strips).rstrip()}\n" for strips in update.strips)

        async def draw(kind: str) -> str:
            drawn = await self.draw(kind)
            return drawn if drawn is not None else {"svg": picture, "txt": lines}[kind]

        name = default_name(self.crumbs[-1], self.KINDS[0], self.board.now())
        await self.open(SaveDialog(where, name, self.KINDS, draw, self.board))


class SavingRows(Saving):
    """A list of certificates: all rows that pass the filter are saved, in sight or not."""

    KINDS: ClassVar[tuple[str, ...]] = ("csv", "json", "txt", "svg")

    @property
    def listed(self) -> Query:
        """Which rows are listed, in which order."""
        raise NotImplementedError

    async def draw(self, kind: str) -> str | None:
        """The rows, asked of the mesh; a picture is of what is in sight."""
        if kind == "svg":
            return None
        from meshtui.operations import every_row  # noqa: PLC0415 - a start need not wait for these
        from meshtui.present.saved import as_csv, as_json, as_text  # noqa: PLC0415

        query, now = self.listed, self.board.now()
        rows = await every_row(self.board.the_mesh(), query)
        if kind == "csv":
            return as_csv(rows)
        if kind == "json":
            return as_json(rows, query.view, query.filter, now)
        return as_text(rows, query.view, now, self.board.glyphs)
