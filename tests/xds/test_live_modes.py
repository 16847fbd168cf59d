"""The TLS modes of a gateway in a real Envoy, seen with the system's curl and openssl."""

from __future__ import annotations

import base64
import functools
import itertools
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from meshtui.errors import UnreachableError
from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.presented import Clients, presented_to
from meshtui.probe.tls import Address, seen
from meshtui.wire.discovery import Rejected
from tests.identity import forge
from tests.manifest.secrets import secret, tls_secret
from tests.manifest.writing import gateway, https, to, virtual_service
from tests.xds.clients import ECDSA, REFUSED, RSA, curl, kind_of, s_client
from tests.xds.live import GATEWAY, TRUST_DOMAIN, LiveMesh, ask, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODES = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")


@pytest.fixture(autouse=True)
def as_before(mesh: LiveMesh) -> Iterator[None]:
    """Each test leaves the mesh as it found it, and every resource was taken unless the test took note of it."""
    before = mesh.catalog
    yield
    mesh.catalog = before
    mesh.publish()
    refused = [verdict.reason for verdict in mesh.verdicts if isinstance(verdict, Rejected)]
    mesh.verdicts.clear()
    assert refused == []


def served(name: str, *credentials: str, **tls: Any) -> list[dict[str, Any]]:
    """A Gateway for NAME.example.com with one or two credentials, or none, and a route behind it."""
    server = https(f"{name}.example.com", **tls)
    del server["tls"]["credentialName"]
    if credentials:
        server["tls"]["credentialNames"] = list(credentials)
    return [
        gateway(name, server),
        virtual_service(name, to("httpbin"), hosts=(f"{name}.example.com",), gateways=(name,)),
    ]


def both(mesh: LiveMesh, name: str, more: dict[str, str | bytes] | None = None) -> list[dict[str, Any]]:
    """An RSA certificate for NAME.example.com in Secret NAME-rsa (with `more` data), an ECDSA one in NAME-ecdsa."""
    hosts = [f"{name}.example.com"]
    rsa, ecdsa = mesh.leaf(hosts, forge.rsa_key()), mesh.leaf(hosts)
    return [tls_secret(f"{name}-rsa", rsa, more), tls_secret(f"{name}-ecdsa", ecdsa)]


async def answers(mesh: LiveMesh, host: str, **options: Any) -> None:
    """Wait until the gateway answers for a host."""

    async def answered() -> bool:
        return await curl(mesh, host, **options) == "418"

    await until(answered)


async def presents(mesh: LiveMesh, host: str, pair: forge.Pair, *, rsa: bool = False) -> bool:
    """Whether this is what is presented, to a client that takes only RSA or to one that takes both."""
    try:
        handshake = await seen(Address("127.0.0.1", mesh.ports[8443], rsa_only=rsa), host)
    except UnreachableError:
        return False
    return handshake.leaf == pair.certificate


def fingerprint(pair: forge.Pair) -> str:
    return pair.certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("mode", MODES)
async def test_two_certificates(mesh: LiveMesh, mode: str) -> None:
    """Each client gets the kind that it can check, in TLS 1.2 and 1.3; one that can check both gets ECDSA."""
    name = f"two-{mode.lower().replace('_', '-')}"
    host, clients = f"{name}.example.com", mesh.ca("clients")
    _, client = mesh.client_file("client", clients)
    mesh.put(*both(mesh, name, {"ca.crt": clients.pem}), *served(name, f"{name}-rsa", f"{name}-ecdsa", mode=mode))
    await answers(mesh, host, cert=client)
    pair = ("-cert", str(client), "-key", str(client))
    assert await kind_of(mesh, host, *pair) == "ECDSA"
    assert await kind_of(mesh, host, *RSA, *pair) == "RSA-PSS"
    assert await kind_of(mesh, host, *ECDSA, *pair) == "ECDSA"
    assert await kind_of(mesh, host, "-tls1_2", "-cipher", "aRSA", *pair) == "RSA-PSS"
    assert await kind_of(mesh, host, "-tls1_2", "-cipher", "aECDSA", *pair) == "ECDSA"
    for ciphers in ("aRSA", "aECDSA"):
        assert await curl(mesh, host, "--tls-max", "1.2", "--ciphers", ciphers, cert=client) == "418"


@pytest.mark.parametrize(
    ("mode", "none", "stranger"),
    [("SIMPLE", "418", "418"), ("MUTUAL", REFUSED, REFUSED), ("OPTIONAL_MUTUAL", "418", REFUSED)],
)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_who_may_come(mesh: LiveMesh, mode: str, none: str, stranger: str, version: str) -> None:
    """MUTUAL wants a certificate of its CA; OPTIONAL_MUTUAL takes none as well, but no other; SIMPLE does not ask."""
    name = f"who-{mode.lower().replace('_', '-')}"
    host, clients = f"{name}.example.com", mesh.ca("clients")
    _, ours = mesh.client_file("ours", clients)
    _, theirs = mesh.client_file("theirs", mesh.ca("others"))
    mesh.put(*both(mesh, name, {"ca.crt": clients.pem}), *served(name, f"{name}-rsa", f"{name}-ecdsa", mode=mode))
    await answers(mesh, host, cert=ours)
    only = ("--tls-max", version, f"--tlsv{version}")
    assert await curl(mesh, host, *only, cert=ours) == "418"
    assert await curl(mesh, host, *only) == none
    assert await curl(mesh, host, *only, cert=theirs) == stranger


@pytest.mark.parametrize(("mode", "resumed"), [("SIMPLE", True), ("MUTUAL", False), ("OPTIONAL_MUTUAL", False)])
async def test_a_client_that_is_checked_is_checked_each_time(mesh: LiveMesh, mode: str, resumed: bool) -> None:
    """No session is resumed where a certificate counts: it may be revoked since."""
    name = f"again-{mode.lower().replace('_', '-')}"
    clients = mesh.ca("clients")
    _, client = mesh.client_file("client", clients)
    mesh.put(*both(mesh, name, {"ca.crt": clients.pem}), *served(name, f"{name}-rsa", mode=mode))
    await answers(mesh, f"{name}.example.com", cert=client)
    again = ("-tls1_2", "-reconnect", "-cert", str(client), "-key", str(client))
    assert ("Reused, TLSv1.2" in await s_client(mesh, f"{name}.example.com", *again)) is resumed


async def test_the_ca_of_clients_elsewhere(mesh: LiveMesh) -> None:
    """In the companion of the first credential, or where caCertCredentialName says, which comes before it."""
    one, other = mesh.ca("one"), mesh.ca("other")
    _, of_one = mesh.client_file("one", one)
    _, of_other = mesh.client_file("other", other)
    pairs = both(mesh, "ca")
    mesh.put(*pairs, secret("ca-rsa-cacert", {"cacert": one.pem}), *served("ca", "ca-rsa", "ca-ecdsa", mode="MUTUAL"))
    await answers(mesh, "ca.example.com", cert=of_one)
    assert await curl(mesh, "ca.example.com", cert=of_other) == REFUSED
    named = served("ca", "ca-rsa", "ca-ecdsa", mode="MUTUAL", caCertCredentialName="clients")
    mesh.put(secret("clients", {"ca.crt": other.pem}), *named)
    await answers(mesh, "ca.example.com", cert=of_other)
    assert await curl(mesh, "ca.example.com", cert=of_one) == REFUSED


async def test_a_revoked_client_is_refused(mesh: LiveMesh) -> None:
    """Every CA of a chain needs a list then: without its issuer's nobody gets in, and revoking works while it runs."""
    root = mesh.ca("root of clients")
    issuing = mesh.ca("issuing", root)
    good, good_file = mesh.client_file("good", root)
    bad, bad_file = mesh.client_file("bad", root)
    _, indirect_file = mesh.client_file("indirect", issuing, issuing)
    pair = mesh.leaf(["crl.example.com"])

    def lists(*crls: str) -> dict[str, Any]:
        return tls_secret("crl", pair, {"ca.crt": root.pem, "ca.crl": "".join(crls)})

    host = "crl.example.com"
    mesh.put(lists(forge.revocation_list(root, now=mesh.now)), *served("crl", "crl", mode="MUTUAL"))
    await answers(mesh, host, cert=bad_file)
    assert await curl(mesh, host, cert=good_file) == "418"
    assert await curl(mesh, host, cert=indirect_file) == REFUSED
    of_root = forge.revocation_list(root, bad, now=mesh.now)
    mesh.put(lists(of_root, forge.revocation_list(issuing, now=mesh.now)))

    async def refused() -> bool:
        return await curl(mesh, host, cert=bad_file) == REFUSED

    await until(refused)
    assert [await curl(mesh, host, cert=file) for file in (good_file, indirect_file)] == ["418", "418"]
    mesh.put(lists(forge.revocation_list(root, good, now=mesh.now)))
    await answers(mesh, host, cert=bad_file)
    assert await curl(mesh, host, cert=good_file) == REFUSED


async def test_an_ocsp_response_is_stapled(mesh: LiveMesh) -> None:
    """To the certificate that it is about, and gone with it when that is rotated without one."""
    ecdsa, rsa, host = (
        mesh.leaf(["ocsp.example.com"]),
        mesh.leaf(["ocsp.example.com"], forge.rsa_key()),
        "ocsp.example.com",
    )
    staple = forge.ocsp_response(mesh.edge_root, ecdsa, now=mesh.now)
    mesh.put(
        tls_secret("ocsp-ecdsa", ecdsa, {"tls.ocsp-staple": staple}),
        tls_secret("ocsp-rsa", rsa),
        *served("ocsp", "ocsp-rsa", "ocsp-ecdsa"),
    )
    await answers(mesh, host)
    shown = await s_client(mesh, host, "-status", *ECDSA)
    assert "OCSP Response Status: successful (0x0)" in shown
    assert "Cert Status: good" in shown
    assert f"Serial Number: {ecdsa.certificate.serial_number:040X}" in shown
    assert "OCSP response: no response sent" in await s_client(mesh, host, "-status", *RSA)
    mesh.put(tls_secret("ocsp-ecdsa", mesh.leaf([host])))

    async def gone() -> bool:
        return "OCSP response: no response sent" in await s_client(mesh, host, "-status", *ECDSA)

    await until(gone)


async def test_the_meshs_own_identity_at_the_edge(mesh: LiveMesh) -> None:
    """ISTIO_MUTUAL: workloads of this trust domain may come, and see who the gateway is; nobody else may."""
    host = "istio.example.com"
    mesh.put(*served("istio", mode="ISTIO_MUTUAL"))
    _, sleep = mesh.pair_file(
        "sleep", forge.svid(mesh.root, [f"spiffe://{TRUST_DOMAIN}/ns/prod/sa/sleep"], **mesh._valid)
    )
    _, outside = mesh.pair_file(
        "outside", forge.svid(mesh.root, ["spiffe://elsewhere/ns/prod/sa/sleep"], **mesh._valid)
    )
    _, client = mesh.client_file("client", mesh.edge_root)
    trusting: dict[str, Any] = {"root": mesh.root.pem}
    # no host is in an SVID: curl compares none, as Envoy does not when it is a client
    await until(lambda: status_is(mesh, host, "418", "--insecure", cert=sleep))
    assert await curl(mesh, host, "--insecure", cert=outside, **trusting) == REFUSED
    assert await curl(mesh, host, "--insecure", cert=client, **trusting) == REFUSED
    assert await curl(mesh, host, "--insecure", **trusting) == REFUSED
    leaf = await seen(Address("127.0.0.1", mesh.ports[8443]), host)
    assert leaf.facts.sans == (f"spiffe://{TRUST_DOMAIN}/ns/istio-system/sa/istio-ingressgateway",)
    mesh.put(*served("istio", mode="ISTIO_MUTUAL", subjectAltNames=[f"spiffe://{TRUST_DOMAIN}/ns/prod/sa/httpbin"]))
    await until(lambda: status_is(mesh, host, REFUSED, "--insecure", cert=sleep))
    _, httpbin = mesh.svid_file("httpbin")
    assert await curl(mesh, host, "--insecure", cert=httpbin) == "418"


async def status_is(mesh: LiveMesh, host: str, wanted: str, *options: str, **more: Any) -> bool:
    return await curl(mesh, host, *options, **more) == wanted


async def test_an_identity_that_does_not_come_holds_up_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    """While the agent has none, other hosts of the port are opened; when it has one, its own is."""
    mesh = LiveMesh(tmp_path_factory.mktemp("m"))
    try:
        await mesh.start()
        workload = mesh.catalog.workload(GATEWAY)
        assert workload is not None
        mesh.no_identity(workload)
        mesh.put(tls_secret("beside", mesh.leaf(["beside.example.com"])), *served("beside", "beside"))
        mesh.put(*served("late", mode="ISTIO_MUTUAL"))
        await answers(mesh, "httpbin.example.com")
        await answers(mesh, "beside.example.com")
        _, sleep = mesh.svid_file("sleep")
        assert await curl(mesh, "late.example.com", "--insecure", cert=sleep) == REFUSED
        mesh.new_identity(workload)
        await until(lambda: status_is(mesh, "late.example.com", "418", "--insecure", cert=sleep))
    finally:
        await mesh.stop()


async def test_what_is_asked_of_a_clients_certificate(mesh: LiveMesh) -> None:
    """One of the names, and one of the public keys or certificates, beside the CA; nobody else gets in."""
    clients, host = mesh.ca("clients"), "asked.example.com"
    one, one_file = mesh.client_file("one", clients)
    two, two_file = mesh.client_file("two", clients)
    stranger, stranger_file = mesh.client_file("stranger", mesh.ca("others"))
    public = one.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spki = base64.b64encode(sha256(public).digest()).decode()
    mesh.put(tls_secret("asked", mesh.leaf([host]), {"ca.crt": clients.pem}))

    async def let_in(**tls: Any) -> None:
        """Only `one` is, of three."""
        mesh.put(*served("asked", "asked", mode="MUTUAL"))
        await answers(mesh, host, cert=two_file)
        mesh.put(*served("asked", "asked", mode="MUTUAL", **tls))
        await until(lambda: status_is(mesh, host, REFUSED, cert=two_file))
        assert await curl(mesh, host, cert=one_file) == "418"
        assert await curl(mesh, host, cert=stranger_file) == REFUSED
        assert await curl(mesh, host) == REFUSED

    await let_in(subjectAltNames=["other", "one"])
    await let_in(subjectAltNames=["spiffe://clients/one"])
    await let_in(verifyCertificateSpki=[spki])
    await let_in(verifyCertificateHash=[fingerprint(one)])
    colons = ":".join(fingerprint(one)[at : at + 2] for at in range(0, 64, 2)).upper()
    await let_in(verifyCertificateHash=[colons, fingerprint(stranger)])
    await let_in(subjectAltNames=["one", "two"], verifyCertificateSpki=[spki])
    assert fingerprint(two) != fingerprint(one)


async def test_cipher_suites(mesh: LiveMesh) -> None:
    """Below TLS 1.3 only those that are named."""
    suite = "ECDHE-ECDSA-AES256-GCM-SHA384"
    mesh.put(*both(mesh, "suites"), *served("suites", "suites-rsa", "suites-ecdsa", cipherSuites=[suite]))
    await answers(mesh, "suites.example.com")
    older = ("--tls-max", "1.2", "--ciphers")
    assert await curl(mesh, "suites.example.com", *older, suite) == "418"
    assert await curl(mesh, "suites.example.com", *older, "ECDHE-ECDSA-AES128-GCM-SHA256:aRSA") == REFUSED


async def test_one_of_two_is_rotated(mesh: LiveMesh) -> None:
    """The other is presented as before, and what is open, by either of them, stays open."""
    host = "rotated.example.com"
    rsa, ecdsa = mesh.leaf([host], forge.rsa_key()), mesh.leaf([host])
    mesh.put(tls_secret("r", rsa), tls_secret("e", ecdsa), *served("rotated", "r", "e"))
    await answers(mesh, host)
    open_ones = [mesh.client(host, rsa_only=True), mesh.client(host)]
    assert [(await ask(each, "/status/200", keep=True)).status for each in open_ones] == [200, 200]
    ends = [each.sock.getsockname() for each in open_ones]
    new, newer = mesh.leaf([host], forge.rsa_key()), mesh.leaf([host])
    mesh.put(tls_secret("r", new))
    await until(lambda: presents(mesh, host, new, rsa=True))
    assert await presents(mesh, host, ecdsa)
    mesh.put(tls_secret("e", newer))
    await until(lambda: presents(mesh, host, newer))
    assert await presents(mesh, host, new, rsa=True)
    assert [(await ask(each, "/status/200", keep=True)).status for each in open_ones] == [200, 200]
    assert ends == [each.sock.getsockname() for each in open_ones]
    for each in open_ones:
        each.close()


async def test_one_of_two_comes_later(mesh: LiveMesh) -> None:
    """The other is presented to everybody until then, and nothing waits."""
    host = "later.example.com"
    rsa, ecdsa = mesh.leaf([host], forge.rsa_key()), mesh.leaf([host])
    mesh.put(tls_secret("l-ecdsa", ecdsa), *served("later", "l-rsa", "l-ecdsa"))
    await answers(mesh, host)
    assert await kind_of(mesh, host, *RSA) == ""
    mesh.put(tls_secret("l-rsa", rsa))
    await until(lambda: presents(mesh, host, rsa, rsa=True))
    assert await presents(mesh, host, ecdsa)


@pytest.mark.parametrize("first", ["broken", "sound"])
async def test_a_broken_certificate_from_the_start(mesh: LiveMesh, first: str) -> None:
    """Its sound neighbour is presented, other hosts do not notice, and once mended it is presented too."""
    name, beside = f"{first}-first", f"beside-{first}"
    host, broken, sound = f"{name}.example.com", f"{name}-broken", f"{name}-sound"
    rsa, ecdsa = mesh.leaf([host], forge.rsa_key()), mesh.leaf([host])
    mesh.put(
        tls_secret(sound, ecdsa),
        tls_secret(broken, rsa, key_of=ecdsa),
        tls_secret(beside, mesh.leaf([f"{beside}.example.com"])),
        *served(name, *((broken, sound) if first == "broken" else (sound, broken))),
        *served(beside, beside),
    )
    assert await curl(mesh, "httpbin.example.com") == "418"
    await answers(mesh, f"{beside}.example.com")
    await until(lambda: presents(mesh, host, ecdsa))
    assert await kind_of(mesh, host, *RSA) == ""
    mesh.put(tls_secret(broken, rsa))
    await until(lambda: presents(mesh, host, rsa, rsa=True))
    assert await presents(mesh, host, ecdsa)


async def test_a_certificate_that_breaks(mesh: LiveMesh) -> None:
    """Its last good version stays in service, and its neighbour can be rotated meanwhile."""
    host = "breaks.example.com"
    rsa, ecdsa = mesh.leaf([host], forge.rsa_key()), mesh.leaf([host])
    mesh.put(tls_secret("b-rsa", rsa), tls_secret("b-ecdsa", ecdsa), *served("breaks", "b-rsa", "b-ecdsa"))
    await answers(mesh, host)
    mesh.put(tls_secret("b-rsa", mesh.leaf([host], forge.rsa_key()), key_of=ecdsa))
    new = mesh.leaf([host])
    mesh.put(tls_secret("b-ecdsa", new))
    await until(lambda: presents(mesh, host, new))
    assert await presents(mesh, host, rsa, rsa=True)


@pytest.mark.parametrize("name", ["ca.crt", "ca.crl"])
async def test_a_ca_that_cannot_be_read(mesh: LiveMesh, name: str) -> None:
    """The last good one counts, its own host and the others of its port can be changed, and once mended it counts."""
    gate = f"unreadable-{name.replace('.', '-')}"
    host, beside = f"{gate}.example.com", f"beside-{gate}"
    before, after = mesh.ca("before"), mesh.ca("after")
    _, of_before = mesh.client_file("before", before)
    _, of_after = mesh.client_file("after", after)
    pair, label = mesh.leaf([host]), {"ca.crt": "CERTIFICATE", "ca.crl": "X509 CRL"}[name]

    def secret_of(ca: forge.Pair, damage: str = "") -> dict[str, Any]:
        data: dict[str, str | bytes] = {"ca.crt": ca.pem, "ca.crl": forge.revocation_list(ca, now=mesh.now)}
        return tls_secret(gate, pair, data | {name: f"{data[name]!s}{damage}"})

    mesh.put(secret_of(before), *served(gate, gate, mode="MUTUAL"))
    await answers(mesh, host, cert=of_before)
    mesh.put(secret_of(after, f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"))
    mesh.put(*served(gate, gate, mode="MUTUAL", minProtocolVersion="TLSV1_3"))
    mesh.put(tls_secret(beside, mesh.leaf([f"{beside}.example.com"])), *served(beside, beside))
    await answers(mesh, f"{beside}.example.com")
    await until(lambda: status_is(mesh, host, REFUSED, "--tls-max", "1.2", cert=of_before))
    assert await curl(mesh, host, cert=of_before) == "418"
    assert await curl(mesh, host, cert=of_after) == REFUSED
    mesh.put(secret_of(after))
    await until(lambda: status_is(mesh, host, "418", cert=of_after))
    assert await curl(mesh, host, cert=of_before) == REFUSED


async def test_a_ca_that_cannot_be_read_from_the_start(mesh: LiveMesh) -> None:
    """Nobody gets in, and the other hosts of the port are opened."""
    clients = mesh.ca("clients")
    _, client = mesh.client_file("client", clients)
    mesh.put(
        tls_secret(
            "no-ca", mesh.leaf(["no-ca.example.com"]), {"ca.crt": f"{clients.pem}-----BEGIN CERTIFICATE-----\n"}
        ),
        *served("no-ca", "no-ca", mode="OPTIONAL_MUTUAL"),
        tls_secret("with-no-ca", mesh.leaf(["with-no-ca.example.com"])),
        *served("with-no-ca", "with-no-ca"),
    )
    assert await curl(mesh, "httpbin.example.com") == "418"
    await answers(mesh, "with-no-ca.example.com")
    assert await curl(mesh, "no-ca.example.com", cert=client) == REFUSED
    assert await curl(mesh, "no-ca.example.com") == REFUSED


async def test_envoy_chooses_as_is_foretold(mesh: LiveMesh) -> None:
    """By name, then ECDSA before RSA, then by order (`meshtui.gateway.presented`)."""
    host, key = "choice.example.com", forge.rsa_key()
    leaves = [mesh.leaf([name], kind) for name in (host, "*.example.com", "other.example.com") for kind in (key, None)]
    for number, pairs in enumerate(itertools.permutations(leaves, 2)):
        names = (f"first-{number}", f"second-{number}")
        mesh.put(*(tls_secret(*each) for each in zip(names, pairs, strict=True)), *served("choice", *names))
        (listener,) = (each for each in listeners_of(mesh.catalog) if each.binding.gateway.name == "choice")
        for ref, pair in zip(listener.certificates, pairs, strict=True):
            clients = presented_to(mesh.catalog, listener, ref, host)
            if clients is Clients.NONE:
                assert not await presents(mesh, host, pair)
            else:
                await until(functools.partial(presents, mesh, host, pair, rsa=clients is Clients.RSA_ONLY))
