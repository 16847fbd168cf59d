"""What operators did, kept within a bound."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meshtui.config.journal import Journal
from meshtui.config.store import open_config

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_oldest_actions_are_forgotten(tmp_path: Path) -> None:
    """The newest stay, however many there were, and a new owner of the file goes on from there."""
    with closing(open_config(tmp_path / "config.db")) as connection:
        for number in range(10):
            journal = Journal(connection, kept=3)
            journal.begin(actor="ops", verb="rotate", target=f"workload/prod/{number}", now=NOW + timedelta(number))
        assert [entry.target for entry in journal.entries("", 100)] == [f"workload/prod/{n}" for n in (9, 8, 7)]
