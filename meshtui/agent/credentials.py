"""What an agent may show to the CA, in the order in which it is worth trying. Each is read when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from meshtui.agent.client_pair import ClientPair, read_pair
from meshtui.agent.options import AgentOptions
from meshtui.agent.token_file import read_token
from meshtui.identity.svid import Svid

HELD, PROVISIONED, TOKEN = "the certificate in service", "the provisioned certificate", "the token"


@dataclass(frozen=True)
class Credential:
    """Where to ask, and with what. Secret but for the address."""

    address: str
    """HOST:PORT."""
    token: str = field(default="", repr=False)
    pair: ClientPair | None = field(default=None, repr=False)


Read = Callable[[], Credential]
"""Raises StateError when the credential cannot be had."""


def ways(options: AgentOptions, held: Svid | None, now: datetime) -> Iterator[tuple[str, Read]]:
    """Every way that is open at `now` to an agent that holds `held`, with its name, the best first.

    A certificate renews itself where the CA takes certificates: at --ca-mtls or, for an agent that began with a
    provisioned one, where that was taken. An expired one proves nothing.
    """
    by_certificate = options.ca_mtls or options.ca
    directory, token_file = options.provisioned_certs, options.token_file
    takes_certificates = bool(options.ca_mtls) or directory is not None
    if held is not None and takes_certificates and now < held.leaf.not_valid_after_utc:
        yield HELD, lambda: Credential(by_certificate, pair=ClientPair.of(held))
    if directory is not None:
        yield PROVISIONED, lambda: Credential(by_certificate, pair=read_pair(directory, now))
    if token_file is not None:
        yield TOKEN, lambda: Credential(options.ca, token=read_token(token_file))
