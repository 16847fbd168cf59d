"""A node's proxy (ztunnel) may ask for the certificates of the pods that run on its own node, and for no others.

Istio's rules (security/pkg/server/ca/node_auth.go), and one more: what is asked for must be of our trust domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from meshtui.ca.caller import Caller
from meshtui.ca.inventory import InventoryFile
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import IdentityError, UsageError
from meshtui.identity.spiffe import SpiffeId, check_path_segment


@dataclass(frozen=True)
class NodeAuthorizer:
    """Who may ask for others. Without trusted accounts: nobody."""

    trusted: frozenset[tuple[str, str]] = frozenset()
    """Namespace and name of service accounts."""
    inventory: InventoryFile | None = None

    def check(self, caller: Caller, wanted: str) -> SpiffeId:
        """The identity that `caller` may have a certificate for; raises RefusalError."""
        who = f"{caller.namespace}/{caller.service_account}"
        if self.inventory is None or (caller.namespace, caller.service_account) not in self.trusted:
            _refuse(f"The caller {who} wanted a certificate for {wanted[:100]!r}; it may not ask for others.")
        identity = _workload(wanted, caller.spiffe_id.trust_domain)
        inventory = self.inventory.current()
        pod = inventory.pod(caller.pod_uid) if caller.pod_uid else None
        if pod is None or (pod.namespace, pod.name) != (caller.namespace, caller.pod_name):
            _refuse(f"There is no pod {caller.namespace}/{caller.pod_name} with the uid {caller.pod_uid[:80]!r}.")
        if pod.service_account != caller.service_account:
            _refuse(f"The pod {pod.namespace}/{pod.name} runs as {pod.service_account}, not as {who}.")
        if not pod.node or not inventory.runs_on(pod.node, identity.namespace, identity.service_account):
            _refuse(
                f"No pod of {identity.namespace}/{identity.service_account} runs on {pod.node!r}, the node of {who}."
            )
        return identity


def _workload(wanted: str, trust_domain: str) -> SpiffeId:
    try:
        identity = SpiffeId.parse(wanted)
    except IdentityError as error:
        _refuse(f"The impersonated identity is malformed: {error.message}", error)
    if identity.trust_domain != trust_domain or not identity.service_account:
        _refuse(f"{wanted[:100]!r} is not a service account of {trust_domain}.")
    return identity


def _refuse(detail: str, cause: BaseException | None = None) -> NoReturn:
    raise RefusalError(Reason.IMPERSONATION, "request impersonation authentication failure", detail=detail) from cause


def parse_accounts(text: str) -> frozenset[tuple[str, str]]:
    """Read `NAMESPACE/NAME,…`; raises UsageError for anything else. Empty means nobody."""
    accounts = set()
    for each in filter(None, (part.strip() for part in text.split(","))):
        namespace, _, name = each.partition("/")
        try:
            check_path_segment(namespace)
            check_path_segment(name)
        except IdentityError as error:
            raise UsageError(
                f"{each[:80]!r} is not a service account.", fix="Write NAMESPACE/NAME, with commas between them."
            ) from error
        accounts.add((namespace, name))
    return frozenset(accounts)
