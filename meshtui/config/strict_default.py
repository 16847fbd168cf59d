"""What a mesh of the time before policies is given, so that an update makes none weaker: it was STRICT throughout.

Istio's default, without any PeerAuthentication, is PERMISSIVE; a mesh that has never had one in its store had no
way to ask for STRICT and got it all the same. Schema 3.
"""

from __future__ import annotations

import json
import sqlite3
import uuid

from meshtui.manifest.model import Namespace, ObjectKey
from meshtui.manifest.policy_model import ROOT_NAMESPACE, MtlsMode, PeerAuthentication

_NAMESPACE = ObjectKey(Namespace.kind, "", ROOT_NAMESPACE)
_DEFAULT = ObjectKey(PeerAuthentication.kind, ROOT_NAMESPACE, "default")
_DOCUMENTS = {
    _NAMESPACE: {"apiVersion": "v1", "kind": _NAMESPACE.kind, "metadata": {"name": _NAMESPACE.name}},
    _DEFAULT: {
        "apiVersion": "security.istio.io/v1",
        "kind": _DEFAULT.kind,
        "metadata": {"name": _DEFAULT.name, "namespace": _DEFAULT.namespace},
        "spec": {"mtls": {"mode": MtlsMode.STRICT}},
    },
}


def add_strict_default(connection: sqlite3.Connection) -> None:
    """Add a mesh-wide STRICT PeerAuthentication, as old as the mesh, to a store that has objects but none of these.

    A store without objects is one of a mesh that has not begun: it gets what it is given.
    """
    (oldest,) = connection.execute("SELECT min(created_at) FROM objects").fetchone()
    known = connection.execute("SELECT 1 FROM objects WHERE kind = ?", (_DEFAULT.kind,)).fetchone()
    if oldest is None or known is not None:
        return
    for key, document in _DOCUMENTS.items():
        row = (key.kind, key.namespace, key.name, str(uuid.uuid4()), oldest, json.dumps(document))
        connection.execute("INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, 1, ?)", row)
