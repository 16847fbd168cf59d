"""Asks a real server as the prober does, and gives its checks by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from meshtui.findings import Check
from meshtui.probe.contexts import UNKNOWN_ROOTS, ClientPair, Contexts, Roots
from meshtui.probe.prober import Probed, Prober
from meshtui.probe.question import Question
from meshtui.probe.tls import Address
from tests.identity.forge import Pair
from tests.probe.servers import HOST, written

ROOTS_FILE = "root.pem"


def trusting(*roots: Pair, directory: Path | None = None) -> Roots:
    """Nothing is known without any; written to a file where commands are to read it."""
    if not roots:
        return UNKNOWN_ROOTS
    file = str(written(directory / ROOTS_FILE, *roots)) if directory is not None else ROOTS_FILE
    return Roots(tuple(pair.certificate for pair in roots), ROOTS_FILE, file)


def as_client(directory: Path, *chain: Pair) -> ClientPair:
    """The first one's certificate and key, in one file."""
    file = str(written(directory / "client.pem", *chain, key=True))
    return ClientPair(tuple(pair.certificate for pair in chain), chain[0].key, file, file)


async def probe(
    address: Address,
    roots: Roots,
    *,
    client: ClientPair | None = None,
    question: Question | None = None,
    host: str = HOST,
    prober: Prober | None = None,
) -> Probed:
    """`question` says what else is asked."""
    asked = replace(question or Question(address=address, host=host, speaks_http=True), address=address)
    return await (prober or Prober()).probe(asked, Contexts(roots, client), datetime.now(UTC))


async def checks(
    address: Address,
    roots: Roots,
    *,
    client: ClientPair | None = None,
    question: Question | None = None,
    host: str = HOST,
    prober: Prober | None = None,
) -> dict[str, Check]:
    """The same, by name."""
    probed = await probe(address, roots, client=client, question=question, host=host, prober=prober)
    return {check.name: check for check in probed.checks}


def verdicts(found: dict[str, Check]) -> dict[str, bool | None]:
    """What passed, by name."""
    return {name: check.passed for name, check in found.items()}
