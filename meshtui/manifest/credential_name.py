"""What a Gateway calls a credential: a Secret beside the gateway or in a namespace, or a ConfigMap with a CA.

The forms are Istio's (pilot/pkg/model/credentials/resource.go). Whether a gateway may follow a reference is not
asked here.
"""

from __future__ import annotations

import re

from meshtui.manifest.names import label_problem, name_problem
from meshtui.manifest.server import Reference

_FORM = re.compile(r"(?:(?P<scheme>[a-z-]+)://)?(?:(?P<namespace>[^/]+)/)?(?P<name>[^/]+)", re.ASCII)
_KINDS = {"kubernetes": "Secret", "kubernetes-gateway": "Secret", "configmap": "ConfigMap"}
_NAMESPACE_NEEDED = ("kubernetes-gateway", "configmap")
_NO_OBJECT = ("builtin", "sds", "file-cert", "file-root", "invalid")
_EXPECTED = "expected NAME, NAMESPACE/NAME, kubernetes://[NAMESPACE/]NAME or kubernetes-gateway://NAMESPACE/NAME"


def reference(text: str) -> Reference:
    """The object that a text names in which no problem was found. Raises ValueError for any other."""
    found = _FORM.fullmatch(text)
    if found is None or ca_name_problem(text):
        raise ValueError(text)
    scheme = found["scheme"] or "kubernetes"
    return Reference(found["name"], found["namespace"] or "", _KINDS[scheme], scheme)


def credential_name_problem(text: str) -> str:
    """Why a text names no Secret that could hold a key pair; empty when it does."""
    return ca_name_problem(text) or ("a ConfigMap holds no key; name a Secret" if text.startswith("configmap:") else "")


def ca_name_problem(text: str) -> str:
    """Why a text names neither a Secret nor a ConfigMap; empty when it does."""
    if (named := text.partition("://")[0]) != text and named in _NO_OBJECT:
        return f"{named}:// is valid in Istio but not supported here; name a Secret"
    found = _FORM.fullmatch(text)
    if found is None:
        return _EXPECTED
    scheme, namespace = found["scheme"] or "kubernetes", found["namespace"]
    if scheme not in _KINDS or (namespace is None and scheme in _NAMESPACE_NEEDED):
        return _EXPECTED
    return (label_problem(namespace) if namespace else "") or name_problem(found["name"])
