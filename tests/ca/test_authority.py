"""Nothing leaves the CA that was not asked for by the right one, looked at twice, and recorded."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.ca.profile import server_profile
from meshtui.ca.records import State
from meshtui.ca.refusal import Failure, Reason, RefusalError
from meshtui.ca.signer import Signer
from meshtui.ca.validity import Validity
from meshtui.errors import IdentityError, StateError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.csr import make_csr
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.keys import new_key, public_key_sha256
from meshtui.identity.signers import MESH_CA
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from meshtui.identity.verify import verify_chain, verify_host, verify_svid
from tests.ca.setting import Setting
from tests.identity.forge import HTTPBIN


@pytest.fixture
def ca(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


async def test_a_workload_gets_its_svid(ca: Setting) -> None:
    """The answer is an SVID for the caller's key and identity, and the ledger and its listener know of it."""
    chain = await ca.authority.create_certificate(ca.workload_request(seconds=600), ca.now)
    held = svid_from_response(chain, ca.key, SpiffeId.parse(HTTPBIN), ca.now)
    assert held.facts.not_after == ca.now + timedelta(seconds=600)
    entry = ca.reader.latest_for_pod("uid-httpbin")
    assert entry is not None
    assert (entry.serial, entry.pem) == (held.facts.serial, chain[0])
    assert (entry.actor, entry.authenticator, entry.authority) == ("prod/httpbin", "token", "root")
    assert (entry.identity, entry.requested_names) == (HTTPBIN, HTTPBIN)
    assert (entry.requested_seconds, entry.effective_seconds, entry.limited_by) == (600, 600, "request")
    assert entry.policy == "own-identity"
    assert entry.public_key_sha256 == public_key_sha256(ca.key.public_key())
    assert [(event.event, event.serial, event.pod_uid) for event in ca.heard] == [
        ("issued", entry.serial, "uid-httpbin")
    ]


async def test_the_token_decides_and_not_the_csr(ca: Setting) -> None:
    """Whatever names, extensions and wishes a CSR has, the certificate is for the caller; the wish is recorded."""
    admin = make_csr(ca.key, SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/admin"), ["evil.example.com"])
    chain = await ca.authority.create_certificate(ca.workload_request(csr=admin), ca.now)
    assert svid_from_response(chain, ca.key, SpiffeId.parse(HTTPBIN), ca.now).facts.sans == (HTTPBIN,)
    assert "sa/admin, evil.example.com" in ca.reader.entries()[0].requested_names


@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384", "RSA 2048"])
async def test_openssl_accepts_what_is_signed(ca: Setting, tmp_path: Path, kind: str) -> None:
    """`openssl verify -x509_strict` finds nothing wrong with a leaf of any allowed kind, workload's or gateway's."""
    csr = make_csr(new_key(kind))
    for chain, purpose in (
        (await ca.authority.create_certificate(ca.workload_request(csr=csr), ca.now), "sslclient"),
        (await ca.authority.sign_server_certificate(ca.server_request(csr=csr), ca.now), "sslserver"),
    ):
        (tmp_path / "leaf.pem").write_text(chain[0])
        (tmp_path / "root.pem").write_text(chain[1])
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(ca.now.timestamp()))]
        whole = [*command, "-CAfile", str(tmp_path / "root.pem"), str(tmp_path / "leaf.pem")]
        done = await asyncio.to_thread(partial(subprocess.run, whole, check=False, capture_output=True, text=True))
        assert done.returncode == 0, done.stderr


async def test_a_gateway_gets_its_certificate(ca: Setting) -> None:
    """A gateway's certificate is for its hosts, signed by the root it names, for ninety days unless asked otherwise."""
    chain = await ca.authority.sign_server_certificate(ca.server_request(), ca.now)
    (leaf,), bundle = load_certificates(chain[0]), TrustBundle.parse(chain[1])
    verify_chain([leaf], bundle, ca.now)
    verify_host(leaf, "httpbin.example.com")
    assert leaf.not_valid_after_utc == ca.now + timedelta(days=90)
    entry = ca.reader.latest_for_target("gateway/istio-system/httpbin-credential")
    assert entry is not None
    assert (entry.serial, entry.authority, entry.actor) == (facts(leaf).serial, "gateways/example.com", "sre")
    assert entry.policy == "gateway"


async def test_the_meshs_ca_signs_for_a_gateway_by_its_own_name(ca: Setting, tmp_path: Path) -> None:
    """Under the mesh's root, which a gateway root called `root` does not reach; and nobody takes it for an SVID."""
    chain = await ca.authority.sign_server_certificate(ca.server_request(authority=MESH_CA), ca.now)
    (leaf,), bundle = load_certificates(chain[0]), TrustBundle.parse(chain[-1])
    assert bundle.certificates == (ca.root.certificate,)
    verify_chain([leaf], bundle, ca.now)
    verify_host(leaf, "httpbin.example.com")
    with pytest.raises(IdentityError, match="0 URI names"):
        verify_svid([leaf], bundle, ca.now)
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert ca.reader.entries()[0].authority == "root"
    other = await ca.authority.sign_server_certificate(ca.server_request(authority="root"), ca.now)
    assert load_certificates(other[-1])[0] != ca.root.certificate


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "::1", "localhost", "istiod.istio-system.svc", "*.istio-system.svc"),
        *("httpbin.prod.svc.cluster.local", "shop.prod.svc.k8s.example.com"),
    ],
)
async def test_the_meshs_ca_gives_no_gateway_a_name_inside_the_mesh(ca: Setting, host: str) -> None:
    """Whoever trusts the mesh's root would take it for the CA or for another service; a gateway root may sign it."""
    hosts = ("shop.example.com", host)
    with pytest.raises(RefusalError, match="inside the mesh") as caught:
        await ca.authority.sign_server_certificate(ca.server_request(authority=MESH_CA, hosts=hosts), ca.now)
    assert caught.value.reason is Reason.BAD_HOST
    assert await ca.authority.sign_server_certificate(ca.server_request(hosts=hosts), ca.now)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": ""}, Reason.BAD_CREDENTIAL),
        ({"csr": "nonsense"}, Reason.BAD_CSR),
        ({"seconds": 90 * 86_400 + 1}, Reason.BAD_LIFETIME),
        ({"CertSigner": "other"}, Reason.UNKNOWN_SIGNER),
        ({"CertSigner": None}, Reason.BAD_REQUEST),
        ({"ImpersonatedIdentity": "spiffe://cluster.local/ns/prod/sa/admin"}, Reason.IMPERSONATION),
    ],
)
async def test_a_refusal_is_recorded(ca: Setting, changes: dict[str, str | int | None], reason: Reason) -> None:
    """Each refusal has its reason in the ledger, with the caller once that is known; nothing is signed."""
    with pytest.raises(RefusalError) as caught:
        await ca.authority.create_certificate(ca.workload_request(**changes), ca.now)  # type: ignore[arg-type]
    assert caught.value.reason is reason
    (entry,) = ca.reader.entries()
    assert (entry.state, entry.reason, entry.policy) == (State.REFUSED, reason, "")
    assert entry.pod_uid == ("" if "token" in changes else "uid-httpbin")
    assert entry.detail
    assert [(event.event, event.reason) for event in ca.heard] == [("refused", reason)]


async def test_an_empty_signer_is_the_default(ca: Setting) -> None:
    """Istio's agents always send `CertSigner`; empty means nothing."""
    assert await ca.authority.create_certificate(ca.workload_request(CertSigner="", ImpersonatedIdentity=""), ca.now)


async def test_the_cas_own_keys_are_not_certified(ca: Setting) -> None:
    """A CSR made with a CA key is refused, for workloads and gateways alike."""
    await ca.authority.sign_server_certificate(ca.server_request(), ca.now)
    own = make_csr(ca.root.key)
    with pytest.raises(RefusalError) as caught:
        await ca.authority.create_certificate(ca.workload_request(csr=own), ca.now)
    assert caught.value.reason is Reason.FORBIDDEN_KEY
    with pytest.raises(RefusalError):
        await ca.authority.sign_server_certificate(ca.server_request(csr=own), ca.now)


@pytest.mark.parametrize(
    ("request_changes", "reason"),
    [
        ({"authority": "../root"}, Reason.UNKNOWN_SIGNER),
        ({"hosts": ()}, Reason.BAD_HOST),
        ({"hosts": ("a b",)}, Reason.BAD_HOST),
        ({"seconds": 86_400 * 1000}, Reason.BAD_LIFETIME),
        ({"csr": ""}, Reason.BAD_CSR),
    ],
)
async def test_bad_gateway_requests_are_refused(ca: Setting, request_changes: dict[str, str], reason: Reason) -> None:
    """A request for a gateway is checked as strictly, and recorded under its target."""
    with pytest.raises(RefusalError) as caught:
        await ca.authority.sign_server_certificate(ca.server_request(**request_changes), ca.now)  # type: ignore[arg-type]
    assert caught.value.reason is reason
    (entry,) = ca.reader.entries(target="gateway/istio-system/httpbin-credential")
    assert (entry.state, entry.reason, entry.actor) == (State.REFUSED, reason, "sre")


async def test_a_repeated_serial_is_drawn_again(tmp_path: Path) -> None:
    """Zero and a serial that was used before are never used; a source that only repeats stops the CA."""
    draws = iter([5, 0, 5, 6, 5, 6, 5])
    ca = Setting(tmp_path, serials=lambda: next(draws))
    for _ in range(2):
        await ca.authority.create_certificate(ca.workload_request(), ca.now)
    assert [entry.serial for entry in ca.reader.entries()] == ["06", "05"]
    with pytest.raises(StateError, match="random"):
        await ca.authority.create_certificate(ca.workload_request(), ca.now)


async def test_an_expired_ca_refuses(ca: Setting) -> None:
    """A root past its end signs nothing more."""
    ca.now += timedelta(days=3651)
    with pytest.raises(RefusalError) as caught:
        await ca.authority.create_certificate(ca.workload_request(), ca.now)
    assert caught.value.reason is Reason.SIGNER_EXPIRED


async def test_without_a_ledger_nothing_is_issued(ca: Setting, tmp_path: Path) -> None:
    """While the ledger cannot be written there are no certificates; afterwards there are, without a restart."""
    ca.ledger._connection.execute("PRAGMA busy_timeout = 0")
    blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError):
        await ca.authority.create_certificate(ca.workload_request(), ca.now)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert not ca.heard
    assert await ca.authority.create_certificate(ca.workload_request(), ca.now)


async def test_what_is_signed_wrong_is_not_handed_out(ca: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another certificate than was meant comes out, the intent becomes a failure and the caller gets nothing."""
    validity = Validity(ca.now, ca.now + timedelta(hours=1), "request")
    profile = server_profile(["another.example.com"])
    other = ca.root.sign(profile.builder(ca.key.public_key(), 5, validity, ca.root.certificate))
    monkeypatch.setattr(Signer, "sign", lambda *_: other)
    with pytest.raises(RefusalError) as caught:
        await ca.authority.create_certificate(ca.workload_request(), ca.now)
    assert caught.value.reason is Reason.SIGNED_WRONG
    (entry,) = ca.reader.entries()
    assert (entry.state, entry.reason) == (State.FAILED, Reason.SIGNED_WRONG)
    assert "names" in entry.detail
    assert ca.reader.latest_for_pod("uid-httpbin") is None
    assert not ca.heard


async def test_its_own_certificate_leaves_no_open_intent_either(ca: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the CA's own server certificate cannot be recorded, its intent is closed with what is recorded next."""
    ca.ledger._connection.execute("PRAGMA busy_timeout = 0")
    sign, blocker = Signer.sign, sqlite3.connect(ca.directory / "ledger.db", isolation_level=None)
    monkeypatch.setattr(Signer, "sign", lambda *given: (blocker.execute("BEGIN IMMEDIATE"), sign(*given))[1])
    with pytest.raises(StateError):
        ca.authority.own_server_certificate(ca.key.public_key(), ("localhost",), ca.now)
    monkeypatch.undo()
    blocker.execute("ROLLBACK")
    blocker.close()
    await ca.authority.create_certificate(ca.workload_request(), ca.now)
    issued, own = ca.reader.entries()
    assert (issued.state, own.state, own.target, own.reason) == (
        State.ISSUED,
        State.FAILED,
        "ca-server",
        Failure.NOT_RECORDED,
    )
