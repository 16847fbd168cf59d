"""Text in, objects out: every document is read, and all that is wrong with any of them is said at once.

Either all documents of an input are accepted or none is. Which kinds there are is in `kinds`; how each is
read, in a module of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from meshtui.errors import ManifestError
from meshtui.manifest import core, yaml_text
from meshtui.manifest.authorization_policy import read_authorization_policy
from meshtui.manifest.deployment import read_deployment
from meshtui.manifest.destination_rule import read_destination_rule
from meshtui.manifest.fields import Fields, shown
from meshtui.manifest.gateway import read_gateway
from meshtui.manifest.gateway_api import read_kubernetes_gateway
from meshtui.manifest.http_route import read_http_route
from meshtui.manifest.kinds import KUBERNETES_GATEWAY, Kind, kind_of, kind_problem
from meshtui.manifest.model import DEFAULT_NAMESPACE, Manifest, Metadata, ObjectKey
from meshtui.manifest.names import (
    label_key_problem,
    label_problem,
    label_value_problem,
    name_problem,
    service_name_problem,
)
from meshtui.manifest.peer_authentication import read_peer_authentication
from meshtui.manifest.reference_grant import read_reference_grant
from meshtui.manifest.request_authentication import read_request_authentication
from meshtui.manifest.virtual_service import read_virtual_service

PROBLEMS_MAX = 100
"""More than this is not read by anyone, and an input can have as many as it has characters."""

_READERS: dict[str, Callable[[Fields, Metadata, dict[str, Any]], Manifest]] = {
    "Namespace": core.read_namespace,
    "ServiceAccount": core.read_service_account,
    "Service": core.read_service,
    "Secret": core.read_secret,
    "ConfigMap": core.read_config_map,
    "Deployment": read_deployment,
    "Gateway": read_gateway,
    "VirtualService": read_virtual_service,
    "DestinationRule": read_destination_rule,
    "PeerAuthentication": read_peer_authentication,
    "AuthorizationPolicy": read_authorization_policy,
    "RequestAuthentication": read_request_authentication,
    "ReferenceGrant": read_reference_grant,
    KUBERNETES_GATEWAY: read_kubernetes_gateway,
    "HTTPRoute": read_http_route,
}
_NAME_CHECKS = {"Namespace": label_problem, "Service": service_name_problem}
# kubectl's copy of the whole object, private keys included
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def parse(text: str, source: str) -> tuple[Manifest, ...]:
    """Read every document of `text`, in order; `source` names it in messages.

    Raises ManifestError with a line `SOURCE: document N (KIND NAMESPACE/NAME): PATH: REASON` for each problem.
    """
    problems: list[str] = []
    seen: dict[ObjectKey, str] = {}
    objects: list[Manifest] = []
    for place, loaded in _documents(text):
        if isinstance(loaded, yaml_text.Loaded):
            problems.append(f"{source}: {place}: {loaded.problem}")
            continue
        found, reasons = _read(loaded)
        problems.extend(f"{source}: {place} ({_title(loaded)}): {reason}" for reason in reasons)
        if found is not None:
            if found.key in seen:
                problems.append(f"{source}: {place} ({found.key}): {seen[found.key]} has this kind and name too")
            seen.setdefault(found.key, place)
            objects.append(found)
    if len(problems) > PROBLEMS_MAX:
        problems[PROBLEMS_MAX:] = [f"{source}: and {len(problems) - PROBLEMS_MAX} more problems like these"]
    if problems:
        raise ManifestError(tuple(problems))
    return tuple(objects)


def parse_document(document: Mapping[str, Any]) -> Manifest:
    """Read one object from its mapping, as it was stored; raises ManifestError like `parse`."""
    found, reasons = _read(document)
    if found is None or reasons:
        raise ManifestError(tuple(f"{_title(document)}: {reason}" for reason in reasons))
    return found


def _documents(text: str) -> Iterator[tuple[str, Mapping[str, Any] | yaml_text.Loaded]]:
    for loaded in yaml_text.load(text):
        place = f"document {loaded.number}"
        if loaded.problem:
            yield place, loaded
        elif not isinstance(loaded.value, Mapping):
            reason = f"expected an object with apiVersion and kind, found {shown(loaded.value)}"
            yield place, yaml_text.Loaded(loaded.number, None, reason)
        elif loaded.value.get("kind") == "List" and loaded.value.get("apiVersion") == "v1":
            yield from _unrolled(loaded, place)
        elif loaded.value:
            yield place, loaded.value


def _unrolled(loaded: yaml_text.Loaded, place: str) -> Iterator[tuple[str, Mapping[str, Any] | yaml_text.Loaded]]:
    problems: list[str] = []
    with Fields(loaded.value, "", problems) as fields:
        fields.ignore("apiVersion", "kind", "metadata")
        for index, item in enumerate(fields.raw("items") if isinstance(fields.raw("items"), list) else ()):
            if isinstance(item, Mapping):
                yield f"{place} item {index + 1}", item
            else:
                problems.append(f"items[{index}]: expected an object, found {shown(item)}")
        if not isinstance(fields.raw("items"), list | None):
            fields.problem("items", "expected a list")
    for problem in problems:
        yield place, yaml_text.Loaded(loaded.number, None, problem)


def _title(document: Mapping[str, Any]) -> str:
    """Kind and name as far as they can be told, for messages."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    kind, name, namespace = document.get("kind"), metadata.get("name"), metadata.get("namespace")
    parts = [part for part in (namespace, name) if isinstance(part, str)]
    known = kind_of(str(document.get("apiVersion")), str(kind))
    word = known.name if known else kind if isinstance(kind, str) else "no kind"
    text = f"{word} {'/'.join(parts) or 'without a name'}"
    return "".join(character if character.isprintable() else "�" for character in text)[:200]


def _read(document: Mapping[str, Any]) -> tuple[Manifest | None, list[str]]:
    problems: list[str] = []
    with Fields(document, "", problems) as fields:
        fields.ignore("status")
        api_version, kind = fields.text("apiVersion", required=True), fields.text("kind", required=True)
        known = kind_of(api_version, kind)
        if problems or known is None:
            fields.ignore(*document)  # what its fields mean is unknown
            return None, problems or [kind_problem(api_version, kind)]
        with fields.mapping("metadata", required=True) as inner:
            metadata = _metadata(inner, known)
        found = _READERS[known.name](fields, metadata, _stored(document, metadata))
    return found if not problems else None, problems


def _metadata(fields: Fields, kind: Kind) -> Metadata:
    # set by an API server, or about one: dropped, so that what `get` printed can be applied again
    fields.ignore("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generation")
    fields.ignore("managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid")
    fields.unsupported("generateName", why="give it a name")
    namespace = fields.text("namespace", check=label_problem)
    if namespace and not kind.namespaced:
        fields.problem("namespace", f"a {kind.word} is in no namespace")
    annotations = fields.text_map("annotations", key=label_key_problem)
    annotations.pop(_LAST_APPLIED, None)
    if sum(map(len, annotations.values())) > 256 * 1024:
        fields.problem("annotations", "are longer than 262144 characters in all")
    return Metadata(
        name=fields.text("name", required=True, check=_NAME_CHECKS.get(kind.name, name_problem)),
        namespace=(namespace or DEFAULT_NAMESPACE) if kind.namespaced else "",
        labels=fields.text_map("labels", key=label_key_problem, value=label_value_problem),
        annotations=annotations,
    )


def _stored(document: Mapping[str, Any], metadata: Metadata) -> dict[str, Any]:
    """The document as it is kept: with its namespace, without status and what only a server sets."""
    kept: dict[str, Any] = {"name": metadata.name}
    if metadata.namespace:
        kept["namespace"] = metadata.namespace
    if metadata.labels:
        kept["labels"] = dict(metadata.labels)
    if metadata.annotations:
        kept["annotations"] = dict(metadata.annotations)
    head = {"apiVersion": document["apiVersion"], "kind": document["kind"], "metadata": kept}
    return head | {name: value for name, value in document.items() if name not in (*head, "status")}
