"""Which kinds of objects there are: how they are written in a document and on a command line.

A kind that is not in `SUPPORTED` is refused before anything else is looked at. Two kinds may have one word in a
document, as Istio's Gateway and that of the Gateway API do: their names tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.errors import UsageError
from meshtui.manifest.near import nearest


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object that can be applied."""

    name: str
    """The word in a document; with `.GROUP` behind it where an older kind has the same word."""
    plural: str
    short: str
    """As kubectl abbreviates it; empty when it does not."""
    api_versions: tuple[str, ...]
    """The first one is the one to write."""
    namespaced: bool = True

    @property
    def word(self) -> str:
        """As it is written in a document."""
        return self.name.partition(".")[0]

    @property
    def group(self) -> str:
        """API group; empty for Kubernetes' core."""
        return _group(self.api_versions[0])


def _group(api_version: str) -> str:
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


_ISTIO_NETWORKING = ("networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3")
_ISTIO_SECURITY = ("security.istio.io/v1", "security.istio.io/v1beta1")
GATEWAY_API = "gateway.networking.k8s.io"
"""Group of the Gateway API."""
KUBERNETES_GATEWAY = f"Gateway.{GATEWAY_API}"
_GATEWAY_API = (f"{GATEWAY_API}/v1", f"{GATEWAY_API}/v1beta1")

SUPPORTED = {
    kind.name: kind
    for kind in (
        Kind(name="Namespace", plural="namespaces", short="ns", api_versions=("v1",), namespaced=False),
        Kind(name="ServiceAccount", plural="serviceaccounts", short="sa", api_versions=("v1",)),
        Kind(name="Service", plural="services", short="svc", api_versions=("v1",)),
        Kind(name="Secret", plural="secrets", short="", api_versions=("v1",)),
        Kind(name="ConfigMap", plural="configmaps", short="cm", api_versions=("v1",)),
        Kind(name="Deployment", plural="deployments", short="deploy", api_versions=("apps/v1",)),
        Kind(name="Gateway", plural="gateways", short="gw", api_versions=_ISTIO_NETWORKING),
        Kind(name="VirtualService", plural="virtualservices", short="vs", api_versions=_ISTIO_NETWORKING),
        Kind(name="DestinationRule", plural="destinationrules", short="dr", api_versions=_ISTIO_NETWORKING),
        Kind(name="PeerAuthentication", plural="peerauthentications", short="pa", api_versions=_ISTIO_SECURITY),
        Kind(name="AuthorizationPolicy", plural="authorizationpolicies", short="ap", api_versions=_ISTIO_SECURITY),
        Kind(name="RequestAuthentication", plural="requestauthentications", short="ra", api_versions=_ISTIO_SECURITY),
        Kind(
            # most clusters have had v1beta1 for years, and v1 not yet
            name="ReferenceGrant",
            plural="referencegrants",
            short="refgrant",
            api_versions=(f"{GATEWAY_API}/v1beta1", f"{GATEWAY_API}/v1"),
        ),
        Kind(name=KUBERNETES_GATEWAY, plural="gateways", short="gtw", api_versions=_GATEWAY_API),
        Kind(name="HTTPRoute", plural="httproutes", short="", api_versions=_GATEWAY_API),
    )
}
"""In the order in which objects depend on each other."""

_GROUPS_NOT_YET = frozenset({"", "apps", "batch", GATEWAY_API, "security.istio.io"})
_GROUPS_NOT_YET |= {"networking.istio.io", "telemetry.istio.io", "networking.k8s.io", "policy", "autoscaling"}


def kind_of(api_version: str, word: str) -> Kind | None:
    """The kind of a document with these two fields; None when it is not one that can be read here."""
    return next((kind for kind in SUPPORTED.values() if kind.word == word and api_version in kind.api_versions), None)


def kind_problem(api_version: str, word: str) -> str:
    """Why a document with these two fields cannot be read here; empty when it can."""
    if kind_of(api_version, word):
        return ""
    alike = [kind for kind in SUPPORTED.values() if kind.word == word]
    if close := next((kind for kind in alike if kind.group == _group(api_version)), None):
        return f"kind {word} has no version {api_version}; write apiVersion: {close.api_versions[0]}"
    if alike:
        right = " or ".join(kind.api_versions[0] for kind in alike)
        return f"there is no kind {word} of {api_version} here; write apiVersion: {right}"
    names, near = ", ".join(SUPPORTED), _nearest(word)
    meant = f" (did you mean {near}?)" if near else ""
    if _group(api_version) in _GROUPS_NOT_YET or _group(api_version).endswith(".k8s.io"):
        return f"kind {word} of {api_version} is not supported yet{meant}; supported are {names}"
    return f"there is no kind {word} of {api_version}{meant}; supported are {names}"


def find_kind(word: str) -> Kind:
    """The kind that a person means by `Deployment`, `deployments`, `deploy` or `deployments.apps`, as kubectl has it.

    Raises UsageError for any other word. A word that two kinds have is the first one's: of Istio, not of the
    Gateway API.
    """
    wanted = word.lower()
    for kind in SUPPORTED.values():
        plain = (kind.word.lower(), kind.plural)
        if wanted in (*plain, kind.short or None, *(f"{name}.{kind.group}" for name in plain if kind.group)):
            return kind
    near = _nearest(word)
    meant = f"; did you mean {near}?" if near else "."
    raise UsageError(f"There is no kind {word[:100]!r} here{meant}", fix=f"Use one of {', '.join(SUPPORTED)}.")


def _nearest(word: str) -> str:
    return nearest(word, [each for kind in SUPPORTED.values() for each in (kind.word, kind.plural)])
