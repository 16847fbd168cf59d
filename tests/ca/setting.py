"""A CA with everything it needs, for tests: real keys, a real ledger, real tokens, and a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.authority import Authority
from meshtui.ca.caller import Authenticator
from meshtui.ca.events import Decided
from meshtui.ca.impersonation import NodeAuthorizer
from meshtui.ca.keystore import GatewayRoots, open_mesh_root
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.requests import ServerRequest, WorkloadRequest
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.validity import LifetimeLimits
from meshtui.config.tokens import TokenIssuer
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import PrivateKey, new_key
from meshtui.identity.spiffe import SpiffeId
from tests.identity.forge import HTTPBIN, NOW

ISSUER = "https://cluster.local/mesh"


@dataclass
class Setting:
    """One CA in a temporary directory."""

    directory: Path
    serials: Callable[[], int] = new_serial
    now: datetime = NOW
    key: PrivateKey = field(default_factory=new_key)
    """Of the workload that asks."""
    heard: list[Decided] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = TokenIssuer.open(self.directory / "tokens.key", ISSUER)
        self.root: Signer = self.make_root()
        self.ledger = Ledger.open(self.directory / "ledger.db")
        self.authority = Authority(
            root=self.root,
            gateways=GatewayRoots(self.directory, self.ledger.has_signed),
            ledger=self.ledger,
            authenticator=self.make_authenticator(),
            workload_limits=LifetimeLimits(default=timedelta(hours=24)),
            announce=self.heard.append,
            serials=self.serials,
            nodes=self.make_nodes(),
        )

    def make_root(self) -> Signer:
        """What signs for the workloads."""
        return open_mesh_root(self.directory, "cluster.local", self.now, first_start=True)

    def make_authenticator(self) -> Authenticator:
        """Who is believed."""
        return TokenAuthenticator(self.tokens.jwks(), ISSUER, "cluster.local")

    def make_nodes(self) -> NodeAuthorizer:
        """Who may ask for others: nobody."""
        return NodeAuthorizer()

    @property
    def reader(self) -> LedgerReader:
        """The ledger as the owner of the mesh sees it."""
        return LedgerReader(self.directory / "ledger.db")

    def clock(self) -> datetime:
        """The time that was handed in."""
        return self.now

    def token(self, service_account: str = "httpbin", audience: str = "istio-ca") -> str:
        """A token for a pod of a service account."""
        return self.tokens.issue(
            "prod",
            service_account,
            pod_name=f"{service_account}-1",
            pod_uid=f"uid-{service_account}",
            audience=audience,
            duration=timedelta(hours=1),
            now=self.now,
        )

    def csr(self) -> str:
        """A request of the workload."""
        return make_csr(self.key, SpiffeId.parse(HTTPBIN))

    def workload_request(
        self, *, csr: str | None = None, seconds: int = 0, token: str | None = None, **options: str | None
    ) -> WorkloadRequest:
        """A good request, but for what is given."""
        bearer = self.token() if token is None else token
        return WorkloadRequest(
            csr=self.csr() if csr is None else csr,
            validity_seconds=seconds,
            headers=[("authorization", f"Bearer {bearer}")],
            options=options,
        )

    def server_request(
        self,
        *,
        csr: str | None = None,
        authority: str = "example.com",
        hosts: tuple[str, ...] = ("httpbin.example.com",),
        seconds: int = 0,
    ) -> ServerRequest:
        """A good request for a gateway, but for what is given."""
        return ServerRequest(
            authority=authority,
            csr=self.csr() if csr is None else csr,
            hosts=hosts,
            validity_seconds=seconds,
            target="gateway/istio-system/httpbin-credential",
            actor="sre",
        )
