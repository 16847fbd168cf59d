"""The main job on the real thing: real CA, agents, Envoys, curl and openssl, as a newcomer uses them."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ServedMesh

GATEWAY = "gateway/istio-system/httpbin-credential"
HTTPBIN = "workload/prod/httpbin"
HOST = "httpbin.example.com"
DEADLINE = 15.0


def curl(mesh: ServedMesh, path: str, *options: str) -> subprocess.CompletedProcess[str]:
    gateway = mesh.identity(GATEWAY)
    port = mesh.ready["endpoints"]["gateway"]["https"].rpartition(":")[2]
    return subprocess.run(
        [
            "curl",
            "-sS",
            "--resolve",
            f"{HOST}:{port}:127.0.0.1",
            "--cacert",
            gateway["ca_root"],
            *options,
            f"https://{HOST}:{port}{path}",
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def s_client_serial(mesh: ServedMesh) -> int:
    """The serial number that openssl sees at the gateway."""
    address = mesh.ready["endpoints"]["gateway"]["https"]
    seen = subprocess.run(
        ["openssl", "s_client", "-connect", address, "-servername", HOST],
        input="",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    decoded = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"], input=seen.stdout, capture_output=True, text=True, check=True
    )
    return int(decoded.stdout.strip().removeprefix("serial="), 16)


def processes_naming(text: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if text in (entry / "cmdline").read_bytes().decode(errors="replace"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_for(condition: Callable[[], Any]) -> Any:
    """The first true answer; other processes give no event to wait for, so this looks again until a deadline."""
    never = threading.Event()
    deadline = time.monotonic() + DEADLINE
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        never.wait(0.02)
    return answer


@pytest.fixture(scope="module")
def mesh(served: ServedMesh) -> ServedMesh:
    return served


def test_curl_gets_its_418_through_gateway_and_sidecar(mesh: ServedMesh) -> None:
    """TLS at the gateway, mTLS to the sidecar, httpbin on its socket."""
    assert curl(mesh, "/status/418", "-o", "/dev/null", "-w", "%{http_code}").stdout == "418"


def test_the_application_learns_who_called(mesh: ServedMesh) -> None:
    """Secure naming both ways: the sidecar names the gateway's SPIFFE ID."""
    answer = curl(mesh, "/headers").stdout
    assert "URI=spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway" in answer


def test_a_sidecar_calls_another_by_its_service_name(mesh: ServedMesh) -> None:
    """sleep's outbound socket leads over mTLS to httpbin."""
    outbound = mesh.ready["endpoints"]["outbound"]["workload/prod/sleep"]
    answer = subprocess.run(
        [
            "curl",
            "-sS",
            "--unix-socket",
            outbound,
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "http://httpbin.prod:8000/status/202",
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert answer.stdout == "202"


def test_a_plaintext_caller_is_turned_away_by_the_sidecar(mesh: ServedMesh) -> None:
    """Nothing is said before TLS, and nothing after it without a certificate."""
    path = mesh.identity(HTTPBIN)["desired"]["inbound"].removeprefix("unix:")
    for arguments in (["http://httpbin/get"], ["-k", "https://httpbin/get"]):
        refused = subprocess.run(
            ["curl", "-sS", "--unix-socket", path, *arguments], capture_output=True, text=True, timeout=20, check=False
        )
        assert refused.returncode != 0
        assert refused.stdout == ""


def test_rotating_the_gateway_changes_what_openssl_sees(mesh: ServedMesh) -> None:
    """By the command of the README, without an Envoy restart and without cutting an open connection."""
    address = mesh.ready["endpoints"]["gateway"]["https"]
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context(cafile=mesh.identity(GATEWAY)["ca_root"])
    envoys = processes_naming(f"{mesh.state}/envoys")
    before = s_client_serial(mesh)
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        request = f"GET /status/204 HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode()
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 204")
        result = mesh.run("rotate", GATEWAY, "--yes", "--json")
        assert result.returncode == 0, result.stderr
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 204")
    after = s_client_serial(mesh)
    assert after != before
    assert after == int(mesh.identity(GATEWAY)["served"]["serial"], 16)
    assert processes_naming(f"{mesh.state}/envoys") == envoys


def test_all_four_truths_agree_in_a_fresh_mesh(mesh: ServedMesh) -> None:
    """Nothing disagrees, and no finding stands."""
    status = mesh.json("status")
    everything = status["identities"] + status["gateways"]
    assert [each["target"] for each in everything if each["disagreement"]] == []
    assert status["findings"] == []
    enveloped = [each for each in status["identities"] if each["desired"]["proxy"] == "envoy"]
    assert len(enveloped) == 3
    assert all(each["served"] == each["held"] == each["issued"] for each in enveloped + status["gateways"])


def test_verify_passes_for_every_target(mesh: ServedMesh) -> None:
    """Check by check, to the wire."""
    result = mesh.run("verify", "--all", "--json")
    assert result.returncode == 0, result.stdout


def test_no_private_key_of_a_workload_is_on_disk(mesh: ServedMesh) -> None:
    """Only the CA's keys are files; the proxies' come by SDS."""
    holding = [path.name for path in mesh.state.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert sorted(holding) == ["example.com.key", "root-key.pem", "tokens.key"]
    assert {path.stat().st_mode & 0o777 for path in mesh.state.rglob("*") if path.suffix in (".key", ".db")} == {0o600}


def test_an_envoy_that_dies_is_started_again_and_the_row_says_so(mesh: ServedMesh) -> None:
    """kill -9 of a sidecar: its row has the reason, and then it serves again."""

    def pid() -> int:
        found = [
            each
            for each in processes_naming(f"{mesh.state}/envoys/workload-prod-sleep.json")
            if each in processes_naming("_bin/envoy")
        ]
        return found[0] if found else 0

    first = wait_for(pid)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: pid() not in (0, first))
    wait_for(lambda: (mesh.identity("workload/prod/sleep")["served"] or {}).get("serial"))
    assert mesh.run("verify", "workload/prod/sleep").returncode == 0


def test_killing_the_owner_leaves_nothing_running_and_loses_nothing(start_mesh: Callable[..., ServedMesh]) -> None:
    """kill -9: no Envoy and no CA stays; the next start has the CA, the Secret and the whole ledger."""
    mesh = start_mesh()
    before = mesh.json("status")
    root = Path(before["endpoints"]["ca_root"]).read_bytes()
    serials = {each["held"]["serial"] for each in before["identities"] + before["gateways"]}
    mesh.kill()
    wait_for(lambda: not processes_naming(str(mesh.state)))
    again = start_mesh(state=mesh.state)
    after = again.json("status")
    assert Path(after["endpoints"]["ca_root"]).read_bytes() == root
    assert after["gateways"][0]["held"] == before["gateways"][0]["held"]
    with sqlite3.connect(f"file:{mesh.state}/ca/ledger.db?mode=ro", uri=True) as ledger:
        known = {row[0] for row in ledger.execute("SELECT serial FROM decisions WHERE state = 'issued'")}
    assert serials <= known
    assert curl(again, "/status/418", "-o", "/dev/null", "-w", "%{http_code}").stdout == "418"


def test_the_certificate_before_survives_the_owner(start_mesh: Callable[..., ServedMesh]) -> None:
    """kill -9, a new start, and undo still has it; openssl sees it at the gateway."""
    first = start_mesh()
    before = first.json("rotate", GATEWAY, "--yes")["results"][0]["before"]["serial"]
    first.kill()
    again = start_mesh(state=first.state)
    assert again.identity(GATEWAY)["previous"]["serial"] == before
    undone = again.json("undo", GATEWAY, "--yes")["results"][0]
    assert (undone["ok"], undone["served"], undone["after"]["serial"]) == (True, True, before)
    assert s_client_serial(again) == int(before, 16)
    again.kill()
    third = start_mesh(state=first.state)
    assert third.identity(GATEWAY)["held"]["serial"] == before
    assert third.identity(GATEWAY)["rotation"]["manual"] is True


def test_sigterm_ends_everything_in_order(start_mesh: Callable[..., ServedMesh]) -> None:
    """Exit status 0, no process left, nothing on stderr."""
    mesh = start_mesh()
    assert mesh.stop() == ""
    assert mesh.process.returncode == 0
    assert processes_naming(str(mesh.state)) == []


def test_without_envoy_the_mesh_runs_with_agents_alone(start_mesh: Callable[..., ServedMesh]) -> None:
    """Certificates are issued, held and rotated; nothing is served, and nothing pretends to be."""
    mesh = start_mesh("--no-envoy")
    status = mesh.json("status")
    assert {each["desired"]["proxy"] for each in status["identities"]} == {"agent"}
    assert {each["served"] is None for each in status["identities"] + status["gateways"]} == {True}
    assert mesh.run("rotate", HTTPBIN, "--yes").returncode == 0
