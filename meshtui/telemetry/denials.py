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
    """Newest first. `target` is either end; rows are read as they are asked for. -1: no limit."""
    conditions, values = ["at >= ?"], [(since or datetime.fromtimestamp(0, UTC)).timestamp()]
    conditions += ["instr(words, ?) > 0"] * len(words.wanted) + ["instr(words, ?) = 0"] * len(words.unwanted)
    texts: list[float | str] = [*words.wanted, *words.unwanted]
    if target:
        conditions.append("(destination = ? OR (source_target = ? AND source_target != ''))")
        texts += [target, target]
    where = " AND ".join(conditions)
    query = f"SELECT call FROM denials WHERE {where} ORDER BY at DESC LIMIT ?"  # noqa: S608 - conditions of our own
    for (call,) in connection.execute(query, (*values, *texts, limit)):
        yield _DECODER.decode(call)
