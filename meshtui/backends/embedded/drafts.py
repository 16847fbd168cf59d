"""A plan before it has an id and a time."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.mesh.actions import PlannedStep


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The part of a `Plan` that follows from an action and the mesh as it is; see there."""

    title: str
    verb: str
    steps: tuple[PlannedStep, ...]
    command: str
    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


def count(number: int, noun: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
