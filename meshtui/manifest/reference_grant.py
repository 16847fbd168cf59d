"""Reads a ReferenceGrant, and answers for all of them who may refer to what in another namespace.

A grant is of the namespace of what is referred to: only who owns a Secret can open it to others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meshtui.manifest.api_model import GrantedSource, GrantedTarget, ReferenceGrant
from meshtui.manifest.fields import Fields
from meshtui.manifest.kinds import GATEWAY_API
from meshtui.manifest.model import Metadata
from meshtui.manifest.names import label_problem, name_problem


def read_reference_grant(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> ReferenceGrant:
    """Read a ReferenceGrant. Kinds that mean nothing here may be of another controller, and open nothing."""
    with fields.mapping("spec", required=True) as spec:
        sources = tuple(_source(item) for item in spec.items("from", required=True))
        targets = tuple(_target(item) for item in spec.items("to", required=True))
    return ReferenceGrant(metadata=metadata, document=document, sources=sources, targets=targets)


def _source(fields: Fields) -> GrantedSource:
    with fields:
        return GrantedSource(
            group=fields.text("group", check=name_problem),
            kind=fields.text("kind", required=True),
            namespace=fields.text("namespace", required=True, check=label_problem),
        )


def _target(fields: Fields) -> GrantedTarget:
    with fields:
        return GrantedTarget(
            group=fields.text("group", check=name_problem),
            kind=fields.text("kind", required=True),
            name=fields.text("name", check=name_problem),
        )


class Permissions:
    """All grants of a mesh, looked up in one step."""

    def __init__(self, grants: Iterable[ReferenceGrant] = ()) -> None:
        self._open = {
            (source.kind, source.namespace, target.kind, grant.namespace, target.name)
            for grant in grants
            for source in grant.sources
            for target in grant.targets
            if source.group == GATEWAY_API and target.group == ""
        }

    def allow(self, source: tuple[str, str], kind: str, namespace: str, name: str) -> bool:
        """Whether objects of a kind of the Gateway API and a namespace (`source`) may refer to one of the core group.

        Within one namespace they may without being asked.
        """
        if source[1] == namespace:
            return True
        return any((*source, kind, namespace, each) in self._open for each in (name, ""))


def grant_document(source: tuple[str, str], kind: str, namespace: str, name: str) -> dict[str, Any]:
    """The grant that would allow a reference, to be applied by who owns `namespace`."""
    source_kind, source_namespace = source
    return {
        "apiVersion": f"{GATEWAY_API}/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": f"{source_namespace}-{name}"[:253].rstrip("-."), "namespace": namespace},
        "spec": {
            "from": [{"group": GATEWAY_API, "kind": source_kind, "namespace": source_namespace}],
            "to": [{"group": "", "kind": kind, "name": name}],
        },
    }
