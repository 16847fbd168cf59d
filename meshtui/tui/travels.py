"""How a person gets from place to place: by digits, commands, saved filters, and back the way they came.

Which screens the places have is the app's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App
from textual.events import Key

from meshtui.errors import MeshError
from meshtui.mesh.access import AccessQuestion
from meshtui.mesh.rows import Row, Sort
from meshtui.saved_filters import SavedFilter, read_sort
from meshtui.tui.board import Board, Told
from meshtui.tui.messages import Commanded
from meshtui.tui.places import Place
from meshtui.tui.planning import action_of, propose, propose_fix, refusal
from meshtui.tui.screens.filtered import Filtered, Placed
from meshtui.tui.screens.framed import Framed
from meshtui.tui.screens.list import ListScreen
from meshtui.tui.trail import Trail, Visit

if TYPE_CHECKING:  # a start need not wait for it
    from meshtui.tui.command_line import Command

COMMANDS = 100
"""Commands that are remembered."""


class Travels(App[None]):
    """The part of the app that goes where it is told."""

    board: Board

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._trail = Trail()

    async def show_place(self, place: Place) -> None:
        """Put the screen of a place on top, and nothing above it."""
        raise NotImplementedError

    def dress(self, theme: str) -> bool:
        """Wear the theme of this name; returns whether the terminal can show it."""
        raise NotImplementedError

    @property
    def here(self) -> Visit | None:
        """The place in sight, or the one below what is."""
        screen = self._placed
        if screen is None:
            return None
        return Visit(screen.place, screen.filter if isinstance(screen, Filtered) else None)

    @property
    def _placed(self) -> Placed | None:
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Placed)), None)

    # Places.

    async def action_place(self, name: str) -> None:
        """Go to a place, from wherever one is."""
        await self._visit(Visit(Place(name)))

    async def action_saved(self, index: int) -> None:
        """Apply a saved filter."""
        await self._apply(self.board.saved[index])

    async def action_travel_back(self) -> None:
        """Go to the place before this one."""
        await self._retrace(self._trail.back, "There is no place before this one.")

    async def action_travel_forward(self) -> None:
        """Go again to the place that one came back from."""
        await self._retrace(self._trail.forward, "There is no place after this one.")

    async def action_travel_to_last(self) -> None:
        """Go to the place where one was last; once more, back here."""
        if self._trail.last is None:
            self._say("There was no other place yet.")
        else:
            await self._visit(self._trail.last)

    def on_led(self) -> None:
        """Hand the keys that waited to what is in sight now, as they would have come to it."""
        held, self.board.held = self.board.held or [], None
        for key, character in held:
            (self.focused or self.screen)._forward_event(Key(key, character))  # noqa: SLF001 - as Textual does

    @contextmanager
    def batch_update(self) -> Iterator[None]:
        """Paint once, at the end. A screen that was told to paint meanwhile has put it off, and Textual forgets it."""
        with super().batch_update():
            yield
        if self.screen_stack:
            self.screen.check_idle()

    async def _visit(self, to: Visit, *, trail: Trail | None = None) -> None:
        self._trail = self._trail.went(self.here, to) if trail is None else trail
        with self.batch_update():
            await self.show_place(to.place)
            if to.filter is not None and isinstance(screen := self._placed, Filtered):
                screen.narrow(to.filter)

    async def _retrace(self, step: Any, none: str) -> None:
        here = self.here
        found = None if here is None else step(here)
        if found is None:
            self._say(none)
            return
        trail, to = found
        await self._visit(to, trail=trail)

    async def _apply(self, saved: SavedFilter) -> None:
        await self._visit(Visit(Place(saved.place), saved.filter))
        if saved.sort and isinstance(screen := self._placed, ListScreen):
            sort, descending = read_sort(saved.sort)
            screen.sort_by(sort, descending=descending)

    # Commands.

    async def on_commanded(self, message: Commanded) -> None:
        """Do what was typed."""
        from meshtui.tui.command_line import Known, parse  # noqa: PLC0415 - a start need not wait for it

        text, said = message.text.strip(), self.board.commands
        command = parse(text, Known(tuple(saved.name for saved in self.board.saved)))
        if command is None:
            return
        if said[-1:] != [text]:
            said.append(text)
            del said[:-COMMANDS]
        await self._obey(command)

    async def _obey(self, command: Command) -> None:
        from meshtui.tui import command_line as typed  # noqa: PLC0415 - a start need not wait for it

        match command:
            case typed.Wrong(text):
                self._say(text)
            case typed.Go(place, text):
                await self._visit(Visit(place, text))
            case typed.InNamespace(namespace):
                await self._narrow_to(namespace)
            case typed.Apply(name):
                await self._apply(next(saved for saved in self.board.saved if saved.name == name))
            case typed.SortBy(sort, descending):
                self._sort_by(sort, descending=descending)
            case typed.Wear(theme):
                self._wear(theme)
            case typed.Do(action):
                await self._do(action)
            case typed.Explain(source, destination):
                await self._explain(AccessQuestion(source=source, destination=destination))
            case typed.Act(verb, target):
                self._act(verb, target)

    def _sort_by(self, sort: Sort, *, descending: bool) -> None:
        if isinstance(screen := self._placed, ListScreen):
            screen.sort_by(sort, descending=descending)
        else:
            self._say("Only lists of certificates are sorted.")

    async def _narrow_to(self, namespace: str) -> None:
        from meshtui.tui.command_line import in_namespace  # noqa: PLC0415 - a start need not wait for it

        here = self.here
        if here is None or here.filter is None:
            here = Visit(Place.IDENTITIES, self.board.store.filter)
        if here.place.view is not None:
            await self._visit(Visit(here.place, in_namespace(here.filter or "", namespace)))
        else:
            await self._visit(Visit(here.place, namespace))

    def _wear(self, theme: str) -> None:
        if self.dress(theme):
            self._say(f'To begin with these colours, set in config.toml: theme = "{theme}"', wrong=False)
        else:
            self._say(f"This terminal shows 16 colours or none, too few for the theme {theme}: it keeps its own.")

    async def _do(self, action: str) -> None:
        if action == "quit":
            self.exit()
        elif action == "matrix":
            await self._visit(Visit(Place.POLICIES))
            await self.screen.run_action("matrix")
        elif action == "only-trouble" and not isinstance(self._placed, ListScreen):
            self._say("Only lists of certificates know trouble.")
        elif action == "only-trouble":
            assert self._placed is not None
            await self._placed.run_action("only_trouble")
        else:
            await self.screen.run_action(action)

    async def _explain(self, question: AccessQuestion) -> None:
        from meshtui.tui.asking import explained  # noqa: PLC0415 - a start need not wait for these
        from meshtui.tui.screens.page import PageScreen  # noqa: PLC0415

        if isinstance(below := self.screen, Framed):
            await below.open(PageScreen(self.board, (*below.crumbs, "explain"), explained(question)))

    @work(exclusive=True, group="act")
    async def _act(self, verb: str, target: str) -> None:
        """Do what the key does, once it is known that there is such a target."""
        from meshtui.mesh.nearest import row_of  # noqa: PLC0415 - a start need not wait for it

        below = self.screen
        if not isinstance(below, Framed):
            return
        try:
            row = self.board.store.get(target) or await row_of(self.board.the_mesh(), target)
        except MeshError as error:
            self._say(str(error))
            return
        if below.is_current:  # and the person has not gone elsewhere meanwhile
            await self._act_on(row, verb, below)

    async def _act_on(self, row: Row, verb: str, below: Framed) -> None:
        if verb == "open":
            from meshtui.tui.screens.detail import DetailScreen  # noqa: PLC0415 - a start need not wait for it

            await below.open(DetailScreen(self.board, row.target, below.crumbs))
        elif verb == "fix":
            await propose_fix(below, row)
        elif refused := refusal(verb, row, self.board):
            below.say(refused)
        elif verb == "verify":
            from meshtui.tui.screens.verify import VerifyScreen  # noqa: PLC0415 - a start need not wait for it

            await below.open(VerifyScreen(self.board, row.target, (*below.crumbs, row.target)))
        else:
            await propose(below, action_of(verb, row), row.target)

    def _say(self, text: str, *, wrong: bool = True) -> None:
        self.board.said = Told(text, wrong)
        if isinstance(self.screen, Framed):
            self.screen.refresh_frame()
