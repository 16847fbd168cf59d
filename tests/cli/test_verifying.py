"""`meshtui verify` on the command line: addresses outside of a mesh, what they are trusted by, and what is refused."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ServedMesh, meshtui
from tests.identity.forge import Pair
from tests.probe.servers import DAY, HOST, leaf, new_root, presenting, s_server, serving, written

GATEWAY = "gateway/istio-system/httpbin-credential"
ROOT, CLIENTS = new_root(), new_root("clients")
NOWHERE = "/no/such/mesh"


async def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    """While servers go on in this process."""
    return await asyncio.to_thread(meshtui, "--state", NOWHERE, "verify", *arguments)


async def results(*arguments: str) -> list[Any]:
    result = await verify("--json", *arguments)
    assert result.stdout, result.stderr
    found: list[Any] = json.loads(result.stdout)["results"]
    return found


def root_file(directory: Path, root: Pair = ROOT) -> str:
    return str(written(directory / "root.pem", root))


async def test_an_address_needs_no_mesh(tmp_path: Path) -> None:
    """A URL and an address, each with its checks, in the order in which they were named."""
    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        url, plain = f"https://{HOST.upper()}:{address.port}/status/418", f"{HOST}:{address.port}"
        trusting = ["--ca", root_file(tmp_path), "--resolve", f"{HOST}:{address.port}:127.0.0.1"]
        shown = await verify(plain, url, *trusting)
        found = await results(plain, url, *trusting)
        statuses = [await asyncio.to_thread(_status, command) for each in found for command in each["by_hand"]]
    assert statuses == [0, 0, 0, 0]
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"{plain}\n✓ all 9 checks passed\n\n{HOST} at {address}\n✓ TCP ")
    assert "GET /status/418 answered 418" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 140
    assert [each["target"] for each in found] == [plain, url]
    for each in found:
        assert each.keys() == {"target", "passed", "checks", "by_hand"}
        assert each["checks"][0].keys() == {"name", "passed", "seen", "fix", "host", "address"}
        assert (each["checks"][0]["host"], each["checks"][0]["address"]) == (HOST, str(address))
        assert {check["fix"] for check in each["checks"]} == {None}
        assert [command.partition(" ")[0] for command in each["by_hand"]] == ["curl", "openssl"]


async def test_a_check_that_failed_is_status_1_and_hides_no_other(tmp_path: Path) -> None:
    """Nor another address."""
    async with serving(presenting(tmp_path, leaf(ROOT, end=-1 * DAY, start=-9 * DAY))) as address:
        known = ["--resolve", f"{HOST}:{address.port}:127.0.0.1", "--ca", root_file(tmp_path)]
        shown = await verify(f"https://{HOST}:{address.port}", "https://a.invalid", "127.0.0.1:1", *known)
    assert shown.returncode == 1
    assert "the certificate: it has expired" in shown.stdout
    assert "GET / answered 418" in shown.stdout
    assert "a.invalid does not resolve" in shown.stdout
    assert "nothing listens there" in shown.stdout


async def test_without_ca_the_system_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenSSL looks for it, as curl does."""
    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        arguments = [f"https://{HOST}:{address.port}", "--resolve", f"{HOST}:{address.port}:127.0.0.1"]
        strange = await results(*arguments)
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, root_file(tmp_path))
        trusted = await results(*arguments)
        assert [await asyncio.to_thread(_status, command) for command in trusted[0]["by_hand"]] == [0, 0]
    assert [each["name"] for each in strange[0]["checks"] if each["passed"] is False] == ["chain"]
    assert trusted[0]["passed"]
    assert "the system's trust store" in next(each["seen"] for each in trusted[0]["checks"] if each["name"] == "chain")


def _status(command: str) -> int:
    return subprocess.run(command, shell=True, check=False, capture_output=True, timeout=20).returncode


@pytest.mark.parametrize("together", [True, False])
async def test_a_client_certificate_is_shown(tmp_path: Path, together: bool) -> None:
    """With its key in the same file, or in one of its own; the commands name both."""
    pair = leaf(CLIENTS, "client")
    both = written(tmp_path / "both.pem", pair, key=True)
    certificate, key = written(tmp_path / "client.pem", pair), tmp_path / "key.pem"
    key.write_bytes(both.read_bytes().partition(b"-----END CERTIFICATE-----\n")[2])
    given = [both, both] if together else [certificate, key]
    options = ["--client-cert", str(given[0]), *([] if together else ["--client-key", str(key)])]
    clients = ["-CAfile", str(written(tmp_path / "clients.pem", CLIENTS)), "-verify_return_error", "-Verify", "1"]
    with s_server(tmp_path, [leaf(ROOT)], *clients) as address:
        known = ["--resolve", f"{HOST}:{address.port}:127.0.0.1", "--ca", root_file(tmp_path)]
        (found,) = await results(f"https://{HOST}:{address.port}", *known, *options)
        (stranger,) = await results(f"https://{HOST}:{address.port}", *known)
        statuses = [await asyncio.to_thread(_status, command) for command in found["by_hand"]]
    assert found["passed"], found
    assert (statuses[0], statuses[1] != 0, statuses[2]) == (0, True, 0)
    assert f"--cert {given[0]} --key {given[1]}" in found["by_hand"][0]
    assert stranger["passed"]  # that it refuses strangers is well; what is behind is open
    assert [each["name"] for each in stranger["checks"] if each["passed"] is None] == ["with client cert", "HTTP"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["https://"], "there is no host"),
        (["https://[::1]:x"], "'x' is not a port"),
        (["nonsense"], "there is no port"),
        (["a\x1b[31m:1"], "\\x1b"),
        (["http://a.example"], "only https"),
        (["a:1", "--ca", "/no/such/file"], "cannot be read: No such file"),
        (["a:1", "--ca", "/"], "cannot be read: Is a directory"),
        (["a:1", "--ca", "KEY"], "is a PRIVATE KEY, not a certificate"),
        (["a:1", "--ca", "EMPTY"], "There is no PEM certificate"),
        (["a:1", "--client-key", "KEY"], "--client-key goes with --client-cert"),
        (["a:1", "--client-cert", "CERT"], "There is no private key in"),
        (["a:1", "--client-cert", "CERT", "--client-key", "KEY"], "The certificate is for the key"),
        (["a:1", "--client-cert", "KEY"], "There is no PEM certificate"),
        (["a:1", "--client-cert", "EMPTY", "--client-key", "/no/such"], "cannot be read"),
        (["a:1", "--resolve", "a:1:b"], "is not HOST:PORT:ADDRESS"),
        (["workload/prod/httpbin", "--resolve", "a:1:127.0.0.1"], "--resolve is for addresses"),
        (["workload/prod/httpbin", "--ca", "CERT"], "not for workload/prod/httpbin"),
        (["spiffe://a/b", "a:1", "--client-cert", "BOTH"], "not for spiffe://a/b"),
        (["--all", "a:1"], "and not both"),
        ([], "Name targets, or use --all"),
    ],
)
def test_every_refusal_is_a_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    """Status 2, before anything is asked, and no key in it."""
    (tmp_path / "EMPTY").touch()
    both = written(tmp_path / "BOTH", leaf(ROOT), key=True).read_bytes()
    (tmp_path / "KEY").write_bytes(both.partition(b"-----END CERTIFICATE-----\n")[2])
    written(tmp_path / "CERT", leaf(ROOT))
    named = [str(tmp_path / each) if each.isupper() and each.isalpha() else each for each in arguments]
    result = meshtui("--state", NOWHERE, "verify", *named)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert "-----BEGIN" not in result.stderr


async def test_a_resolve_for_nobody_is_mentioned(tmp_path: Path) -> None:
    """On stderr: a typing error in it would otherwise ask somebody else."""
    result = await verify("127.0.0.1:1", "--resolve", "a.example:1:127.0.0.1")
    assert "--resolve a.example:1: no address" in result.stderr


def test_targets_and_addresses_side_by_side(served: ServedMesh, tmp_path: Path) -> None:
    """One list of results; the gateway's own address can be verified from outside too, with its root."""
    https = served.json("status")["endpoints"]["gateway"]["https"]
    port = https.rpartition(":")[2]
    root = served.identity(GATEWAY)["ca_root"]
    outside = f"https://httpbin.example.com:{port}/status/418"
    arguments = [outside, GATEWAY, "--ca", root, "--resolve", f"httpbin.example.com:{port}:127.0.0.1"]
    found = served.json("verify", *arguments)["results"]
    assert [(each["target"], each["passed"]) for each in found] == [(outside, True), (GATEWAY, True)]
    assert "answered 418" in next(each["seen"] for each in found[0]["checks"] if each["name"] == "HTTP")
    curl, openssl = found[1]["by_hand"]
    assert (_status(curl), _status(openssl)) == (0, 0)


def test_all_is_verified_side_by_side_in_order(served: ServedMesh) -> None:
    """Workloads, then gateways, each once."""
    found = [each["target"] for each in served.json("verify", "--all")["results"]]
    assert GATEWAY in found
    assert len(found) == len(set(found))
    kinds = [target.partition("/")[0] for target in found]
    assert kinds == sorted(kinds, reverse=True)
