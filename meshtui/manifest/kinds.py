"""Which kinds of objects there are: how they are written in a document and on a command line.

A kind that is not in `SUPPORTED` is refused before anything else is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object that can be applied."""

    name: str
    plural: str
    short: str
    """As kubectl abbreviates it; empty when it does not."""
    api_versions: tuple[str, ...]
    """The first one is the one to write."""
    namespaced: bool = True


_ISTIO_NETWORKING = ("networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3")

SUPPORTED = {
    kind.name: kind
    for kind in (
        Kind(name="Namespace", plural="namespaces", short="ns", api_versions=("v1",), namespaced=False),
        Kind(name="ServiceAccount", plural="serviceaccounts", short="sa", api_versions=("v1",)),
        Kind(name="Service", plural="services", short="svc", api_versions=("v1",)),
        Kind(name="Secret", plural="secrets", short="", api_versions=("v1",)),
        Kind(name="Deployment", plural="deployments", short="deploy", api_versions=("apps/v1",)),
        Kind(name="Gateway", plural="gateways", short="gw", api_versions=_ISTIO_NETWORKING),
        Kind(name="VirtualService", plural="virtualservices", short="vs", api_versions=_ISTIO_NETWORKING),
    )
}
"""In the order in which objects depend on each other."""

_GROUPS_NOT_YET = frozenset({"v1", "apps", "batch", "gateway.networking.k8s.io", "security.istio.io"})
_GROUPS_NOT_YET |= {"networking.istio.io", "telemetry.istio.io", "networking.k8s.io", "policy", "autoscaling"}


def kind_problem(api_version: str, kind: str) -> str:
    """Why a document with these two fields cannot be read here; empty when it can."""
    supported = SUPPORTED.get(kind)
    if supported and api_version in supported.api_versions:
        return ""
    group = api_version.partition("/")[0]
    if supported and group == supported.api_versions[0].partition("/")[0]:
        return f"kind {kind} has no version {api_version}; write apiVersion: {supported.api_versions[0]}"
    if group in _GROUPS_NOT_YET or group.endswith(".k8s.io"):
        return f"kind {kind} of {api_version} is not supported yet; supported are {', '.join(SUPPORTED)}"
    return f"there is no kind {kind} of {api_version}; supported are {', '.join(SUPPORTED)}"


def find_kind(word: str) -> Kind:
    """The kind that a person means by `Deployment`, `deployments` or `deploy`; raises UsageError for any other word."""
    wanted = word.lower()
    for kind in SUPPORTED.values():
        if wanted in (kind.name.lower(), kind.plural, kind.short or None):
            return kind
    raise UsageError(f"There is no kind {word!r} here.", fix=f"Use one of {', '.join(SUPPORTED)}.")
