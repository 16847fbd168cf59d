"""Callers that an AuthorizationPolicy names and the mesh does not have: a slip of a letter lets nobody in, or all.

Only what is certain is said: a pattern that some caller may match is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import DEFAULT_NAMESPACE, Namespace, ObjectKey, ServiceAccount
from meshtui.manifest.near import did_you_mean
from meshtui.manifest.policy_model import ROOT_NAMESPACE, Rule, Source

_ALIAS = "cluster.local"
"""In principals it stands for the mesh's trust domain, as in Istio."""
_DEFAULT_ACCOUNT = "default"
"""Kubernetes makes it in every namespace."""


def unknown_callers(catalog: Catalog, rule: Rule, path: str, trust_domain: str) -> Iterator[str]:
    """Each as `PATH: REASON`, for a rule at `path`."""
    checks: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("principal", partial(_of_principal, catalog, trust_domain)),
        ("namespace", partial(_of_namespace, catalog)),
        ("serviceAccount", partial(_of_account, catalog)),
    )
    for what, check in checks:
        for place, written in _written(rule, path, what):
            for index, text in enumerate(written):
                if reason := check(text):
                    yield f"{place}[{index}]: {reason}"


def _written(rule: Rule, path: str, what: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """All that a rule says of callers by `principal`, `namespace` or `serviceAccount`, each list with its place."""
    for index, source in enumerate(rule.sources):
        wanted, unwanted = _lists(source)[what]
        yield f"{path}.from[{index}].source.{what}s", wanted
        yield f"{path}.from[{index}].source.not{what[0].upper()}{what[1:]}s", unwanted
    for index, condition in enumerate(rule.conditions):
        if condition.key == f"source.{what}":
            yield f"{path}.when[{index}].values", condition.values
            yield f"{path}.when[{index}].notValues", condition.not_values


def _lists(source: Source) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        "principal": (source.principals, source.not_principals),
        "namespace": (source.namespaces, source.not_namespaces),
        "serviceAccount": (source.service_accounts, source.not_service_accounts),
    }


def _of_principal(catalog: Catalog, trust_domain: str, written: str) -> str:
    """An asterisk stands at one end of it, or nowhere."""
    domain, slash, rest = written.partition("/")
    if not slash:
        return ""
    if "*" not in domain and domain not in (trust_domain, _ALIAS):
        return f"nobody of this mesh is of {domain}; its trust domain is {trust_domain}"
    match rest.split("/"):
        case ["ns", namespace, "sa", name] if "*" not in rest and domain in ("*", trust_domain, _ALIAS):
            return _of_account(catalog, f"{namespace}/{name}")
        case ["ns", namespace, _, *_] if "*" not in namespace and rest.endswith("*"):
            return _of_namespace(catalog, namespace)
    return "" if "*" in written else "no identity looks like this; they are TRUST-DOMAIN/ns/NAMESPACE/sa/NAME"


def _of_account(catalog: Catalog, written: str) -> str:
    namespace, _, name = written.partition("/")
    if reason := _of_namespace(catalog, namespace):
        return reason
    key = ObjectKey(ServiceAccount.kind, namespace, name)
    if name == _DEFAULT_ACCOUNT or catalog.get(key) is not None:
        return ""
    names = [each.name for each in catalog.all(ServiceAccount) if each.namespace == namespace]
    return f"the {key} does not exist{did_you_mean(name, names)}"


def _of_namespace(catalog: Catalog, written: str) -> str:
    known = catalog.derived(_namespaces)
    if "*" in written or written in known:
        return ""
    return f"there is no namespace {written}{did_you_mean(written, known)}"


def _namespaces(catalog: Catalog) -> frozenset[str]:
    named = {each.name for each in catalog.all(Namespace)}
    return frozenset({DEFAULT_NAMESPACE, ROOT_NAMESPACE, *named, *(each.namespace for each in catalog.workloads())})
