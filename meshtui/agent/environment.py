"""The options of an agent from its flags and from the environment that istio-agent reads. Pure: opens nothing.

A flag wins over the environment; a variable that is empty counts as not set, as it does for istio-agent. What is
spelt differently there is translated here: its grace period is what is left of a lifetime when the certificate is
replaced, --rotate-at is what has passed of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from meshtui.agent.options import KEY_KINDS, AgentOptions
from meshtui.errors import IdentityError, UsageError
from meshtui.identity.spiffe import SpiffeId
from meshtui.settings import UNIX_PATH_MAX, parse_duration

T = TypeVar("T")

VARIABLES = {
    "ca": "CA_ADDR",
    "ca-root": "CA_ROOT_CA",
    "ca-server-name": "ISTIOD_SAN",
    "output-certs": "OUTPUT_CERTS",
    "provisioned-certs": "PROV_CERT",
    "ttl": "SECRET_TTL",
    "jitter": "SECRET_GRACE_PERIOD_RATIO_JITTER",
}
"""Flag → variable of istio-agent that means the same in the same words. `read_options` knows the others."""

_SYSTEM = "SYSTEM"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):(\d{1,5})", re.ASCII)
_SHORTEST_TTL = 1.0
_EARLIEST, _LATEST = 0.05, 0.95


class _Said:
    """Looks a value up and, when it is wrong, names where it was said."""

    def __init__(self, flags: Mapping[str, str | None], environment: Mapping[str, str]) -> None:
        self._flags = flags
        self._environment = environment

    def variable(self, name: str) -> str:
        """Empty when it is not set."""
        return self._environment.get(name, "")

    def find(self, flag: str) -> tuple[str, str]:
        """Value and where it was said; two empty texts when nobody said it. Raises UsageError for an empty flag."""
        value = self._flags.get(flag)
        if value is not None:
            if not value:
                raise UsageError(f"--{flag} is empty.", fix="Give it a value, or leave it out.")
            return value, f"--{flag}"
        variable = VARIABLES.get(flag, "")
        value = self.variable(variable)
        return (value, variable) if value else ("", "")

    def read(self, flag: str, parse: Callable[[str], T], default: T) -> T:
        """The value as `parse` reads it, which raises UsageError."""
        value, where = self.find(flag)
        return parsed(where, value, parse) if where else default

    def required(self, flag: str, parse: Callable[[str], T]) -> T:
        """As `read`, and UsageError when nobody said it."""
        value, where = self.find(flag)
        if not where:
            variable = f" or set {VARIABLES[flag]}" if flag in VARIABLES else ""
            raise UsageError(f"--{flag} is missing.", fix=f"Give --{flag}{variable}.")
        return parsed(where, value, parse)


def parsed(where: str, value: str, parse: Callable[[str], T]) -> T:
    """What `parse` makes of a value; its complaint becomes a UsageError that names where the value was said."""
    try:
        return parse(value)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", fix=error.fix) from error


def read_options(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> AgentOptions:
    """Options from what was said, flags by name without their dashes.

    Raises UsageError with a sentence that names the flag or variable for what is missing, malformed or out of range.
    """
    said = _Said(flags, environment)
    ca = said.required("ca", _address)
    provisioned = said.read("provisioned-certs", Path, None)
    token_file = said.read("token-file", Path, None)
    if token_file is None and provisioned is None:
        raise UsageError(
            "The agent has nothing to show to the CA.",
            fix="Give --token-file, or --provisioned-certs or set PROV_CERT.",
        )
    rotate_at = _rotate_at(said)
    return AgentOptions(
        ca=ca,
        ca_root=_ca_root(said, provisioned),
        ca_server_name=said.read("ca-server-name", str, ""),
        ca_mtls=said.read("ca-mtls", _address, ""),
        identity=_identity(said),
        token_file=token_file,
        provisioned_certs=provisioned,
        sds_socket=said.required("sds-socket", _socket),
        output_certs=said.read("output-certs", Path, None),
        ttl=said.read("ttl", _ttl, AgentOptions.ttl),
        rotate_at=rotate_at,
        jitter=_jitter(said, rotate_at),
        key_kind=_key_kind(said),
        metrics_port=said.read("metrics-port", _port, None),
    )


def _address(text: str) -> str:
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise UsageError(f"{text[:200]!r} is not an address.", fix="Write HOST:PORT, without a scheme.")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise UsageError(f"{text[:80]!r} is not a port.", fix="Use 0 to 65535; 0 means any free one.")
    return int(text)


def _socket(text: str) -> Path:
    path = Path(text).absolute()
    if len(bytes(path)) > UNIX_PATH_MAX:
        raise UsageError(
            f"The path {str(path)!r} has {len(bytes(path))} bytes.",
            fix=f"The path of a Unix socket has {UNIX_PATH_MAX} at most.",
        )
    return path


def _ttl(text: str) -> timedelta:
    ttl = parse_duration(text)
    if ttl.total_seconds() < _SHORTEST_TTL:
        raise UsageError(f"{text!r} is too short.", fix="A CA counts in whole seconds: use 1s or more.")
    return ttl


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"{text[:80]!r} is not a share.", fix="Use a number between 0 and 1.")
    return share


def _rotate_at(said: _Said) -> float:
    value, where = said.find("rotate-at")
    if where:
        share = parsed(where, value, _share)
    elif value := said.variable("SECRET_GRACE_PERIOD_RATIO"):
        where = "SECRET_GRACE_PERIOD_RATIO"
        share = 1.0 - parsed(where, value, _share)
    else:
        return AgentOptions.rotate_at
    if not 0.1 <= share <= 0.9:
        raise UsageError(f"{where}: {value} is out of range.", fix="Use a share between 0.1 and 0.9.")
    return share


def _jitter(said: _Said, rotate_at: float) -> float:
    value, where = said.find("jitter")
    if not where:
        return AgentOptions.jitter
    jitter = parsed(where, value, _share)
    if rotate_at - jitter < _EARLIEST or rotate_at + jitter > _LATEST:
        raise UsageError(
            f"{where}: {value} is too much around {rotate_at:g}.",
            fix=f"Rotations must stay between {_EARLIEST:g} and {_LATEST:g} of a lifetime.",
        )
    return jitter


def _identity(said: _Said) -> SpiffeId:
    value, where = said.find("identity")
    if where:
        return parsed(where, value, SpiffeId.parse)
    namespace, account = said.variable("POD_NAMESPACE"), said.variable("SERVICE_ACCOUNT")
    if not (namespace and account):
        raise UsageError("--identity is missing.", fix="Give --identity, or set POD_NAMESPACE and SERVICE_ACCOUNT.")
    trust_domain = said.variable("TRUST_DOMAIN") or "cluster.local"
    try:
        return SpiffeId.for_service_account(trust_domain, namespace, account)
    except IdentityError as error:
        raise UsageError(f"TRUST_DOMAIN, POD_NAMESPACE and SERVICE_ACCOUNT: {error.message}", fix=error.fix) from error


def _ca_root(said: _Said, provisioned: Path | None) -> Path | None:
    value, where = said.find("ca-root")
    if where:
        return None if value == _SYSTEM else Path(value)
    if provisioned is not None:  # as istio-agent does
        return provisioned / "root-cert.pem"
    raise UsageError("--ca-root is missing.", fix="Give --ca-root FILE (or SYSTEM) or set CA_ROOT_CA.")


def _key_kind(said: _Said) -> str:
    value, where = said.find("key")
    if where:
        if value not in KEY_KINDS:
            raise UsageError(
                f"{where}: {value[:80]!r} is not a kind of key.", fix=f"Use one of {', '.join(KEY_KINDS)}."
            )
        return value
    algorithm, curve, bits = (
        said.variable(name) for name in ("ECC_SIGNATURE_ALGORITHM", "ECC_CURVE", "WORKLOAD_RSA_KEY_SIZE")
    )
    if algorithm:
        if algorithm != "ECDSA":
            raise UsageError(f"ECC_SIGNATURE_ALGORITHM: {algorithm[:80]!r} is not known.", fix="Use ECDSA.")
        return "EC P-384" if curve == "P384" else "EC P-256"
    if bits:
        if f"RSA {bits}" not in KEY_KINDS:
            raise UsageError(f"WORKLOAD_RSA_KEY_SIZE: {bits[:80]!r} is not known.", fix="Use 2048, 3072 or 4096.")
        return f"RSA {bits}"
    return AgentOptions.key_kind
