"""What a list of things that are no certificates is made of: how it is read, told apart, searched and shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from meshtui.mesh.filter_fields import Language
from meshtui.mesh.interface import Mesh
from meshtui.present.columns import Table
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What one call to the mesh brought."""

    items: Sequence[T]
    note: str = ""
    """For the header: since when, what is missing."""


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list of one kind of thing."""

    noun: str
    """What the items are called: `policies`."""
    capability: str
    """The verb under which a mesh says whether it has them."""
    read: Callable[[Mesh], Awaitable[Reading[T]]]
    key: Callable[[T], str]
    """What tells an item from all others, and stays the same when it changes."""
    language: Language[T]
    """What a filter can ask of them."""
    table: Table[T]
    summary: Callable[[T, datetime, int, Glyphs], tuple[Line, ...]]
    """The item under the cursor, in lines of a width."""
    is_timeline: bool = False
    """Whether new items come at the top, where the cursor follows them until it is moved."""
