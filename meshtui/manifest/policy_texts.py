"""What policies are written with: patterns, principals, addresses, ports, paths. Each check says why a text is wrong.

What a policy can never match because of a slip is a hole where it denies, so a text that means something else than
it looks like is refused, even where Istio takes it literally: a `*` in the middle, a `spiffe://` before a principal.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re

from meshtui.manifest.names import label_problem, name_problem

TEXT_MAX = 2048
"""Characters of one pattern."""
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]+", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9._~%!$&'()+,;:@=-]+", re.ASCII)
"""What a path template may have between slashes: RFC 3986's pchar without `*`, as in Istio and Envoy."""


def plain_problem(text: str) -> str:
    """A text without anything that no header and no certificate can have."""
    if not text:
        return "must not be empty"
    if len(text) > TEXT_MAX:
        return f"longer than {TEXT_MAX} characters"
    return "" if text.isprintable() else "has characters that cannot be printed"


def pattern_problem(text: str) -> str:
    """`abc`, `abc*`, `*abc`, or `*` for anything that is there at all."""
    if reason := plain_problem(text):
        return reason
    rest = text[1:] if text.startswith("*") else text.removesuffix("*")
    return "* may only stand at one end (abc, abc*, *abc, *)" if "*" in rest else ""


def principal_problem(text: str) -> str:
    """A SPIFFE ID as Istio writes it, or a pattern of some."""
    if text.startswith("spiffe://"):
        return "is written without spiffe:// in a policy, as in cluster.local/ns/NAMESPACE/sa/NAME"
    return _without_spaces(text)


def namespace_problem(text: str) -> str:
    """A namespace, in which each `*` stands for any text."""
    if label_problem(text.replace("*", "a")) or len(text) > 63:
        return "expected a namespace, in which * stands for any text"
    return ""


def account_problem(text: str) -> str:
    """A service account; Istio takes no patterns of them."""
    namespace, slash, name = text.rpartition("/")
    if name_problem(name) or (slash and label_problem(namespace)):
        return "expected a service account, as NAME or NAMESPACE/NAME, without *"
    return ""


def in_namespace(account: str, namespace: str) -> str:
    """A service account as `NAMESPACE/NAME`."""
    return account if "/" in account else f"{namespace}/{account}"


def address_problem(text: str) -> str:
    """An IP address, or a block of them in CIDR notation."""
    address, slash, length = text.partition("/")
    # Python takes more than Istio does: netmasks, and zones
    foreign = "%" in text or (slash and not (length.isascii() and length.isdigit()))
    with contextlib.suppress(ValueError):
        # what stands behind the mask is dropped, as in Istio and Envoy
        if not foreign and (ipaddress.ip_network(text, strict=False) if slash else ipaddress.ip_address(address)):
            return ""
    return "expected an IP address or a CIDR block, such as 10.0.0.0/8"


def port_problem(text: str) -> str:
    """A port number, as text."""
    if text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 6 and int(text) < 65536:
        return ""
    return "expected a port number from 1 to 65535"


def host_match_problem(text: str) -> str:
    """A Host header, or a pattern of some."""
    if "/" in text:
        return "expected a host name without a path"
    return _without_spaces(text)


def method_match_problem(text: str) -> str:
    """An HTTP method, or a pattern of some."""
    if reason := pattern_problem(text):
        return reason
    return "" if _METHOD.fullmatch(text.strip("*") or "GET") else "expected an HTTP method"


def path_match_problem(text: str) -> str:
    """A path, a pattern of some, or a template: `/a/{*}/b`, `/a/{**}`."""
    if "{" not in text and "}" not in text:
        return _without_spaces(text)
    if reason := plain_problem(text):
        return reason
    if not text.startswith("/"):
        return "a path template starts with /"
    rest_matched = False
    for segment in text[1:].removesuffix("/").split("/"):
        if segment in ("{*}", "{**}"):
            if rest_matched:
                return "{**} is the last template of a path, and there is only one"
            rest_matched = segment == "{**}"
        elif "{" in segment or "}" in segment:
            return "{*} and {**} stand for whole segments: /a/{*}/b, /a/{**}"
        elif "*" in segment:
            return "has both a template and a *; use {*} or {**} for it"
        elif not _SEGMENT.fullmatch(segment):
            return "has a segment that no path can have, or an empty one"
    return ""


def _without_spaces(text: str) -> str:
    return pattern_problem(text) or ("has a space" if " " in text else "")
