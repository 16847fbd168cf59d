"""Asks a running Envoy, over its admin Unix socket, whether it is ready and what it presents.

Reads only; answers are bounded in size and time. Envoy redacts private keys in what it says here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from meshtui.envoy import dump
from meshtui.envoy.http import Answer, get
from meshtui.errors import IdentityError, UnreachableError
from meshtui.identity.facts import CertificateFacts, serial_text

TIMEOUT = 2.0
"""Seconds for one question, connecting included."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ServedSecret:
    """One secret as Envoy has it. Never holds a key."""

    name: str
    version: str
    """Of the discovery response that brought it; empty while it is warming."""
    warming: bool
    """Asked for and not there yet: what depends on it waits."""
    chain: tuple[CertificateFacts, ...]
    """Leaf first; of a validation context the roots; empty while it is warming."""
    problem: str = ""
    """Why the chain could not be read; empty when it could."""


class EnvoyAdmin:
    """The admin interface of one proxy."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def ready(self) -> bool:
        """Whether it has its configuration and takes requests. False also when it does not answer."""
        try:
            return (await self._get("/ready")).status == 200
        except UnreachableError:
            return False

    async def version(self) -> str:
        """As in `1.40.0`. Raises UnreachableError."""
        answer = await self._ask("/server_info", dump.ServerInfo)
        return answer.version.split("/")[1] if "/" in answer.version else answer.version

    async def secrets(self) -> Mapping[str, ServedSecret]:
        """Every secret it has or waits for, by name. Raises UnreachableError."""
        warming = await self._ask("/config_dump?resource=dynamic_warming_secrets", dump.Secrets)
        active = await self._ask("/config_dump?resource=dynamic_active_secrets", dump.Secrets)
        return {
            **{entry.name: _served(entry, warming=True) for entry in warming.configs},
            **{entry.name: _served(entry, warming=False) for entry in active.configs},
        }

    async def serials(self) -> frozenset[str]:
        """Serials of all leaf certificates in use, lower-case hexadecimal; open connections may keep old ones.

        Raises UnreachableError.
        """
        answer = await self._ask("/certs", dump.Certificates)
        leaves = [leaf for entry in answer.certificates for leaf in entry.cert_chain]
        return frozenset(serial_text(int(leaf.serial_number, 16)) for leaf in leaves if leaf.serial_number)

    async def _get(self, path: str) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await get(self._socket, path)
        except (OSError, ValueError, EOFError) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            raise UnreachableError(
                f"Envoy's admin at {self._socket} does not answer {path}: {reason}.", fix="It may be starting."
            ) from error

    async def _ask(self, path: str, form: type[T]) -> T:
        answer = await self._get(path)
        try:
            return msgspec.json.decode(answer.body, type=form)
        except ValueError as error:
            what = f"status {answer.status}" if answer.status != 200 else str(error)
            raise UnreachableError(f"Envoy's admin at {self._socket} gave no answer to {path}: {what}.") from error


def _served(entry: dump.SecretEntry, *, warming: bool) -> ServedSecret:
    source = entry.secret.tls_certificate.certificate_chain
    if source == dump.Source():
        source = entry.secret.validation_context.trusted_ca
    chain, problem = _chain(source)
    return ServedSecret(name=entry.name, version=entry.version_info, warming=warming, chain=chain, problem=problem)


def _chain(source: dump.Source) -> tuple[tuple[CertificateFacts, ...], str]:
    from meshtui.identity.inspect import facts, load_certificates  # noqa: PLC0415 - cryptography, only when asked

    try:
        pem = base64.b64decode(source.inline_bytes) or source.inline_string.encode()
        return tuple(map(facts, load_certificates(pem))) if pem else (), ""
    except (IdentityError, binascii.Error) as error:
        return (), str(error)
