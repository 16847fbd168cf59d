"""Which service accounts may read the Secrets of their own namespace. A gateway's certificates depend on it.

Istio asks for every Secret that a gateway wants whether the gateway's service account may list Secrets there (a
SubjectAccessReview, pilot/pkg/xds/sds.go), and gives it nothing where it may not. In a cluster that is for Roles and
RoleBindings to say. There are none in the embedded mesh: everybody may, as with the Role that comes with a gateway,
but for a ServiceAccount with the annotation `meshtui.io/secrets: none`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshtui.manifest.fields import Fields, shown
from meshtui.manifest.model import ServiceAccount

SECRETS = "meshtui.io/secrets"
NONE = "none"


@dataclass(frozen=True)
class SecretReaders:
    """Everybody, but for those that are refused."""

    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Namespace and name of a service account → the command that lets it; empty: what does in a cluster."""

    def refusal(self, namespace: str, account: str) -> str | None:
        """The command that lets a service account read the Secrets of its namespace; None where it may."""
        command = self.refused.get((namespace, account))
        return command or _role_commands(namespace, account) if command is not None else None


def readers_among(accounts: Iterable[ServiceAccount]) -> SecretReaders:
    """As the annotations of these service accounts say it. To let one is to apply it without its annotation."""
    return SecretReaders(
        {
            (each.namespace, each.name): f"printf %s {shlex.quote(_let(each.document))} | meshtui apply --yes -f -"
            for each in accounts
            if not each.reads_secrets
        }
    )


def _role_commands(namespace: str, account: str) -> str:
    """What lets a service account in a cluster: the Role that Istio makes for a gateway, and its binding."""
    name = f"{account}-secrets"
    role = f"kubectl create role {name} -n {namespace} --verb=get,list,watch --resource=secrets"
    bound = f"--role={name} --serviceaccount={namespace}:{account}"
    return f"{role} && kubectl create rolebinding {name} -n {namespace} {bound}"


def reads_secrets(place: Fields, annotations: Mapping[str, str]) -> bool:
    """Read the annotation; problems go to `place`."""
    value = annotations.get(SECRETS)
    if value not in (None, NONE):
        place.problem(SECRETS, f"expected {NONE}; found {shown(value)}")
    return value is None


def _let(document: Mapping[str, Any]) -> str:
    metadata = dict(document["metadata"])
    kept = {name: text for name, text in metadata.pop("annotations", {}).items() if name != SECRETS}
    return json.dumps({**document, "metadata": metadata | ({"annotations": kept} if kept else {})})
