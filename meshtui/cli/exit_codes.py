"""Exit statuses: what the shell learns. Derived from errors here and nowhere else."""

from __future__ import annotations

from enum import IntEnum

from meshtui.errors import MeshError, RefusedError, UnreachableError, UsageError


class Exit(IntEnum):
    """The contract with scripts."""

    FINE = 0
    FAILED_CHECK = 1
    """A verification failed or a critical finding stands."""
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    """Not allowed, read-only, not confirmed."""
    FAILED = 5
    """Anything else."""


def exit_code(error: MeshError) -> Exit:
    """The status for an error."""
    match error:
        case UsageError():
            return Exit.USAGE
        case UnreachableError():
            return Exit.UNREACHABLE
        case RefusedError():
            return Exit.REFUSED
        case _:
            return Exit.FAILED
