"""The tables of the ledger, today's and how older ones become them. Nothing reads or writes rows but a migration.

`decisions` has one row for each decision; `events` says in which order each became final, in a hash chain; `head`
is the end of that chain as the CA signed it; `signers` are the authorities that ever signed, which outlive their
certificates.
"""

from __future__ import annotations

import sqlite3

from meshtui.ca.chain import COVERED, START, Kind, digest, link

VERSION = 3
SIGNED_SINCE = 2
"""From this version on a ledger that has events has a signed head."""

_FIRST = """
CREATE TABLE decisions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL CHECK (state IN ('intent', 'issued', 'failed', 'refused')),
  at TEXT NOT NULL,
  target TEXT NOT NULL, namespace TEXT NOT NULL, pod_name TEXT NOT NULL, pod_uid TEXT NOT NULL,
  actor TEXT NOT NULL, authenticator TEXT NOT NULL,
  authority TEXT NOT NULL DEFAULT '', serial TEXT UNIQUE, identity TEXT NOT NULL DEFAULT '',
  csr_sha256 TEXT NOT NULL DEFAULT '', public_key_sha256 TEXT NOT NULL DEFAULT '',
  requested_names TEXT NOT NULL DEFAULT '',
  requested_seconds INTEGER NOT NULL DEFAULT 0, effective_seconds INTEGER NOT NULL DEFAULT 0,
  limited_by TEXT NOT NULL DEFAULT '', not_before TEXT, not_after TEXT,
  pem TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '');
CREATE INDEX decisions_by_pod ON decisions (pod_uid, number);
CREATE INDEX decisions_by_target ON decisions (target, number);
CREATE INDEX decisions_by_authority ON decisions (authority);
CREATE INDEX refusals ON decisions (number) WHERE state = 'refused';
"""

_SECOND = """
ALTER TABLE decisions ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE decisions ADD COLUMN last_at TEXT;
ALTER TABLE decisions ADD COLUMN sealed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX open_refusals ON decisions (number) WHERE sealed = 0;
CREATE TABLE events (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, decision INTEGER NOT NULL, body TEXT NOT NULL DEFAULT '',
  digest BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL,
  signature TEXT NOT NULL, algorithm TEXT NOT NULL, certificate_serial TEXT NOT NULL, certificate TEXT NOT NULL);
CREATE TABLE signers (name TEXT PRIMARY KEY) WITHOUT ROWID;
DROP INDEX decisions_by_pod;
DROP INDEX decisions_by_target;
DROP INDEX decisions_by_authority;
CREATE INDEX decisions_by_pod ON decisions (pod_uid, number) WHERE pod_uid != '';
CREATE INDEX decisions_by_target ON decisions (target, number) WHERE target != '';
CREATE INDEX decisions_by_identity ON decisions (identity, number) WHERE identity != '';
"""

_THIRD = """
ALTER TABLE decisions ADD COLUMN policy TEXT NOT NULL DEFAULT '';
"""

SCHEMA = _FIRST + _SECOND + _THIRD


def migrate_first(connection: sqlite3.Connection) -> None:
    """From version 1, which had no chain: it begins with what the rows say now, and vouches for nothing before."""
    for statement in filter(str.strip, _SECOND.split(";")):
        connection.execute(statement)
    connection.execute("INSERT INTO signers SELECT DISTINCT authority FROM decisions WHERE authority != ''")
    number, previous = 0, START
    for decision, state in connection.execute("SELECT number, state FROM decisions ORDER BY number").fetchall():
        kinds = (Kind.REFUSED,) if state == "refused" else (Kind.INTENT_2, Kind(state))
        for kind in dict.fromkeys(kinds):
            number += 1
            columns = ", ".join(COVERED[kind])
            (values,) = connection.execute(
                f"SELECT {columns} FROM decisions WHERE number = ?",  # noqa: S608 - names of our own
                (decision,),
            ).fetchall()
            content = digest(kind, values)
            previous = link(previous, number, kind, decision, content)
            connection.execute(
                "INSERT INTO events (number, kind, decision, digest, hash) VALUES (?, ?, ?, ?, ?)",
                (number, kind, decision, content, previous),
            )


def migrate_second(connection: sqlite3.Connection) -> None:
    """From version 2, whose intents say no policy: theirs stays empty, and their events as they were signed."""
    connection.execute(_THIRD)


MIGRATIONS = (migrate_first, migrate_second)
