"""How one text of an AuthorizationPolicy is compared with one attribute of a request.

The rules are those of Envoy's matchers as Istio translates policies into them: `abc` exactly, `abc*` by prefix, `*abc`
by suffix, `*` for whatever is there. A text that begins with `*` is a suffix even when it ends with one, too. Nothing
here knows of rules or decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from meshtui.policy.model import AccessRequest

SCHEME = "spiffe://"
ANY = "*"
LOCAL_TRUST_DOMAIN = "cluster.local"
"""In policies: the trust domain of the mesh, whatever that is called."""
SPACE_DELIMITED = ("scope", "permission")
"""Claims that are lists written as one text (RFC 8693, section 4.2); Istio lets Envoy split them."""

_TEMPLATE = re.compile(r"\{\*\*?\}")
_SEGMENT = r"[A-Za-z0-9\-._~%!$&'()*+,;:@=]"
"""What Envoy's `*` stands for in a path: pchar of RFC 3986."""


class How(StrEnum):
    """Which texts a pattern fits."""

    ANY = "any"
    """Any but an empty one."""
    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"


@dataclass(frozen=True)
class Pattern:
    """A text of a policy, understood."""

    how: How
    text: str = ""

    @classmethod
    @lru_cache(maxsize=16_384)
    def read(cls, written: str) -> Pattern:
        """What `abc`, `abc*`, `*abc` or `*` means."""
        if written == ANY:
            return cls(How.ANY)
        if written.startswith(ANY):
            return cls(How.SUFFIX, written[1:])
        if written.endswith(ANY):
            return cls(How.PREFIX, written[:-1])
        return cls(How.EXACT, written)

    def fits(self, text: str) -> bool:
        """Byte for byte."""
        match self.how:
            case How.ANY:
                return bool(text)
            case How.PREFIX:
                return text.startswith(self.text)
            case How.SUFFIX:
                return text.endswith(self.text)
            case _:
                return text == self.text


def text_matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Exact, prefix, suffix, or presence: then any text but an empty one."""
    return Pattern.read(pattern.lower()).fits(text.lower()) if ignore_case else Pattern.read(pattern).fits(text)


def in_trust_domain(pattern: str, trust_domain: str) -> str:
    """A principal of a policy as it is compared: `cluster.local` becomes the mesh's own trust domain."""
    first, slash, rest = pattern.partition("/")
    return f"{trust_domain}/{rest}" if slash and first == LOCAL_TRUST_DOMAIN else pattern


def principal_matches(pattern: str, principal: str, trust_domain: str) -> bool:
    """`principal` is what a certificate proves; empty, without one, it matches nothing."""
    if pattern == ANY:
        return bool(principal)
    return principal.startswith(SCHEME) and text_matches(
        in_trust_domain(pattern, trust_domain), principal.removeprefix(SCHEME)
    )


def namespace_matches(pattern: str, principal: str) -> bool:
    """Whether `/ns/PATTERN/` stands in a principal; `*` in the pattern is any text."""
    return _glob(f"*/ns/{pattern}/*", principal)


def service_account_matches(pattern: str, principal: str) -> bool:
    """`pattern` is `NAMESPACE/NAME`, of any trust domain."""
    return bool(_service_account(pattern).fullmatch(principal))


def path_matches(pattern: str, path: str) -> bool:
    """`path` has no query. `{*}` is one segment of a path, `{**}` any number of them."""
    if _TEMPLATE.search(pattern):
        return bool(_template(pattern).fullmatch(path))
    return text_matches(pattern, path)


def is_template(pattern: str) -> bool:
    """Whether a path has `{*}` or `{**}` in it."""
    return bool(_TEMPLATE.search(pattern))


def address_matches(block: str, address: str) -> bool:
    """Whether an address is in a CIDR, or is that address; an unknown one (empty) is in none."""
    return bool(address) and ip_address(address) in _network(block)


def request_principal_matches(pattern: str, claims: Mapping[str, Any] | None) -> bool:
    """`pattern` is `ISSUER/SUBJECT`, split at its last slash, as issuers are often URLs."""
    issuer, subject = (claims or {}).get("iss"), (claims or {}).get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return False
    of_issuer, of_subject = issuer_and_subject(pattern)
    return of_issuer.fits(issuer) and of_subject.fits(subject)


def issuer_and_subject(pattern: str) -> tuple[Pattern, Pattern]:
    """What a text like `ISSUER/SUBJECT` asks of each; an asterisk means something only at one end of the whole."""
    issuer, slash, subject = pattern.rpartition("/")
    if pattern == ANY:
        return Pattern(How.ANY), Pattern(How.ANY)
    if not slash:
        whole = Pattern.read(pattern)
        if whole.how is How.EXACT:
            return whole, Pattern(How.EXACT)
        return (Pattern(How.ANY), whole) if whole.how is How.SUFFIX else (whole, Pattern(How.ANY))
    if pattern.startswith(ANY):
        return Pattern.read(issuer), Pattern(How.EXACT, subject)
    return Pattern(How.EXACT, issuer), Pattern.read(subject) if pattern.endswith(ANY) else Pattern(How.EXACT, subject)


def claim_texts(claims: Mapping[str, Any] | None, path: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a claim, which may be a list; numbers, truth values and what is not there are none."""
    value: Any = claims
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str) and len(path) == 1 and path[0] in SPACE_DELIMITED:
        value = [each for each in value.split(" ") if each]
    if isinstance(value, list | tuple):
        return tuple(each for each in value if isinstance(each, str))
    return (value,) if isinstance(value, str) else ()


def header(request: AccessRequest, name: str) -> str | None:
    """A header's value; None when it was not sent. `host` is what HTTP/2 calls `:authority`, as Envoy has it."""
    match name.lower():
        case ":authority" | "host":
            return request.host or None
        case ":method":
            return request.method or None
        case ":path":
            return f"{request.path}?{request.query}" if request.query else request.path
        case other:
            return request.headers.get(other)


def header_matches(pattern: str, value: str | None) -> bool:
    """A header that was sent empty is present; one that was not sent matches nothing."""
    return value is not None and (pattern == ANY or text_matches(pattern, value))


def _glob(pattern: str, text: str) -> bool:
    first, *middle, last = pattern.split(ANY)
    if not text.startswith(first) or not text[len(first) :].endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end


@lru_cache(maxsize=4096)
def _service_account(pattern: str) -> re.Pattern[str]:
    namespace, _, name = map(re.escape, pattern.partition("/"))
    return re.compile(rf"spiffe://.+/ns/{namespace}/(.+/|)sa/{name}(/.+)?")


@lru_cache(maxsize=4096)
def _template(pattern: str) -> re.Pattern[str]:
    globs = {"{*}": f"{_SEGMENT}+", "{**}": rf"(?:{_SEGMENT}|/)*"}
    texts, found = _TEMPLATE.split(pattern), _TEMPLATE.findall(pattern)
    parts = [re.escape(texts[0]), *(globs[glob] + re.escape(text) for glob, text in zip(found, texts[1:], strict=True))]
    return re.compile("".join(parts))


@lru_cache(maxsize=4096)
def _network(block: str) -> IPv4Network | IPv6Network:
    # Envoy masks the bits behind the prefix length
    return ip_network(block, strict=False)
