"""Asks a running Envoy, over its admin Unix socket, whether it is ready and what it presents.

Reads only; answers are bounded in size and time. Envoy redacts private keys in what it says here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from meshtui.envoy.http import Answer, get
from meshtui.errors import IdentityError, UnreachableError
from meshtui.identity.facts import CertificateFacts, serial_text

TIMEOUT = 2.0
"""Seconds for one question, connecting included."""


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
        text = str((await self._json("/server_info")).get("version", ""))
        parts = text.split("/")
        return parts[1] if len(parts) > 1 else text

    async def secrets(self) -> Mapping[str, ServedSecret]:
        """Every secret it has or waits for, by name. Raises UnreachableError."""
        found: dict[str, ServedSecret] = {}
        for resource, warming in (("dynamic_warming_secrets", True), ("dynamic_active_secrets", False)):
            answer = await self._json(f"/config_dump?resource={resource}")
            for entry in _objects(answer.get("configs")):
                secret = _secret(entry, warming=warming)
                found[secret.name] = secret
        return found

    async def serials(self) -> frozenset[str]:
        """Serials of all leaf certificates in use, lower-case hexadecimal; open connections may keep old ones.

        Raises UnreachableError.
        """
        answer = await self._json("/certs")
        # never a ValueError: this is Envoy's own hexadecimal
        return frozenset(
            serial_text(int(str(certificate.get("serial_number")), 16))
            for entry in _objects(answer.get("certificates"))
            for certificate in _objects(entry.get("cert_chain"))
        )

    async def _get(self, path: str) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await get(self._socket, path)
        except (OSError, ValueError, EOFError) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            raise UnreachableError(
                f"Envoy's admin at {self._socket} does not answer {path}: {reason}.", fix="It may be starting."
            ) from error

    async def _json(self, path: str) -> dict[str, Any]:
        answer = await self._get(path)
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except ValueError as error:
            what = f"status {answer.status}" if answer.status != 200 else str(error)
            raise UnreachableError(f"Envoy's admin at {self._socket} gave no answer to {path}: {what}.") from error


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _secret(entry: dict[str, Any], *, warming: bool) -> ServedSecret:
    content = entry.get("secret", {})
    source = content.get("tls_certificate", {}).get("certificate_chain")
    source = source or content.get("validation_context", {}).get("trusted_ca") or {}
    chain, problem = _chain(source)
    return ServedSecret(
        name=str(entry.get("name", "")),
        version=str(entry.get("version_info", "")),
        warming=warming,
        chain=chain,
        problem=problem,
    )


def _chain(source: Mapping[str, Any]) -> tuple[tuple[CertificateFacts, ...], str]:
    from meshtui.identity.inspect import facts, load_certificates  # noqa: PLC0415 - cryptography, only when asked

    try:
        pem = base64.b64decode(source.get("inline_bytes", "")) or str(source.get("inline_string", "")).encode()
        return tuple(map(facts, load_certificates(pem))) if pem else (), ""
    except (IdentityError, binascii.Error) as error:
        return (), str(error)
