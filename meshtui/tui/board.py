"""What the console knows: the mesh, its rows, how fresh they are, and what was said last. Values, free of Textual.

The app changes it when messages arrive; screens only read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from meshtui.errors import MeshError, UnreachableError
from meshtui.keymap import Keymap
from meshtui.mesh.actions import Progress
from meshtui.mesh.interface import Mesh
from meshtui.mesh.snapshot import MeshInfo
from meshtui.present.glyphs import Glyphs
from meshtui.saved_filters import SavedFilter
from meshtui.tui.marked import Marked
from meshtui.tui.widgets.row_store import Changes, RowStore


class Link(Enum):
    """How things stand between the console and the mesh."""

    OPENING = "opening"
    LIVE = "live"
    STALE = "stale"
    """It stopped answering; what is shown is as old as `Board.last_heard`."""
    CLOSED = "closed"
    """It could not be opened at all."""


@dataclass(frozen=True)
class Told:
    """A sentence for the person, and whether it is about something that went wrong."""

    text: str
    wrong: bool = False
    about: str | None = None
    """Of a refusal: the target that it is about (empty: there was none). It holds as long as that stays as it is."""
    stays: bool = False
    """Whether it is to be read, and so stands until the person puts it away, or something else is said."""


@dataclass
class Running:
    """A verb on several targets that is under way."""

    verb: str
    total: int
    ended: int = 0
    """Targets that have had their turn."""
    stopping: bool = False
    """Whether it is to end when the target whose turn it is has had it."""


@dataclass
class Board:
    """Everything that screens read."""

    now: Callable[[], datetime]
    glyphs: Glyphs
    opening: str
    """What is being waited for at the start: `starting the mesh`."""
    keymap: Keymap = field(default_factory=Keymap)
    saved: tuple[SavedFilter, ...] = ()
    """Filters that the person saved."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By places: columns that lists show whatever the width."""
    commands: list[str] = field(default_factory=list)
    """What was typed behind `:`, the latest last."""
    held: list[tuple[str, str | None]] | None = None
    """Keys, each with its character, that wait for a digit before them to have led to its place; None without one."""
    protected: bool = False
    """Whether this mesh is only looked at because the settings of this person protect it."""
    store: RowStore = field(init=False)
    mesh: Mesh | None = None
    info: MeshInfo | None = None
    link: Link = Link.OPENING
    last_heard: datetime | None = None
    error: MeshError | None = None
    """Why the link is stale or closed."""
    complete: bool = False
    """Whether the rows were loaded to the last."""
    said: Told | Progress | None = None
    """For the status line."""
    marked: Marked = field(default_factory=Marked)
    """What the verbs work on instead of the row under the cursor, if there is any."""
    running: Running | None = None
    dismissed: tuple[str, ...] = ()
    """Notices that were put away; others show."""

    def __post_init__(self) -> None:
        self.store = RowStore(now=self.now)

    def the_mesh(self) -> Mesh:
        """The mesh, to be asked; raises UnreachableError where there is none yet."""
        if self.mesh is None:
            raise UnreachableError("There is no mesh to ask.")
        return self.mesh

    @property
    def notices(self) -> tuple[str, ...]:
        """What the mesh wants the person to know, unless it was put away."""
        notices = self.info.notices if self.info else ()
        return () if notices == self.dismissed else notices

    @property
    def guard(self) -> str:
        """The word for that nothing can be changed from here; empty where it can."""
        if self.info is None or not self.info.read_only:
            return ""
        return "PROTECTED" if self.protected else "READ-ONLY"

    @property
    def missing(self) -> str:
        """Why some lines of the list have no row and get none for now, as a sentence; empty where that is not so."""
        is_so = self.link is Link.STALE and not self.store.has_all
        return "Rows that were not loaded yet come when the mesh answers." if is_so else ""

    def say(self, error: MeshError, about: str | None = None) -> None:
        """Tell what went wrong."""
        self.said = Told(str(error), wrong=True, about=about)

    def pass_over(self) -> None:
        """Something else is looked at: drop what was said, unless it is to be read."""
        if not (isinstance(self.said, Told) and self.said.stays):
            self.said = None

    def take_back(self, changes: Changes | None = None) -> None:
        """Drop a refusal whose row changed or, without `changes`, because something else is looked at from now on."""
        about = self.said.about if isinstance(self.said, Told) else None
        targets = {row.target for pair in changes.rows for row in pair if row is not None} if changes else {about}
        if about is not None and about in targets:
            self.said = None
