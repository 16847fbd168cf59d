"""What the workers of the console tell its screens. Data only; who handles it decides what to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.message import Message

from meshtui.errors import MeshError
from meshtui.mesh.actions import Plan, Progress
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Page, Query, Row
from meshtui.mesh.snapshot import MeshInfo

if TYPE_CHECKING:  # a start need not wait for it
    from meshtui.mesh.batch import Batch, Ended


@dataclass
class MeshOpened(Message):
    """A mesh answers; rows follow."""

    mesh: Mesh
    info: MeshInfo


@dataclass
class MeshUnopened(Message):
    """No mesh could be opened, and none was before."""

    error: MeshError


@dataclass
class MeshLost(Message):
    """The mesh stopped answering; it is being tried again."""

    error: MeshError
    last_heard: datetime


@dataclass
class RowsArrived(Message):
    """Rows that are new or different, targets that are gone."""

    rows: tuple[Row, ...] = ()
    gone: tuple[str, ...] = ()
    complete: bool = True
    """False while more pages of a first load are on their way."""


@dataclass
class PageArrived(Message):
    """The answer of a large mesh to a question about its rows."""

    query: Query
    page: Page


@dataclass
class InfoArrived(Message):
    """The mesh itself is different."""

    info: MeshInfo


class ActivityArrived(Message):
    """Policies, traffic or the audit are different."""


@dataclass
class PlanConfirmed(Message):
    """A person said yes to a plan."""

    plan: Plan


@dataclass
class BatchConfirmed(Message):
    """A person said yes to a verb on several targets."""

    batch: Batch


@dataclass
class BatchEnded(Message):
    """It is over, one way or another."""

    ended: Ended


@dataclass
class Progressed(Message):
    """A plan that is being performed came a step further, or ended."""

    progress: Progress


@dataclass
class Failed(Message):
    """Something that was asked for cannot be done."""

    error: MeshError
    about: str | None = None
    """The target of which that is so for now; None where it happened, and stays so."""


class Led(Message):
    """A digit has led to its place, if it led anywhere."""


@dataclass
class Commanded(Message):
    """A person typed a command."""

    text: str
