"""How the renewal of one SVID stands, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshtui.identity.svid import Svid


@dataclass(frozen=True)
class Pending:
    """No certificate yet, and nothing has failed."""


@dataclass(frozen=True)
class Ready:
    """This one is in service."""

    svid: Svid
    due_at: datetime


@dataclass(frozen=True)
class Failed:
    """The last attempt failed; `last_good` is still in service if it is not None."""

    error: str
    unreachable: bool
    """Whether the CA could not be reached, rather than having refused."""
    last_good: Ready | None


SvidState = Pending | Ready | Failed


def ready_of(state: SvidState) -> Ready | None:
    """The certificate in service, whatever became of the attempt to replace it."""
    match state:
        case Ready():
            return state
        case Failed(last_good=last_good):
            return last_good
        case Pending():
            return None
