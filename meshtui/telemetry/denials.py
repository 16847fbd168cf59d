"""The table of calls that were denied, one row for each. Statements alone: when they are committed is `store`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from meshtui.mesh.traffic import Call
from meshtui.mesh.words import Words

VERSION = 1
SCHEMA = """
CREATE TABLE denials (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, source_target TEXT NOT NULL, destination TEXT NOT NULL,
  words TEXT NOT NULL, call BLOB NOT NULL);
CREATE INDEX denials_by_time ON denials (at);
CREATE INDEX denials_by_source ON denials (source_target, at) WHERE source_target != '';
CREATE INDEX denials_by_destination ON denials (destination, at);
"""
"""`words` is what a filter looks at, `call` the whole as MessagePack."""

_DECODER = msgspec.msgpack.Decoder(Call)
_INSERT = "INSERT INTO denials (at, source_target, destination, words, call) VALUES (?, ?, ?, ?, ?)"


def words_of(call: Call) -> str:
    """All that a filter looks at, in lower case."""
    fields = (call.source, call.source_target, call.destination, call.destination_identity, call.method, call.host)
    rest = (call.path, str(call.status), call.outcome.value, call.policy, call.tls or "plaintext", call.details)
    # NUL between the fields: a word must be found inside one of them, not across two
    return "\0".join((*fields, *rest)).casefold()


def insert(connection: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Add these."""
    encode = msgspec.msgpack.encode
    rows = ((each.at.timestamp(), each.source_target, each.destination, words_of(each), encode(each)) for each in calls)
    connection.executemany(_INSERT, rows)


def prune(connection: sqlite3.Connection, most: int, oldest: datetime) -> None:
    """Remove what is older than that, and the oldest of more than `most`."""
    connection.execute("DELETE FROM denials WHERE at < ?", (oldest.timestamp(),))
    connection.execute(
        "DELETE FROM denials WHERE id <= (SELECT id FROM denials ORDER BY id DESC LIMIT 1 OFFSET ?)", (most,)
    )


def select(
    connection: sqlite3.Connection, words: Words, target: str = "", since: datetime | None = None, limit: int = -1
) -> Iterator[Call]:
    """Newest first. `target` is either end. -1: no limit."""
    start = (since or datetime.fromtimestamp(0, UTC)).timestamp()
    conditions = [
        "at >= ?",
        *["instr(words, ?) > 0"] * len(words.wanted),
        *["instr(words, ?) = 0"] * len(words.unwanted),
    ]
    filtered = " AND ".join(conditions)
    values: list[float | str] = [start, *words.wanted, *words.unwanted]
    # each end by an index of its own, in order: SQLite sorts what an OR finds, which may be all there is
    ends = ("destination = ?", "source_target = ? AND source_target != '' AND destination != source_target")
    parts = [f"{end} AND {filtered}" for end in ends] if target else [filtered]
    select = "SELECT at, call FROM denials WHERE {} ORDER BY at DESC LIMIT ?"
    each = " UNION ALL ".join(f"SELECT * FROM ({select.format(part)})" for part in parts)  # noqa: S608 - conditions of our own
    given = [*([target] if target else []), *values, limit] * len(parts)
    for _, call in connection.execute(f"{each} ORDER BY at DESC LIMIT ?", (*given, limit)):
        yield _DECODER.decode(call)
