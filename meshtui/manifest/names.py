"""Which names are allowed. Each check returns why a text is not one, or an empty text.

Names are compared and kept byte for byte; nothing is lower-cased, trimmed or normalised on the way.
"""

from __future__ import annotations

import re

SERVICE_DOMAIN = "svc.cluster.local"
"""Of Kubernetes' DNS, behind the name and namespace of a Service."""
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)


def label_problem(text: str) -> str:
    """RFC 1123 label: what a namespace and a port are named by."""
    if len(text) <= 63 and _LABEL.fullmatch(text):
        return ""
    return "expected 1 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit (RFC 1123)"


def service_name_problem(text: str) -> str:
    """RFC 1035 label: one that starts with a letter, what Kubernetes asks of a Service."""
    if not label_problem(text) and text[0].isalpha():
        return ""
    return "expected 1 to 63 of a-z, 0-9 and -, starting with a letter and not ending with - (RFC 1035)"


def name_problem(text: str) -> str:
    """RFC 1123 subdomain: what most objects are named by."""
    if len(text) <= 253 and not any(label_problem(part) for part in text.split(".")):
        return ""
    return "expected a lower-case name of a-z, 0-9, - and ., at most 253 characters (RFC 1123)"


def label_key_problem(text: str) -> str:
    """Key of a label or annotation: a name of up to 63 characters, optionally after `DNS-NAME/`."""
    prefix, slash, name = text.rpartition("/")
    if len(name) <= 63 and _QUALIFIED.fullmatch(name) and not (slash and name_problem(prefix)):
        return ""
    return "is not a label name: expected NAME or DNS-NAME/NAME, of letters, digits, -, _ and ."


def label_value_problem(text: str) -> str:
    """Value of a label: empty or up to 63 characters."""
    if not text or (len(text) <= 63 and _QUALIFIED.fullmatch(text)):
        return ""
    return "expected at most 63 letters, digits, -, _ and ., starting and ending with a letter or digit"


def data_key_problem(text: str) -> str:
    """Key in the data of a Secret."""
    if len(text) <= 253 and _DATA_KEY.fullmatch(text) and text not in (".", ".."):
        return ""
    return "is not a key: expected letters, digits, -, _ and ."


def host_problem(text: str) -> str:
    """DNS name, or one whose first label is `*`, or `*` alone."""
    name = text.removeprefix("*.") if text != "*" else "a"
    if not name_problem(name):
        return ""
    if "/" in text:
        return "hosts with a namespace (NAMESPACE/HOST) are valid in Istio but not supported here"
    return "expected a lower-case DNS name, *.NAME or *"
