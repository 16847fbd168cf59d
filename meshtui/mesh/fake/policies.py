"""The policies of the fake mesh: its documents, and the row of each. What they decide is in `access`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meshtui.manifest.model import Manifest, Metadata
from meshtui.manifest.policy_model import (
    ROOT_NAMESPACE,
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    RequestAuthentication,
)
from meshtui.mesh.access import PolicyRow
from meshtui.mesh.fake.certificates import TRUST_DOMAIN
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import Target, TargetKind

KINDS: dict[str, type[Manifest]] = {
    kind.kind: kind for kind in (PeerAuthentication, AuthorizationPolicy, RequestAuthentication, DestinationRule)
}
"""What a policy is, by the word in its document."""

_GROUPS = {"DestinationRule": "networking.istio.io/v1"}
_SECURITY = "security.istio.io/v1"


@dataclass(frozen=True)
class Enforcement:
    """How one of them is enforced."""

    state: str = "in force"
    problem: str = ""
    decisions: int = 0


def _document(kind: str, name: str, spec: dict[str, Any], **annotations: str) -> dict[str, Any]:
    namespace, _, name = name.partition("/")
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = {f"istio.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    return {"apiVersion": _GROUPS.get(kind, _SECURITY), "kind": kind, "metadata": metadata, "spec": spec}


def _app(name: str) -> dict[str, Any]:
    return {"matchLabels": {"app": name}}


def _from(*accounts: str) -> list[dict[str, Any]]:
    principals = [f"{TRUST_DOMAIN}/ns/{{}}/sa/{{}}".format(*account.split("/")) for account in accounts]
    return [{"source": {"principals": principals}}]


DOCUMENTS: tuple[tuple[dict[str, Any], Enforcement], ...] = (
    (_document("PeerAuthentication", "istio-system/default", {"mtls": {"mode": "STRICT"}}), Enforcement(decisions=9)),
    (
        _document(
            "PeerAuthentication",
            "prod/reviews-migrating",
            {"selector": _app("reviews-v1"), "mtls": {"mode": "PERMISSIVE"}},
        ),
        Enforcement(),
    ),
    (_document("AuthorizationPolicy", "prod/deny-by-default", {}), Enforcement()),
    (
        _document(
            "AuthorizationPolicy",
            "prod/httpbin",
            {
                "selector": _app("httpbin"),
                "action": "ALLOW",
                "rules": [
                    {
                        "from": _from("prod/sleep"),
                        "to": [{"operation": {"methods": ["GET"], "paths": ["/get"]}}],
                    },
                    {"from": _from("istio-system/ingressgateway")},
                ],
            },
        ),
        Enforcement(decisions=1804),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "prod/productpage",
            {"selector": _app("productpage-v1"), "rules": [{"from": _from("istio-system/ingressgateway")}]},
        ),
        Enforcement(decisions=12_407),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "prod/from-productpage",
            {"rules": [{"from": _from("prod/productpage-v1"), "to": [{"operation": {"methods": ["GET"]}}]}]},
        ),
        Enforcement(decisions=24_806),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "prod/ratings",
            {
                "selector": _app("ratings-v1"),
                "rules": [{"from": _from("prod/reviews-v2"), "to": [{"operation": {"paths": ["/ratings/{*}{*}"]}}]}],
            },
        ),
        Enforcement(
            state="rejected",
            problem="Envoy rejected it: Invalid path template: /ratings/{*}{*}. What was there before stays in force.",
        ),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "payments/not-from-batch",
            {"action": "DENY", "rules": [{"from": [{"source": {"namespaces": ["batch"]}}]}]},
        ),
        Enforcement(decisions=3),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "payments/only-checkout",
            {"selector": _app("ledger"), "rules": [{"from": _from("payments/checkout")}]},
            dry_run="true",
        ),
        Enforcement(state="dry run"),
    ),
    (
        _document(
            "AuthorizationPolicy",
            "batch/loader",
            {"selector": _app("loader"), "rules": [{"from": _from("payments/checkout")}]},
        ),
        Enforcement(state="pending", problem="1 of 1 proxies has not acknowledged it yet."),
    ),
    (
        _document(
            "RequestAuthentication",
            "prod/shop-users",
            {"selector": _app("shop"), "jwtRules": [{"issuer": "https://login.example.com", "jwks": '{"keys":[]}'}]},
        ),
        Enforcement(state="without effect", problem="No workload of prod has the label app=shop."),
    ),
    (
        _document(
            "DestinationRule",
            "payments/ledger-plaintext",
            {"host": "ledger.payments.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
        ),
        Enforcement(),
    ),
)
"""Every kind, and every state that a policy can be in."""

_BY_NAME = {
    (document["kind"], document["metadata"]["namespace"], document["metadata"]["name"]): enforcement
    for document, enforcement in DOCUMENTS
}


def demo_policies() -> list[Manifest]:
    """The objects of the documents."""
    return [
        KINDS[document["kind"]](metadata=Metadata(**document["metadata"]), document=document)
        for document, _ in DOCUMENTS
    ]


def policy_name(document: Mapping[str, Any]) -> str:
    """`AuthorizationPolicy prod/httpbin`."""
    metadata = document["metadata"]
    return f"{document['kind']} {metadata['namespace']}/{metadata['name']}"


def is_dry_run(document: Mapping[str, Any]) -> bool:
    """Whether it only tells what it would do."""
    annotations = document["metadata"].get("annotations", {})
    return bool(annotations.get("istio.io/dry-run") == "true")


def is_in_force(document: Mapping[str, Any]) -> bool:
    """Whether the proxies act on it."""
    return _enforcement(document).state not in ("rejected", "pending")


def is_about(document: Mapping[str, Any], target: str) -> bool:
    """Whether a policy is about a workload of the fake, whose labels are `app` and its name."""
    parsed = Target.parse(target)
    if parsed.kind is not TargetKind.WORKLOAD:
        return False
    if document["kind"] == "DestinationRule":
        host: str = document["spec"]["host"]
        return f"{parsed.name}.{parsed.namespace}.svc.cluster.local" == host
    labels = document["spec"].get("selector", {}).get("matchLabels", {})
    namespace = document["metadata"]["namespace"]
    return namespace in (parsed.namespace, ROOT_NAMESPACE) and labels.get("app", parsed.name) == parsed.name


def policy_rows(documents: Iterable[Mapping[str, Any]], rows: Iterable[Row]) -> list[PolicyRow]:
    """The row of each policy, sorted by kind, namespace and name."""
    targets = [row.target for row in rows]
    found = [_row(document, targets) for document in documents]
    return sorted(found, key=lambda row: (row.kind, row.namespace, row.name))


def _row(document: Mapping[str, Any], targets: list[str]) -> PolicyRow:
    kind, metadata = document["kind"], document["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    known = _enforcement(document)
    return PolicyRow(
        policy=policy_name(document),
        kind=kind,
        namespace=namespace,
        name=name,
        says=_says(kind, document["spec"]),
        scope=_scope(namespace, document),
        workloads=sum(is_about(document, target) for target in targets),
        state=known.state,
        problem=known.problem,
        decisions=known.decisions,
    )


def _enforcement(document: Mapping[str, Any]) -> Enforcement:
    metadata = document["metadata"]
    applied = Enforcement(state="dry run" if is_dry_run(document) else "in force")
    return _BY_NAME.get((document["kind"], metadata["namespace"], metadata["name"]), applied)


def _says(kind: str, spec: Mapping[str, Any]) -> str:
    if kind == "PeerAuthentication":
        return str(spec.get("mtls", {}).get("mode", "UNSET"))
    if kind == "DestinationRule":
        return f"{spec.get('trafficPolicy', {}).get('tls', {}).get('mode', 'auto')} {spec['host']}"
    if kind == "RequestAuthentication":
        return ", ".join(rule["issuer"] for rule in spec.get("jwtRules", ()))
    count = len(spec.get("rules", ()))
    rules = "nothing" if not count else f"{count} rule{'s' if count > 1 else ''}"
    return f"{spec.get('action', 'ALLOW')} {rules}"


def _scope(namespace: str, document: Mapping[str, Any]) -> str:
    if document["kind"] == "DestinationRule":
        return "clients of the mesh"
    labels = document["spec"].get("selector", {}).get("matchLabels", {})
    if labels:
        return f"{','.join(f'{key}={text}' for key, text in labels.items())} in {namespace}"
    return "mesh" if namespace == ROOT_NAMESPACE else f"namespace {namespace}"
