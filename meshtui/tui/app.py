"""The console itself: its theme, its first screen, and where messages go. What screens show is theirs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar

from rich.segment import Segments
from textual import work
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from meshtui.errors import MeshError
from meshtui.keymap import Keymap
from meshtui.mesh.interface import Mesh
from meshtui.mesh.marking import rows_of
from meshtui.mesh.rows import View
from meshtui.present.glyphs import UNICODE, Glyphs
from meshtui.saved_filters import SavedFilter
from meshtui.tui import themes
from meshtui.tui.board import Board, Link, Told
from meshtui.tui.clipboard import sequence
from meshtui.tui.feed import BACKOFF, Feed, OpenMesh
from meshtui.tui.frame import Delta, Frame
from meshtui.tui.keys import bound
from meshtui.tui.messages import (
    InfoArrived,
    MeshLost,
    MeshOpened,
    MeshUnopened,
    PageArrived,
    RowsArrived,
)
from meshtui.tui.pager import Pager
from meshtui.tui.performs import Performs
from meshtui.tui.places import Place
from meshtui.tui.screens.framed import Framed
from meshtui.tui.screens.list import ListScreen
from meshtui.tui.screens.overview import OverviewScreen
from meshtui.tui.typewriter import Typewriter
from meshtui.tui.watchdog import Watchdog, guard


class MeshtuiApp(Performs):
    """The console over the mesh that `open_mesh` yields.

    It paints before the mesh is there: `open_mesh` may take its time, and `opening` says meanwhile what for.
    A `theme` is worn whatever the terminal can show, as for a picture; without one, what suits the terminal.
    """

    TITLE = "meshtui"
    CSS_PATH = "meshtui.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
        bound("redraw"),
    ]

    def __init__(
        self,
        open_mesh: OpenMesh,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        opening: str = "opening the mesh",
        place: Place = Place.OVERVIEW,
        theme: str = "",
        glyphs: Glyphs = UNICODE,
        slow_link: bool = False,
        keymap: Keymap | None = None,
        saved: Sequence[SavedFilter] = (),
        columns: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        protected: bool = False,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        # NO_COLOR: Textual then takes colours away as the theme of this moment needs it, which is not ours yet
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.board = Board(now=now, glyphs=glyphs, opening=opening, protected=protected)
        self.board.keymap, self.board.saved = keymap or Keymap(), tuple(saved)
        self.board.columns = columns
        self.board.store.arrange(place.view or View.IDENTITIES, "")
        self._first = place
        self._slow_link = slow_link
        self._frame = Frame()
        self._typewriter = Typewriter()
        self._watchdog: Watchdog | None = None
        self._feed = Feed(open_mesh, self.post_message, now, backoff=backoff)
        self._pager = Pager(self.board.store, self.post_message)
        for known in themes.THEMES:
            self.register_theme(known)
        if theme:
            self.theme = theme
        else:
            self.dress(themes.AUTO)

    @property
    def unopened(self) -> MeshError | None:
        """Why no mesh could be opened; None when one was, or when it was not waited for."""
        return self.board.error if self.board.link is Link.CLOSED else None

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, but where that is a terminal here, one that survives what terminals send."""
        from meshtui.tui.driver import TolerantDriver  # noqa: PLC0415 - tests have no terminal

        chosen = super().get_driver_class()
        return TolerantDriver if issubclass(TolerantDriver, chosen) else chosen

    def get_default_screen(self) -> Screen[None]:
        """The list, from the first paint on."""
        return ListScreen(self.board, jumps=self._slow_link)

    async def on_mount(self) -> None:
        """Begin to follow the mesh."""
        if self.board.keymap.remapped:
            self.set_keymap({**self.board.keymap.remapped})
        if not self.is_headless:
            self._watchdog = guard(self.exit)
        if self._first.view is None:
            await self.show_place(self._first)
        self.app_resume_signal.subscribe(self, lambda _app: self.action_redraw())
        self.action_reopen()

    def on_unmount(self) -> None:
        """The terminal is restored from here on, whatever happens to it."""
        if self._watchdog is not None:
            self._watchdog.stop()

    def action_reopen(self) -> None:
        """Open the mesh (again)."""
        if self.board.link is Link.CLOSED:
            self.board.link = Link.OPENING
            self.tell_screens()
        self._follow()

    @work(exclusive=True, group="feed")
    async def _follow(self) -> None:
        await self._feed.run()

    # What the feed says.

    def on_mesh_opened(self, message: MeshOpened) -> None:
        """A mesh answers."""
        self.board.mesh, self.board.info = message.mesh, message.info
        if self.board.error is not None:
            self.board.pass_over()
        self.board.link, self.board.error = Link.LIVE, None
        self._fetch(message.mesh)
        self._renew_marks(message.mesh)
        self.tell_screens()
        self.on_activity_arrived()

    @work(exclusive=True, group="pages")
    async def _fetch(self, mesh: Mesh) -> None:
        await self._pager.run(mesh)

    @work(exclusive=True, group="marks")
    async def _renew_marks(self, mesh: Mesh) -> None:
        """Learn what became of marked rows while nothing was heard of them."""
        targets = self.board.marked.targets
        with suppress(MeshError):  # of which the feed hears too, and tells
            self.board.marked.renew(targets, await rows_of(mesh, targets))
            self.tell_screens()

    def on_mesh_unopened(self, message: MeshUnopened) -> None:
        """There is no mesh."""
        self.board.link, self.board.error = Link.CLOSED, message.error
        self.tell_screens()

    def on_mesh_lost(self, message: MeshLost) -> None:
        """The mesh is gone for now; what is on the screen stays."""
        self.board.link, self.board.error, self.board.last_heard = Link.STALE, message.error, message.last_heard
        self.board.pass_over()
        if self.board.said is None:  # the header says it too
            sentences = (message.error.message, self.board.missing, message.error.fix)
            self.board.said = Told(" ".join(filter(None, sentences)), wrong=True)
        self.tell_screens()

    def on_rows_arrived(self, message: RowsArrived) -> None:
        """Rows are different."""
        self.board.complete = self.board.complete or message.complete
        changes = self.board.store.update(message.rows, message.gone)
        self.board.take_back(changes)
        self.board.marked.update(message.rows, message.gone)
        self.tell_screens(changes)

    def on_page_arrived(self, message: PageArrived) -> None:
        """A large mesh answered."""
        changes = self.board.store.take(message.query, message.page)
        self.board.complete = self.board.complete or self.board.store.is_answered
        self.board.take_back(changes)
        self.tell_screens(changes)

    def on_info_arrived(self, message: InfoArrived) -> None:
        """The mesh is different."""
        self.board.info = message.info
        self.tell_screens()

    def on_activity_arrived(self) -> None:
        """Policies, traffic or the audit are different."""
        for screen in self.screen_stack:
            if isinstance(screen, Framed) and screen.is_mounted:
                screen.activity_changed()

    # Where a person goes.

    async def show_place(self, place: Place) -> None:
        """Put the screen of a place on top, and nothing above it."""
        with self.batch_update():
            while len(self.screen_stack) > 1:
                await self.pop_screen()
            if place.view is not None:
                root = self.screen
                assert isinstance(root, ListScreen)  # the first screen, below all others
                root.show_view(place.view)
                return
            if not self.is_screen_installed(place.value):
                self.install_screen(self._made(place), place.value)
            await self.push_screen(place.value)

    def _made(self, place: Place) -> Screen[None]:
        """The screen of a place that is no view. It is kept, with its filter and its cursor."""
        jumps = self._slow_link
        # a start need not wait for those that it does not show
        if place is Place.OVERVIEW:
            return OverviewScreen(self.board, jumps=jumps)
        if place is Place.AUTHORITIES:
            from meshtui.tui.screens.authorities import AuthoritiesScreen  # noqa: PLC0415

            return AuthoritiesScreen(self.board, jumps=jumps)
        if place is Place.POLICIES:
            from meshtui.tui.screens.policies import PoliciesScreen  # noqa: PLC0415

            return PoliciesScreen(self.board, jumps=jumps)
        if place is Place.TRAFFIC:
            from meshtui.tui.screens.traffic import TrafficScreen  # noqa: PLC0415

            return TrafficScreen(self.board, jumps=jumps)
        if place is Place.FINDINGS:
            from meshtui.tui.screens.findings import FindingsScreen  # noqa: PLC0415

            return FindingsScreen(self.board, jumps=jumps)
        from meshtui.tui.screens.audit import AuditScreen  # noqa: PLC0415

        return AuditScreen(self.board, jumps=jumps)

    # The terminal.

    def dress(self, theme: str) -> bool:
        """Wear the theme of this name, or the one that `auto` comes to; returns whether the terminal can show it."""
        self.theme = themes.choose(theme, self.console.color_system, os.environ)
        return theme in (themes.AUTO, self.theme)

    def copy_to_clipboard(self, text: str) -> None:
        """Have the terminal take a text, also where GNU screen stands between."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(sequence(text, os.environ))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Where there is ASCII alone, all that is drawn goes through the typewriter at last."""
        filters = super().get_line_filters()
        return [*filters, self._typewriter] if self.board.glyphs.ascii_only else filters

    def action_redraw(self) -> None:
        """Send everything again, because something else wrote to the terminal."""
        self._frame.forget()
        self.refresh()

    def on_resize(self) -> None:
        """Terminals do as they like with what they showed before."""
        self._frame.forget()

    def _display(self, screen: Screen[object], renderable: object) -> None:
        if isinstance(renderable, ChopsUpdate) and self._frame.is_blank:
            # a part of what nothing is known of would leave it so, and the next update be sent whole again
            renderable = screen._compositor.render_full_update()  # noqa: SLF001 - Textual has no other way to ask
        if isinstance(renderable, CompositorUpdate):
            renderable = Delta(self._frame, renderable)
        super()._display(screen, renderable)  # type: ignore[arg-type]  # Textual types it as any renderable

    def _fatal_error(self) -> None:
        # Textual's own shows the values of local variables, and there is no telling what those are
        from rich.traceback import Traceback  # noqa: PLC0415 - it loads pygments, 30 ms that a start need not wait for

        self.bell()
        self._exit_renderables.append(Segments(self.console.render(Traceback(show_locals=False, suppress=[]))))
        self._close_messages_no_wait()
