"""An address outside of the mesh as a person names it, `https://HOST[:PORT][/PATH]` or `HOST:PORT`, and `--resolve`.

Nothing is looked up here. Hosts are compared in lower case, with what is not ASCII in the form that DNS and
certificates have (IDNA 2008, as curl and browsers do it).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from meshtui.errors import UsageError

FORMS = "https://HOST[:PORT][/PATH] or HOST:PORT"
_DEFAULT_PORT = 443
_LONGEST = 2048
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._?"

Resolved = Mapping[tuple[str, int], tuple[str, ...]]
"""What `--resolve` says: host and port → IP addresses."""


@dataclass(frozen=True)
class Place:
    """Where to ask, and for what."""

    text: str
    """As it was named."""
    host: str
    """A DNS name as it stands in a certificate, or an IP address."""
    port: int
    path: str = "/"
    is_url: bool = False
    """Whether it was said that HTTP is spoken there."""

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read either form. Raises UsageError with the reason for anything else."""
        if len(text) > _LONGEST or not text.isprintable() or " " in text:
            raise _wrong(text, "it has spaces, control characters or too many of any")
        if "://" not in text:
            host, colon, port = text.rpartition(":")
            if not colon:
                raise _wrong(text, "there is no port")
            if ":" in host and not (host.startswith("[") and host.endswith("]")):
                raise _wrong(text, "an IPv6 address stands in brackets, as in [::1]:443")
            return cls(text, _host(text, host.removeprefix("[").removesuffix("]")), _port(text, port))
        if not text.lower().startswith("https://"):
            raise _wrong(text, "only https is asked")
        parts = _split(text)
        if parts.username is not None or parts.password is not None:
            raise _wrong("https://…@…", "a name and password are not sent")
        _, _, port = parts.netloc.rpartition("]")[2].rpartition(":")
        number = _port(text, port) if parts.netloc.endswith(f":{port}") and port else _DEFAULT_PORT
        path = quote(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", safe=_SAFE_IN_PATH)
        return cls(text, _host(text, (parts.hostname or "").replace("%25", "%")), number, path, is_url=True)


def read_resolve(options: Iterable[str]) -> Resolved:
    """What `HOST:PORT:ADDRESS[,ADDRESS]` says, each time it is given, as curl's option; raises UsageError."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for text in options:
        host, _, rest = text.partition(":")
        port, _, addresses = rest.partition(":")
        try:
            known = tuple(str(ipaddress.ip_address(each.strip("[]"))) for each in addresses.split(","))
            found[_host(text, host), _port(text, port)] = known
        except ValueError as error:
            raise UsageError(
                f"--resolve {text!r} is not HOST:PORT:ADDRESS[,ADDRESS].", fix="Give IP addresses, as curl takes them."
            ) from error
    return found


def is_address(host: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise _wrong(text, "its host cannot be read") from error


def _port(text: str, port: str) -> int:
    if not port.isascii() or not port.isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
        raise _wrong(text, f"{port!r} is not a port from 1 to 65535" if port else "there is no port")
    return int(port)


def _host(text: str, host: str) -> str:
    if is_address(host):
        return str(ipaddress.ip_address(host))
    name = host.removesuffix(".")
    if not name.isascii():
        import idna  # noqa: PLC0415 - its tables are large, and few names need them

        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError as error:
            raise _wrong(text, f"{host!r} is not a host: {error}") from error
    name = name.lower()
    labels = name.split(".")
    if len(name) > 253 or not all(0 < len(label) <= 63 and _is_label(label) for label in labels):
        raise _wrong(text, f"{host!r} is not a host" if host else "there is no host")
    return name


def _is_label(label: str) -> bool:
    # underscores stand in no certificate, but in names that are asked for all the same
    return label.replace("-", "a").replace("_", "a").isalnum() and not label.startswith("-")


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f"{text[:200]!r} is not an address to verify: {why}.", fix=f"An address is {FORMS}.")
