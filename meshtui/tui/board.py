"""What the console knows: the mesh, its rows, how fresh they are, and what was said last. Values, free of Textual.

The app changes it when messages arrive; screens only read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from meshtui.errors import MeshError
from meshtui.mesh.actions import Progress
from meshtui.mesh.interface import Mesh
from meshtui.mesh.snapshot import MeshInfo
from meshtui.present.glyphs import Glyphs
from meshtui.tui.widgets.row_store import RowStore


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


@dataclass
class Board:
    """Everything that screens read."""

    now: Callable[[], datetime]
    glyphs: Glyphs
    opening: str
    """What is being waited for at the start: `starting the mesh`."""
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
    dismissed: tuple[str, ...] = ()
    """Notices that were put away; others show."""

    def __post_init__(self) -> None:
        self.store = RowStore(now=self.now)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the mesh wants the person to know, unless it was put away."""
        notices = self.info.notices if self.info else ()
        return () if notices == self.dismissed else notices

    def say(self, error: MeshError) -> None:
        """Tell what went wrong."""
        self.said = Told(str(error), wrong=True)
