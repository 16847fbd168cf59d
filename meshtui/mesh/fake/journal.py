"""What happened in the fake mesh: certificates that were issued, and what operators did."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import datetime

from msgspec import structs

from meshtui.errors import UsageError
from meshtui.mesh.rows import HistoryEntry, Row
from meshtui.mesh.targets import serial_in


class Journal:
    """Entries in the order in which they were made."""

    def __init__(self) -> None:
        self._entries: list[HistoryEntry] = []

    def __iter__(self) -> Iterator[HistoryEntry]:
        """All entries, oldest first."""
        return iter(self._entries)

    def newest(self, target: str, limit: int) -> list[HistoryEntry]:
        """At most `limit` entries, newest first; of everything when `target` is empty."""
        return [entry for entry in reversed(self._entries) if target in ("", entry.target)][:limit]

    def of_serial(self, serial: str, limit: int) -> list[HistoryEntry]:
        """The same for one certificate; raises UsageError when it is not known."""
        found = [
            structs.replace(entry, record={"serial": serial}) if entry.kind == "issued" else entry
            for entry in reversed(self._entries)
            if serial_in(entry.serial) == serial
        ]
        if not found:
            raise UsageError(f"The CA of this mesh has nothing on record about the serial {serial}.")
        return found[:limit]

    def decisions(self) -> Iterator[tuple[datetime, bool]]:
        """When something was issued (True), or came to nothing, oldest first."""
        for entry in sorted(self._entries, key=lambda entry: entry.at):
            if entry.kind == "issued" or entry.outcome == "failed":
                yield entry.at, entry.kind == "issued"

    def operated(
        self, at: datetime, target: str, verb: str, outcome: str, *, error: str = "", serial: str = ""
    ) -> None:
        """An operator did something, and how it ended."""
        text = f"{verb}: {error}" if error else verb
        self._entries.append(
            HistoryEntry(
                at=at,
                kind="operator",
                target=target,
                actor=getpass.getuser(),
                text=text,
                outcome=outcome,
                serial=serial,
            )
        )

    def issued(self, at: datetime, row: Row) -> None:
        """The certificate that `row` holds now was signed."""
        self._entries.append(
            HistoryEntry(
                at=at,
                kind="issued",
                target=row.target,
                actor=row.identity,
                text=f"signed by {row.issuer}",
                outcome="ok",
                serial=row.serial,
                not_after=row.not_after,
                credential="token",
            )
        )
