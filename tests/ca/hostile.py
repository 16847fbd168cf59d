"""A CA as it is in a mesh, with every way to authenticate, on real TLS, and clients that do not play by the rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.caller import Authenticator
from meshtui.ca.identification import Existing, FirstOf
from meshtui.ca.impersonation import NodeAuthorizer
from meshtui.ca.inventory import InventoryDocument, InventoryFile, Pod
from meshtui.ca.key_source import KeySource
from meshtui.ca.keystore import open_mesh_root
from meshtui.ca.oidc import OidcAuthenticator
from meshtui.ca.records import LedgerEntry, State
from meshtui.ca.renewal import CertificateAuthenticator
from meshtui.ca.server import HOST, CaServer
from meshtui.ca.signer import Signer
from meshtui.errors import UnreachableError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.keys import PrivateKey, key_pem, new_key
from meshtui.private_files import write_file
from meshtui.wire import istio_ca_pb2 as istio_pb
from tests.ca.setting import ISSUER, Setting

DEADLINE = 10.0
METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
OUTSIDE = "https://issuer.example.com"
OUTSIDE_KEY = RSAKey.import_key(key_pem(new_key("RSA 2048")), {"use": "sig"})
PODS = (
    Pod(namespace="prod", name="httpbin-1", uid="uid-httpbin", service_account="httpbin", node="node-1"),
    Pod(namespace="prod", name="sleep-1", uid="uid-sleep", service_account="sleep", node="node-2"),
    Pod(namespace="prod", name="axb-1", uid="uid-axb", service_account="axb", node="node-1"),
    Pod(namespace="istio-system", name="ztunnel-1", uid="uid-ztunnel", service_account="ztunnel", node="node-1"),
)
INVENTORY = InventoryDocument(
    service_accounts=("prod/httpbin", "prod/sleep", "prod/axb", "istio-system/ztunnel"), pods=PODS
)
TRUSTED = frozenset({("istio-system", "ztunnel")})


@dataclass(frozen=True)
class Answer:
    """How a call ended."""

    code: grpc.StatusCode
    text: str
    chain: tuple[str, ...] = ()


def outside_jwks() -> bytes:
    """The key set of the outside issuer."""
    return json.dumps({"keys": [{**OUTSIDE_KEY.as_dict(private=False), "kid": "outside"}]}).encode()


class Hostile(Setting):
    """A CA that listens, with and without client certificates."""

    port: int = 0
    mtls_port: int = 0
    token_every: timedelta = timedelta(days=7)
    outside_answers: bytes | None = None
    trusted_roots: str = ""
    """What certificates of clients are checked against, where that is to differ from TLS."""

    def make_root(self) -> Signer:
        """A root that is some weeks old: tests go back in time, since TLS will not go ahead."""
        return open_mesh_root(self.directory, "cluster.local", self.now - timedelta(days=20), first_start=True)

    def make_authenticator(self) -> Authenticator:
        """Every way that there is, in order."""
        self.inventory = InventoryFile(self.directory / "inventory.json")
        self.write_inventory(INVENTORY)
        self.source = KeySource("issuer.example.com", self._outside_keys, self.clock)
        self.outside_answers = outside_jwks()
        self.source.refresh()
        certificates = CertificateAuthenticator(
            trust_domain="cluster.local",
            bundle=TrustBundle.parse(self.trusted_roots or self.root.following[-1]),
            intermediates=self.root.path[:-1],
            find=self._found,
            token_every=self.token_every,
        )
        return FirstOf(
            (
                Existing(certificates, self.inventory),
                Existing(TokenAuthenticator(self.tokens.jwks(), ISSUER, "cluster.local"), self.inventory),
                OidcAuthenticator(OUTSIDE, ("istio-ca",), self.source, "cluster.local"),
            )
        )

    def _found(self, serial: str) -> LedgerEntry | None:
        return self.reader.by_serial(serial)

    def make_nodes(self) -> NodeAuthorizer:
        """ztunnel may ask for the pods of its node."""
        return NodeAuthorizer(TRUSTED, self.inventory)

    def write_inventory(self, document: InventoryDocument) -> None:
        """Replace it, as the owner of the mesh does."""
        write_file(self.directory / "inventory.json", msgspec.json.encode(document))

    def _outside_keys(self) -> bytes:
        if self.outside_answers is None:
            raise UnreachableError("It cannot be fetched: connection refused.")
        return self.outside_answers

    def bearer(self, token: str | None = None) -> list[tuple[str, str]]:
        """The header of a call."""
        return [("authorization", f"Bearer {self.token() if token is None else token}")]

    def ztunnel(self) -> str:
        """A token of the node's proxy."""
        return self.tokens.issue(
            "istio-system",
            "ztunnel",
            pod_name="ztunnel-1",
            pod_uid="uid-ztunnel",
            audience="istio-ca",
            duration=timedelta(hours=1),
            now=self.now,
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token of the mesh, changed; None takes one out."""
        at = int(self.now.timestamp())
        good = {
            "iss": ISSUER,
            "sub": "system:serviceaccount:prod:httpbin",
            "aud": ["istio-ca"],
            "iat": at,
            "nbf": at,
            "exp": at + 60,
            "kubernetes.io": {
                "namespace": "prod",
                "pod": {"name": "httpbin-1", "uid": "uid-httpbin"},
                "serviceaccount": {"name": "httpbin"},
            },
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token that the mesh's issuer has signed."""
        key: ECKey = self.tokens._key
        return jwt.encode({"alg": "ES256", "kid": self.tokens._kid, **header}, claims, key, algorithms=["ES256"])

    def outside_token(self, kid: str = "outside", **changes: Any) -> str:
        """A token of the outside issuer, which knows no pods."""
        claims = self.claims(**{"iss": OUTSIDE, "kubernetes.io": None, **changes})
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, OUTSIDE_KEY)

    def message(self, *, csr: str | None = None, seconds: int = 0, **metadata: Any) -> bytes:
        """A good request, but for what is given."""
        request = istio_pb.IstioCertificateRequest(csr=self.csr() if csr is None else csr, validity_duration=seconds)
        request.metadata.update(metadata)
        return request.SerializeToString()

    @asynccontextmanager
    async def connection(self, pair: tuple[str, PrivateKey] | None = None) -> AsyncIterator[grpc.aio.Channel]:
        """A new TLS connection; on the listener for it when a client certificate is given."""
        roots = self.root.following[-1].encode()
        if pair is None:
            credentials, port = grpc.ssl_channel_credentials(roots), self.port
        else:
            credentials = grpc.ssl_channel_credentials(roots, key_pem(pair[1]), pair[0].encode())
            port = self.mtls_port
        async with grpc.aio.secure_channel(f"{HOST}:{port}", credentials) as channel:
            yield channel

    async def ask(
        self,
        message: bytes,
        headers: Sequence[tuple[str, str]] = (),
        pair: tuple[str, PrivateKey] | None = None,
    ) -> Answer:
        """One call on a connection of its own, with whatever bytes."""
        async with self.connection(pair) as channel:
            call = channel.unary_unary(
                METHOD, request_serializer=bytes, response_deserializer=istio_pb.IstioCertificateResponse.FromString
            )
            try:
                answer = await call(message, metadata=tuple(headers), timeout=DEADLINE)
            except grpc.aio.AioRpcError as error:
                return Answer(error.code(), error.details() or "")
        return Answer(grpc.StatusCode.OK, "", tuple(answer.cert_chain))

    def decisions(self) -> list[LedgerEntry]:
        """What the ledger has of callers, newest first."""
        return [entry for entry in self.reader.entries() if entry.target != "ca-server"]

    def refusal(self) -> LedgerEntry:
        """The one refusal in the ledger; nothing was issued."""
        (entry,) = self.decisions()
        assert entry.state is State.REFUSED
        return entry


@asynccontextmanager
async def serving(setting: Hostile, **bounds: Any) -> AsyncIterator[Hostile]:
    """Serve until the end of the block, on any free ports; `bounds` are those of the server's that are not its own."""
    server = CaServer(setting.authority, setting.clock, client_roots=setting.root.following[-1].encode(), **bounds)
    setting.port = await server.start(0, setting.directory / "run" / "g", mtls_port=0)
    setting.mtls_port = server.mtls_port
    try:
        yield setting
    finally:
        await server.stop()


def now() -> datetime:
    """TLS looks at the real clock."""
    return datetime.now(UTC)


def rsa_key(bits: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """A key that `identity.keys` would not make."""
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


def setting(directory: Path) -> Hostile:
    """A CA in a directory, not served yet."""
    return Hostile(directory, now=now())
