"""Which outside issuers are believed: the file of `--oidc`, a JSON list like Istio's JWT_RULE (or one rule)."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from meshtui.ca.key_set import MAX_BYTES
from meshtui.ca.key_source import KeySource, fetch
from meshtui.ca.oidc import OidcAuthenticator
from meshtui.errors import StateError, UsageError

MAX_RULES = 20


class OidcRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One issuer."""

    issuer: str
    """As its tokens name it, compared as it stands."""
    audiences: tuple[str, ...]
    """A token must be for one of them."""
    jwks_uri: str = ""
    jwks_file: str = ""
    """Beside the configuration, if the path is relative."""
    ca_file: str = ""
    """PEM that verifies the server of `jwks_uri`; the system's roots without one."""


def read_rules(path: Path) -> tuple[OidcRule, ...]:
    """The rules of a file; raises UsageError for what is wrong in it."""
    try:
        data = path.read_bytes()
        found = msgspec.json.decode(data, type=OidcRule | list[OidcRule])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", fix="Name a file with --oidc.") from error
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path} is not a list of issuers: {error}.",
            fix='Write [{"issuer": "…", "audiences": ["istio-ca"], "jwks_uri": "https://…"}].',
        ) from error
    rules = tuple(found) if isinstance(found, list) else (found,)
    if len(rules) > MAX_RULES:
        raise UsageError(f"{path} has {len(rules)} issuers.", fix=f"Use up to {MAX_RULES}.")
    if len({rule.issuer for rule in rules}) != len(rules):
        raise UsageError(f"{path} has an issuer twice.", fix="Give each issuer one rule.")
    for rule in rules:
        _check(rule, path)
    return rules


def _check(rule: OidcRule, path: Path) -> None:
    where = f"The rule for {rule.issuer!r} in {path}"
    if not rule.issuer or not rule.audiences or not all(rule.audiences):
        raise UsageError(f"{where} lacks an issuer or audiences.", fix="Both are needed: no token is for everybody.")
    if bool(rule.jwks_uri) == bool(rule.jwks_file):
        raise UsageError(f"{where} needs either jwks_uri or jwks_file.", fix="Say where the issuer's keys are.")
    if rule.jwks_uri and not _is_safe(rule.jwks_uri):
        raise UsageError(
            f"{where} takes its keys from {rule.jwks_uri!r}, which anybody on the way could change.",
            fix="Use https://, or http:// on a loopback address.",
        )


def _is_safe(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        loopback = host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False
    return bool(host) and not parts.username and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def authenticator_of(
    rule: OidcRule, path: Path, trust_domain: str, clock: Callable[[], datetime]
) -> tuple[OidcAuthenticator, KeySource]:
    """The authenticator of a rule, and its keys; those of a URL are yet to be fetched."""
    if rule.jwks_uri:
        read = functools.partial(fetch, rule.jwks_uri, str(path.parent / rule.ca_file) if rule.ca_file else "")
        source = KeySource(rule.jwks_uri, read, clock)
    else:
        file = path.parent / rule.jwks_file
        source = KeySource(str(file), functools.partial(_read, file), clock)
        source.refresh()  # costs no waiting
    return OidcAuthenticator(rule.issuer, rule.audiences, source, trust_domain), source


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.", fix="Check its owner and mode.") from error
