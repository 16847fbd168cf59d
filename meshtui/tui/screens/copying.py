"""Copying from a screen: what is under the cursor, or what is marked, and a sentence that says what was copied how."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.mesh.rows import Detail, Row
from meshtui.operations import side_by_side
from meshtui.tui.board import Told
from meshtui.tui.clipboard import copy
from meshtui.tui.keys import bound
from meshtui.tui.messages import Failed
from meshtui.tui.screens.framed import Framed

_AT_ONCE = 4
"""Details that are asked for together."""


class Copying(Framed):
    """A screen with something that can be copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("copy"),
        bound("copy-pem"),
    ]

    _again: tuple[tuple[str, str], ...] = ()
    """What was to be copied when the key was pressed last, and how often it was pressed since."""
    _presses = 0

    def copied(self) -> tuple[tuple[str, str], ...]:
        """What the key copies, and copies when it is pressed again: each what it is, and its text."""
        return ()

    @property
    def has_pem(self) -> bool:
        """Whether there is a certificate to copy."""
        return False

    def why_not(self, action: str) -> str:
        """Why an action does not work here."""
        return super().why_not(action) if action != "copy_pem" or self.has_pem else "none here"

    def action_copy(self) -> None:
        """Copy; pressed again, the next value of the same thing."""
        values = tuple((what, text) for what, text in self.copied() if text)
        self._presses = self._presses + 1 if values == self._again else 0
        self._again = values
        if values:
            self.put(*reversed(values[self._presses % len(values)]))
        else:
            self.say(Told("There is nothing here to copy.", wrong=True))

    def action_copy_pem(self) -> None:
        """Copy certificates, where there are any."""
        self.say(Told("There is no certificate here to copy.", wrong=True))

    @work(exclusive=True, group="copy")
    async def put(self, text: str, what: str) -> None:
        """Have a text in the clipboard, and say so."""
        said = await copy(text, self.board.glyphs.show(what), self.app.copy_to_clipboard)
        self.say(Told(said, wrong=said.startswith("Not ")))


class CopyingRows(Copying):
    """A screen about rows of certificates: their certificates can be copied as well."""

    def rows_to_copy(self) -> tuple[Row, ...]:
        """The rows that are meant."""
        raise NotImplementedError

    @property
    def has_pem(self) -> bool:
        """Whether any of them has a certificate."""
        return any(row.serial for row in self.rows_to_copy())

    def copied(self) -> tuple[tuple[str, str], ...]:
        """The targets; of one its target, identity and serial."""
        rows = self.rows_to_copy()
        if len(rows) != 1:
            return ((f"{len(rows)} targets", "\n".join(row.target for row in rows)),)
        (row,) = rows
        return (row.target, row.target), (f"the identity of {row.target}", row.identity), ("the serial", row.serial)

    def action_copy_pem(self) -> None:
        """Copy the certificates that are held, each with its chain."""
        if self.has_pem:
            self._copy_pem(tuple(row.target for row in self.rows_to_copy() if row.serial))
        else:
            super().action_copy_pem()

    @work(exclusive=True, group="pem")
    async def _copy_pem(self, targets: tuple[str, ...]) -> None:
        try:
            details = await side_by_side(self._asked, targets, at_once=_AT_ONCE)
        except MeshError as error:
            self.app.post_message(Failed(error, about=""))
            return
        links = list(dict.fromkeys(link.pem for detail in details for link in detail.chain))
        count = f"{len(links)} certificates" if len(links) > 1 else "the certificate"
        whose = targets[0] if len(targets) == 1 else f"{len(targets)} targets"
        text = "".join(pem if pem.endswith("\n") else f"{pem}\n" for pem in links)
        self.put(text, f"{count} of {whose}")

    async def _asked(self, target: str) -> Detail:
        return await self.board.the_mesh().detail(target)
