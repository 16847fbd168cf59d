"""Does a certificate cover the hosts of a listener, and if not, why it looks as if it did. Pure.

The rule is RFC 9525's (section 6.3): DNS names of the SAN only, compared without case; a wildcard is a whole first
label and stands for exactly one. A listener for `*.example.com` answers for any name below it and is covered by the
same wildcard only; one for `*` takes whatever comes and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from meshtui.findings import Severity
from meshtui.gateway.flaws import Code, Flaw


def host_flaw(leaf: x509.Certificate, hosts: Iterable[str], target: str, *, made_here: bool = True) -> Flaw | None:
    """The hosts that it does not cover, in one flaw; None when it covers all.

    `made_here` says whether a rotation can make another, or a new one has to be brought.
    """
    names = names_of(leaf)
    missing = [host for host in hosts if host != "*" and not covers(names, host)]
    if not missing:
        return None
    have = ", ".join(names[:5]) + (", …" if len(names) > 5 else "") if names else "no host at all"
    text = f"It does not cover {', '.join(missing)}: it is for {have}{_hint(leaf, names, missing)}."
    # a rotation keeps the names that there are, so that all of them are said
    wanted = " ".join(f"--host {host}" for host in dict.fromkeys([*names, *missing]) if _is_host(host))
    fix = f"meshtui rotate {target} {wanted}" + ("" if made_here else " --cert FILE --key FILE, or --issuer NAME")
    return Flaw(Code.HOST_NOT_COVERED, Severity.CRITICAL, text, fix)


def covers(names: Sequence[str], host: str) -> bool:
    """Whether one of these names of a certificate stands for a host, which may be a wildcard itself."""
    wanted = host.lower()
    parent = wanted.partition(".")[2]
    return any(name in (wanted, f"*.{parent}" if parent else wanted) for name in map(str.lower, names))


def _is_host(name: str) -> bool:
    """Of a certificate of others: what a command line may be told to type."""
    return bool(name) and all(character.isalnum() or character in "*.-:" for character in name) and name.isascii()


def names_of(leaf: x509.Certificate) -> list[str]:
    """The hosts that a certificate is for, as its SAN writes them."""
    try:
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*san.get_values_for_type(x509.DNSName), *map(str, san.get_values_for_type(x509.IPAddress))]


def _hint(leaf: x509.Certificate, names: Sequence[str], missing: Sequence[str]) -> str:
    common = [str(each.value).lower() for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    for host in missing:
        if host in common:
            return f"; {host} is its common name only, which clients ignore"
        if any(name.startswith("*.") and host.endswith(name[1:].lower()) for name in names):
            return "; a wildcard stands for one label, not for several"
        if any(_ascii(name) == host for name in names if not name.isascii()):
            return f"; the name is written in Unicode there, and must be {host}"
        if host.startswith("*."):
            return f"; only a certificate for {host} covers all names below {host[2:]}"
    return ""


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return ""
