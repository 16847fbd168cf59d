"""Which ways to authenticate this CA has, in Istio's order: client certificate, the mesh's tokens, outside issuers.

Only puts them together; each way is in a module of its own. Kubernetes' TokenReview, which Istio has here too, is
none of them yet: it needs a cluster, and comes with the backend for one. A cluster's tokens can be verified without it
where its issuer is given as an outside one (`--oidc`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from meshtui.ca.arguments import Arguments
from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.caller import Authenticator
from meshtui.ca.identification import Existing, FirstOf
from meshtui.ca.inventory import InventoryFile
from meshtui.ca.key_source import KeySource
from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.oidc_rules import authenticator_of, read_rules
from meshtui.ca.records import LedgerEntry
from meshtui.ca.renewal import CertificateAuthenticator
from meshtui.ca.signer import Signer
from meshtui.ca.token_cache import TokenCache
from meshtui.errors import UsageError
from meshtui.identity.bundle import TrustBundle


@dataclass(frozen=True)
class Ways:
    """The ways as one, and the keys that some of them need."""

    authenticator: Authenticator
    sources: tuple[KeySource, ...]

    def start(self) -> None:
        """Begin to keep the keys fresh."""
        for source in self.sources:
            source.start()

    def stop(self) -> None:
        """End that."""
        for source in self.sources:
            source.stop()


def ways_of(
    arguments: Arguments,
    signer: Signer,
    inventory: InventoryFile | None,
    ledger: Path,
    clock: Callable[[], datetime],
) -> Ways:
    """Everything that `arguments` ask for; raises StateError or UsageError for files that cannot be used."""
    mesh = TokenAuthenticator.load(arguments.token_jwks, arguments.token_issuer, arguments.trust_domain)
    own: Authenticator = TokenCache(mesh)
    if inventory is not None:
        own = Existing(own, inventory)
    certificates: list[Authenticator] = []
    if arguments.mtls_port is not None and inventory is not None:
        certificates.append(Existing(_certificates(arguments, signer, ledger), inventory))
    outside = []
    if arguments.oidc is not None:
        for rule in read_rules(arguments.oidc):
            if rule.issuer == arguments.token_issuer:
                raise UsageError(
                    f"{arguments.oidc} has the mesh's own issuer {rule.issuer!r}.", fix="Leave that one out."
                )
            outside.append(authenticator_of(rule, arguments.oidc, arguments.trust_domain, clock))
    ways = (*certificates, own, *(authenticator for authenticator, _ in outside))
    return Ways(ways[0] if len(ways) == 1 else FirstOf(ways), tuple(source for _, source in outside))


def _certificates(arguments: Arguments, signer: Signer, ledger: Path) -> CertificateAuthenticator:
    def find(serial: str) -> LedgerEntry | None:
        # a connection for each: renewals are rare, and this one is not bound to a thread
        reader = LedgerReader(ledger)
        try:
            return reader.by_serial(serial)
        finally:
            reader.close()

    return CertificateAuthenticator(
        trust_domain=arguments.trust_domain,
        bundle=TrustBundle.parse(signer.following[-1]),
        intermediates=signer.path[:-1],
        find=find,
        token_every=arguments.token_every,
    )
