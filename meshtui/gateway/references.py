"""Which Secrets a listener resolves to, and which of its references may not be followed. Pure.

Istio's rules: a bare `credentialName` is a Secret beside the gateway's workload, not beside the Gateway; one of another
namespace is never read for Istio's own Gateway, and by `kubernetes-gateway://` only when the Gateway is in the same
namespace (pilot/pkg/xds/sds.go, pilot/pkg/model/gateway.go); for a Gateway of the Gateway API it is read where a
ReferenceGrant allows it. For Istio's a ConfigMap has nothing to hide and may always be read; and a key pair beside the
workload only if the workload's service account may list the Secrets there (a CA needs no such permission).
Whether the Secrets exist, and fit, is not asked here, but for one thing: the CA of a MUTUAL server is that of
`NAME-cacert` where there is such a Secret, else that of `NAME` itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.binding import Binding
from meshtui.manifest.model import Gateway
from meshtui.manifest.reference_grant import Permissions, grant_document
from meshtui.manifest.secret_readers import SecretReaders
from meshtui.manifest.server import Reference

CA_SUFFIX = "-cacert"
ASKS_CLIENTS = ("MUTUAL", "OPTIONAL_MUTUAL")
"""Modes in which clients are checked against a CA of a Secret or file."""
TERMINATES = ("SIMPLE", *ASKS_CLIENTS)
"""Modes in which a certificate of a Secret or file is presented; ISTIO_MUTUAL presents the workload's own."""
OWN_SIMPLE = "ISTIO_SIMPLE"
"""The mode in which the workload's own certificate is presented, and clients are not checked; of the Gateway API."""
_NO_GRANTS = Permissions()
_EVERYBODY = SecretReaders()


@dataclass(frozen=True, order=True)
class SecretRef:
    """A Secret (or, for a CA, a ConfigMap) that a listener needs, there or not."""

    namespace: str
    name: str
    kind: str = "Secret"

    @property
    def target(self) -> str:
        """`gateway/NAMESPACE/SECRET`."""
        return f"gateway/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Forbidden:
    """A reference that the gateway may not follow."""

    ref: SecretRef
    reason: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One server as one gateway workload opens it, its credentials resolved."""

    binding: Binding
    certificates: tuple[SecretRef, ...] = ()
    """Secrets whose key pairs it presents, one or two."""
    client_ca: SecretRef | None = None
    """Where the CA is that clients are checked against; None where clients are not asked, or a file says it."""
    forbidden: tuple[Forbidden, ...] = ()
    """References that are not among the above, because they may not be followed."""

    @property
    def mode(self) -> str:
        """Istio's word; empty for plain HTTP."""
        return self.binding.server.tls.mode if self.binding.server.tls is not None else ""


def resolve(
    binding: Binding,
    exists: Callable[[SecretRef], bool],
    permissions: Permissions = _NO_GRANTS,
    readers: SecretReaders = _EVERYBODY,
) -> Listener:
    """Follow the references of a server.

    `exists` says whether a Secret is there, `permissions` what is granted, `readers` who may read Secrets at all.
    """
    tls = binding.server.tls
    if tls is None or tls.mode not in TERMINATES:
        return Listener(binding=binding)
    own = binding.workload.namespace
    wanted = {_at(reference, own): reference for reference in tls.credentials}
    refused = {
        ref: _forbidden(ref, reference, binding, permissions) or _unreadable(ref, reference, binding, readers)
        for ref, reference in wanted.items()
    }
    roots, roots_refused = None, None
    if tls.mode in ASKS_CLIENTS and (ca := tls.ca or next(iter(tls.credentials), None)) is not None:
        roots = _client_ca(ca, own, exists, named=tls.ca is not None)
        roots_refused = _forbidden(roots, ca, binding, permissions)
    return Listener(
        binding=binding,
        certificates=tuple(ref for ref in wanted if refused[ref] is None),
        client_ca=roots if roots_refused is None else None,
        forbidden=tuple(filter(None, dict.fromkeys([*refused.values(), roots_refused]))),
    )


def _at(reference: Reference, own: str) -> SecretRef:
    return SecretRef(reference.namespace or own, reference.name, reference.kind)


def _client_ca(reference: Reference, own: str, exists: Callable[[SecretRef], bool], *, named: bool) -> SecretRef:
    """Where the CA is; of several credentials the first one decides (pilot/pkg/security/model/authentication.go).

    `named` is `caCertCredentialName`, in which the suffix of a companion may be written out.
    """
    base = _at(reference, own)
    if reference.kind != "Secret" or (named and base.name.endswith(CA_SUFFIX)):
        return base
    companion = SecretRef(base.namespace, base.name + CA_SUFFIX)
    return companion if exists(companion) else base


def _forbidden(ref: SecretRef, reference: Reference, binding: Binding, permissions: Permissions) -> Forbidden | None:
    own, gateway = binding.workload.namespace, binding.gateway.namespace
    if isinstance(binding.gateway, KubernetesGateway):
        return _not_granted(ref, {own, gateway}, permissions)
    if ref.kind != "Secret":
        return None
    if ref.namespace != own:
        reason = f"a gateway in namespace {own} may not read a Secret of namespace {ref.namespace}"
        return Forbidden(ref, reason, f"Copy the Secret to namespace {own} and write its bare name.")
    if reference.scheme == "kubernetes-gateway" and gateway != own:
        reason = f"kubernetes-gateway:// is followed only for a Gateway in namespace {own}, not in {gateway}"
        return Forbidden(ref, reason, f"Write the bare name: {ref.name}.")
    return None


def _unreadable(ref: SecretRef, reference: Reference, binding: Binding, readers: SecretReaders) -> Forbidden | None:
    """Asked of bare names only: what kubernetes-gateway:// names is read by another rule, as in the Gateway API."""
    bare = isinstance(binding.gateway, Gateway) and reference.scheme == "kubernetes"
    if not bare or ref.name.endswith(CA_SUFFIX):  # a name with which a CA may be asked for is not looked at
        return None
    own, account = ref.namespace, binding.workload.service_account
    command = readers.refusal(own, account)
    if command is None:
        return None
    reason = f"the gateway's service account {own}/{account} may not read the Secrets of its namespace"
    return Forbidden(ref, reason, f"Let it: {command}")


def _not_granted(ref: SecretRef, sources: set[str], permissions: Permissions) -> Forbidden | None:
    """Why it is not granted to Gateways of all of these namespaces: the Gateway's own, and its workload's.

    As in Istio (pilot/pkg/model/gateway.go) a workload of another namespace is given no more than Gateways beside it.
    """
    for namespace in sorted(sources):
        source = "Gateway", namespace
        if not permissions.allow(source, ref.kind, ref.namespace, ref.name):
            grant = json.dumps(grant_document(source, ref.kind, ref.namespace, ref.name))
            return Forbidden(
                ref,
                f"no ReferenceGrant in namespace {ref.namespace} lets Gateways of {namespace} refer to it",
                f"Grant it: echo '{grant}' | meshtui apply --yes -f -",
            )
    return None
