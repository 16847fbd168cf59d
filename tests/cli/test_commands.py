"""The command line as scripts rely on it: JSON on stdout, everything else on stderr, a status for every ending."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ServedMesh, meshtui

HTTPBIN = "workload/prod/httpbin"
GATEWAY = "gateway/istio-system/httpbin-credential"
CERTIFICATE = {"serial", "subject", "sans", "issuer", "not_before", "not_after", "sha256", "key"}
FIELDS = ("at", "outcome", "kind", "target", "actor", "serial", "text", "not_after", "credential", "reason")
"""Of a line of `history` for programs, in order."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_status_json_is_the_contract(served: ServedMesh) -> None:
    """Every name that other programs rely on is there."""
    status = served.json("status")
    assert status["schema"] == 1
    assert {"name", "trust_domain", "backend"} <= status["mesh"].keys()
    assert {"ca", "ca_root", "operator", "gateway", "outbound"} <= status["endpoints"].keys()
    assert Path(status["endpoints"]["ca_root"]).read_text().startswith("-----BEGIN CERTIFICATE")
    assert Path(status["endpoints"]["outbound"]["workload/prod/sleep"]).is_socket()
    identity = next(each for each in status["identities"] if each["target"] == HTTPBIN)
    assert {"spiffe_id", "desired", "issued", "held", "served", "rotation", "mtls", "disagreement"} <= identity.keys()
    assert Path(identity["desired"]["sds_socket"]).is_socket()
    assert identity["held"].keys() >= CERTIFICATE
    assert TIME.fullmatch(identity["held"]["not_after"])
    assert re.fullmatch(r"[0-9a-f]+", identity["held"]["serial"])
    gateway = status["gateways"][0]
    assert (gateway["gateway"], gateway["tls_mode"], gateway["hosts"]) == (
        "prod/httpbin-gateway",
        "SIMPLE",
        ["httpbin.example.com"],
    )
    assert {each["target"] for each in status["authorities"]} == {"authority/root", "authority/example.com"}
    outage = status["outage"]
    assert outage["workloads"] == len(status["identities"])
    assert outage["first"] <= outage["half"] <= outage["all"]


def test_status_for_people_fits_its_width(served: ServedMesh) -> None:
    """One line for each identity, no colour codes where nobody looks, nothing wider than the terminal."""
    result = served.run("status")
    assert result.returncode == 0
    assert HTTPBIN in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 140


def test_options_work_before_and_after_the_command(served: ServedMesh) -> None:
    """`meshtui --json status --state D` is as good as any other order."""
    result = meshtui("--json", "status", "--state", str(served.state))
    assert json.loads(result.stdout)["schema"] == 1


def test_rotate_json_has_before_after_and_served(served: ServedMesh) -> None:
    """The old serial, the new one, and that the wire presents it."""
    result = served.json("rotate", HTTPBIN, GATEWAY, "--yes")["results"]
    assert [(each["target"], each["ok"], each["served"], each["error"]) for each in result] == [
        (HTTPBIN, True, True, None),
        (GATEWAY, True, True, None),
    ]
    assert all(each["before"]["serial"] != each["after"]["serial"] for each in result)


def test_dry_run_shows_the_plan_and_changes_nothing(served: ServedMesh) -> None:
    """With the command that would do it."""
    before = served.identity(HTTPBIN)["held"]["serial"]
    result = served.run("rotate", HTTPBIN, "--dry-run")
    command = f"$ meshtui rotate --state {served.state} {HTTPBIN}"
    assert (result.returncode, command in result.stdout) == (0, True)
    assert served.json("rotate", HTTPBIN, "--dry-run")["plan"]["steps"][0]["target"] == HTTPBIN
    assert served.identity(HTTPBIN)["held"]["serial"] == before


def test_dry_run_prints_the_same_by_hand(served: ServedMesh) -> None:
    """openssl and kubectl, each command on a line of its own however long it is; also for who may only look."""
    result = served.run("--read-only", "rotate", GATEWAY, "--dry-run")
    assert result.returncode == 0
    commands = result.stdout.partition("By hand, with openssl and kubectl:\n")[2].splitlines()
    assert commands == served.json("rotate", GATEWAY, "--dry-run")["plan"]["by_hand"]
    assert commands[0] == "umask 077"
    assert commands[-1].startswith("kubectl create secret tls httpbin-credential -n istio-system ")
    assert any(line.startswith("openssl req -new -newkey ec ") for line in commands)
    assert served.json("rotate", HTTPBIN, "--dry-run")["plan"]["by_hand"] == [
        "kubectl rollout restart deployment/httpbin -n prod"
    ]


def test_a_gateway_certificate_is_made_to_order_and_undone(served: ServedMesh) -> None:
    """Hosts, kind of key and lifetime as they were said; undo brings the one before back, and once more undoes that."""
    options = [
        "--host",
        "httpbin.example.com",
        "--host",
        "more.example.com",
        "--key-kind",
        "ec p-384",
        "--lifetime",
        "2d",
    ]
    made = served.json("rotate", GATEWAY, *options, "--yes")["results"][0]
    assert (made["ok"], made["served"]) == (True, True)
    assert made["after"]["sans"] == ["httpbin.example.com", "more.example.com"]
    assert made["after"]["key"] == "EC P-384"
    plan = served.json("undo", GATEWAY, "--dry-run")["plan"]
    assert (plan["verb"], plan["command"]) == ("undo", f"meshtui undo {GATEWAY}")
    undone = served.json("undo", GATEWAY, "--yes")["results"][0]
    assert (undone["ok"], undone["served"], undone["after"]) == (True, True, made["before"])
    gateway = served.identity(GATEWAY)
    assert gateway["previous"]["serial"] == made["after"]["serial"]
    assert gateway["rotation"]["manual"] is True
    assert served.json("history", GATEWAY)["entries"][0]["text"].startswith("undo: instead of ")
    assert served.json("undo", GATEWAY, "--yes")["results"][0]["after"] == made["after"]
    assert served.run("rotate", GATEWAY, "--yes").returncode == 0


def test_a_certificate_comes_from_files_that_openssl_made(served: ServedMesh, tmp_path: Path) -> None:
    """The commands that a plan prints make one that can be brought; its key is in nothing that is printed."""
    plan = served.json("rotate", GATEWAY, "--key-kind", "RSA 2048", "--host", "httpbin.example.com", "--dry-run")
    commands = [line for line in plan["plan"]["by_hand"] if "kubectl" not in line]
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=tmp_path, check=True, capture_output=True)
    certificate, key = (str(tmp_path / f"httpbin-credential.{suffix}") for suffix in ("crt", "key"))
    files = ["--cert", certificate, "--key", key, "--ca", str(tmp_path / "example.com.root.crt")]
    result = served.run("rotate", GATEWAY, *files, "--yes", "--json")
    brought = json.loads(result.stdout)["results"][0]
    assert (brought["ok"], brought["served"], brought["after"]["key"]) == (True, True, "RSA 2048")
    lines = (tmp_path / "httpbin-credential.key").read_text().splitlines()
    said = result.stdout + result.stderr + served.run("history").stdout + served.run("get", "Secret").stdout
    assert not any(line in said for line in lines[1:-1])
    assert served.run("rotate", GATEWAY, "--yes").returncode == 4
    assert served.run("undo", GATEWAY, "--yes").returncode == 0
    assert served.run("issue", "gateway/prod/files", *files, "--yes").returncode == 0
    assert served.identity("gateway/prod/files")["held"]["sans"] == ["httpbin.example.com"]
    assert served.run("delete", "Secret", "files", "-n", "prod", "--yes").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["rotate", HTTPBIN], 4, "no terminal to confirm on"),
        (["issue", HTTPBIN, "--yes"], 4, "has a certificate"),
        (["rotate", "authority/root", "--yes"], 4, "signs others"),
        (["--read-only", "rotate", HTTPBIN, "--yes"], 4, "read-only"),
        (["rotate", "workload/prod/nobody", "--yes"], 2, "no workload/prod/nobody"),
        (["rotate", "spiffe://cluster.local/ns/prod/sa/bookinfo-reviews", "--yes"], 2, "3 workloads have it"),
        (["rotate", "--yes"], 2, "Name targets, or use --all"),
        (["undo", HTTPBIN, "--yes"], 4, "nobody has the key"),
        (["undo", "authority/root", "--yes"], 4, "signs others"),
        (["undo", "gateway/prod/nobody", "--yes"], 2, "no gateway/prod/nobody"),
        (["issue", "gateway/prod/new", "--yes"], 2, "no gateway/prod/new"),
        (["issue", "gateway/nowhere/new", "--host", "a.example", "--yes"], 2, "there is no namespace nowhere"),
        (["issue", "gateway/prod/new", "--host", "A.example", "--yes"], 2, "neither a DNS name in lower case"),
        (["issue", "gateway/prod/new", "--host", "localhost", "--mesh-ca", "--yes"], 4, "inside the mesh"),
        (["issue", "gateway/prod/new", "--host", "a.example", "--issuer", "root", "--yes"], 2, "authority of the mesh"),
        (["issue", "gateway/prod/new", "--host", "a.example", "--issuer", "cluster.local", "--yes"], 2, "--mesh-ca"),
        (["issue", "gateway/prod/new", "--host", "a.example", "--lifetime", "2y", "--yes"], 2, "not a duration"),
        (["issue", "gateway/prod/new", "--host", "a.example", "--key-kind", "DSA", "--yes"], 2, "'DSA' is not one of"),
        (["rotate", GATEWAY, "--issuer", "a", "--mesh-ca", "--yes"], 2, "two that are to sign"),
        (["rotate", GATEWAY, "--issuer", "mesh/ca", "--yes"], 2, "Write --mesh-ca"),
        (["rotate", GATEWAY, HTTPBIN, "--key-kind", "RSA 2048", "--yes"], 2, "not a gateway certificate: --key-kind"),
        (["rotate", "--all", "--key-kind", "RSA 2048", "--yes"], 2, "not of all targets"),
        (["rotate", GATEWAY, "--cert", "/no/such", "--key", "/no/such", "--yes"], 2, "/no/such cannot be read"),
        (["rotate", GATEWAY, "--cert", "/etc/hostname", "--yes"], 2, "--cert and --key go together"),
        (["rotate", GATEWAY, "--cert", sys.executable, "--key", sys.executable, "--yes"], 2, "is not PEM"),
        (["rotate", HTTPBIN, "--all", "--yes"], 2, "and not both"),
        (["verify", "workload/prod/\x1b[31mred"], 2, "\\x1b"),
        (["get", "Unicorn"], 2, "no kind"),
        (["get", "Gateway", "nobody"], 2, "no Gateway 'nobody'"),
        (["delete", "Gateway", "nobody", "--yes"], 2, "no Gateway default/nobody"),
        (["delete", "Namespace", "prod", "--yes"], 4, "still has"),
        (["token", GATEWAY], 2, "not a workload"),
        (["token", HTTPBIN, "--duration", "forever"], 2, "not a duration"),
        (["inspect", "127.0.0.1:1"], 3, "does not take a TLS handshake"),
        (["inspect", "no such thing"], 2, "not a target, a file that exists, or an address"),
        (["apply", "-f", "/no/such/file"], 2, "cannot be read"),
        (["screenshot", "-o", "picture.bmp"], 2, "does not end with .svg"),
        (["frobnicate"], 2, "No such command"),
        (["status", "--no-such-option"], 2, "No such option"),
        ([], 2, "needs a terminal"),
    ],
)
def test_every_refusal_is_a_sentence_and_a_status(
    served: ServedMesh, arguments: list[str], status: int, words: str
) -> None:
    """On stderr, without a traceback and without a raw control character."""
    result = served.run(*arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr


def test_without_a_mesh_the_command_that_starts_one_is_named(tmp_path: Path) -> None:
    """Exit status 3."""
    result = meshtui("--state", str(tmp_path / "nothing"), "status")
    assert (result.returncode, result.stdout) == (3, "")
    assert "meshtui serve" in result.stderr


def test_a_second_owner_is_refused(served: ServedMesh) -> None:
    """One directory, one owner."""
    result = served.run("serve")
    assert result.returncode == 4
    assert "already runs" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rotate-at", "2"], "out of range"),
        (["--ca-port", "99999"], "not a port"),
        (["--workload-ttl", "0s"], "not a usable duration"),
        (["--trust-domain", "Not A Domain"], "Not A Domain"),
        (["--mesh", "/no/such/file"], "cannot be read"),
        (["--operator-group", "no-such-group"], "no-such-group"),
    ],
)
def test_a_mesh_that_cannot_start_says_why(tmp_path: Path, options: list[str], words: str) -> None:
    """Before anything runs."""
    result = meshtui("serve", "--state", str(tmp_path / "state"), "--ca-port", "0", "--gateway-port", "0", *options)
    assert result.returncode in (2, 5)
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_history_tells_who_did_what(served: ServedMesh) -> None:
    """The operator's rotation and the CA's signature, newest first."""
    serial = served.json("rotate", HTTPBIN, "--yes")["results"][0]["after"]["serial"]
    entries = served.json("history", HTTPBIN)["entries"]
    about = [entry for entry in entries if entry["serial"] == serial]
    assert {entry["kind"] for entry in about} == {"issued", "operator"}
    assert all(entry["outcome"] == "ok" and entry["actor"] for entry in about)


def test_history_of_a_serial_is_all_that_is_on_record(served: ServedMesh) -> None:
    """Who got it, when, by which credential, until when, and why it lives as long as it does."""
    held = served.json("rotate", HTTPBIN, "--yes")["results"][0]["after"]
    issued, operator = served.json("history", held["serial"])["entries"]
    assert (issued["kind"], issued["target"], issued["credential"]) == ("issued", HTTPBIN, "token")
    assert (issued["not_after"], issued["reason"]) == (held["not_after"], None)
    assert (operator["kind"], operator["serial"], operator["record"]) == ("operator", held["serial"], None)
    record = issued["record"]
    assert (record["serial"], record["signed by"], record["asked for by"]) == (held["serial"], "root", "prod/httpbin")
    assert record["pod"].startswith("prod/httpbin-")
    assert record["policy"] == "own-identity, a token of the mesh names this service account"
    assert (issued["policy"], operator["policy"]) == ("own-identity", None)
    assert record["lifetime"] == "10 minutes (600 s), as it was asked for"
    lines = served.run("history", held["serial"]).stdout.splitlines()
    first = dict(zip(FIELDS, lines[0].split("\t"), strict=True))
    assert (first["serial"], first["not_after"], first["credential"]) == (held["serial"], held["not_after"], "token")
    assert "issued to\tspiffe://cluster.local/ns/prod/sa/httpbin" in lines
    unknown = served.run("history", "ff" * 16)
    assert (unknown.returncode, "nothing on record" in unknown.stderr) == (2, True)


def test_inspect_reads_files_and_does_not_let_one_hide_another(served: ServedMesh, tmp_path: Path) -> None:
    """A broken block between two good ones is named, and both are shown."""
    pem = Path(served.json("status")["endpoints"]["ca_root"]).read_text()
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "chain.pem").write_text(pem + broken + pem)
    result = meshtui("inspect", str(tmp_path / "chain.pem"), "--json")
    found = json.loads(result.stdout)["found"]
    assert result.returncode == 1
    assert [bool(each["problem"]) for each in found] == [False, True, False]
    assert found[0]["certificate"]["serial"] == found[2]["certificate"]["serial"]
    assert json.loads(meshtui("inspect", "-", "--json", stdin=pem).stdout)["found"][0]["kind"] == "certificate"


def test_inspect_of_a_target_says_what_depends_on_it(served: ServedMesh) -> None:
    """On the page and for programs, to whom there is none of a file."""
    depends = served.json("inspect", GATEWAY)["depends_on_it"]
    reached = ["host httpbin.example.com", "Gateway prod/httpbin-gateway", "VirtualService prod/httpbin (1 route)"]
    assert depends[2:] == reached
    printed = served.run("inspect", GATEWAY).stdout
    assert "DEPENDS ON IT" in printed
    assert reached[0] in printed.splitlines()
    root = Path(served.json("status")["endpoints"]["ca_root"])
    assert served.json("inspect", str(root))["depends_on_it"] is None


def test_inspect_never_shows_a_private_key(served: ServedMesh) -> None:
    """It says that there is one."""
    result = meshtui("inspect", str(served.state / "ca" / "root-key.pem"))
    assert "private key" in result.stdout
    assert "MIG" not in result.stdout


def test_inspect_an_address(served: ServedMesh) -> None:
    """What the gateway presents is what its Secret holds."""
    address = served.ready["endpoints"]["gateway"]["https"]
    found = served.json("inspect", address, "--server-name", "httpbin.example.com")["found"]
    assert found[0]["certificate"]["serial"] == served.identity(GATEWAY)["held"]["serial"]


def test_what_get_prints_can_be_applied_again(served: ServedMesh) -> None:
    """And is then unchanged."""
    printed = served.run("get", "VirtualService").stdout
    result = served.run("apply", "-f", "-", "--yes", "--json", stdin=printed)
    assert [each["change"] for each in json.loads(result.stdout)["results"]] == ["unchanged"]


def test_policies_are_applied_shown_and_deleted(served: ServedMesh) -> None:
    """Under the short names that kubectl has for them; one that cannot be enforced whole is refused with its path."""
    assert "mode: STRICT" in served.run("get", "pa").stdout
    policy = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: httpbin, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: DENY
  rules: [{to: [{operation: {paths: [/secret]}}]}]
"""
    refused = served.run("apply", "-f", "-", "--yes", stdin=policy.replace("DENY", "CUSTOM"))
    assert refused.returncode == 2
    assert "(AuthorizationPolicy prod/httpbin): spec.action: CUSTOM is valid elsewhere but not" in refused.stderr
    assert served.run("get", "ap").stdout == ""
    assert served.run("apply", "-f", "-", "--yes", stdin=policy).returncode == 0
    (shown,) = served.json("get", "authorizationpolicies", "-n", "prod")["items"]
    assert shown["spec"]["rules"] == [{"to": [{"operation": {"paths": ["/secret"]}}]}]
    assert served.run("delete", "ap", "httpbin", "-n", "prod", "--yes").returncode == 0
    assert served.run("get", "ap", "httpbin").returncode == 2


def test_a_hidden_key_cannot_be_applied_by_mistake(served: ServedMesh) -> None:
    """A Secret as `get` prints it is refused, and the real one stays."""
    before = served.identity(GATEWAY)["held"]["serial"]
    result = served.run("apply", "-f", "-", "--yes", stdin=served.run("get", "Secret").stdout)
    assert result.returncode == 2
    assert "not base64" in result.stderr
    assert served.identity(GATEWAY)["held"]["serial"] == before


def test_a_new_workload_gets_an_identity_at_once_and_loses_it_when_deleted(served: ServedMesh) -> None:
    """apply and delete reach what runs."""
    manifest = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: extra, namespace: prod}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: extra, namespace: prod}
spec:
  selector: {matchLabels: {app: extra}}
  template:
    metadata: {labels: {app: extra}}
    spec:
      serviceAccountName: extra
      containers: [{name: extra, image: example.com/extra}]
"""
    assert served.run("apply", "-f", "-", "--yes", stdin=manifest).returncode == 0
    assert served.run("verify", "workload/prod/extra").returncode in (0, 1)
    assert served.identity("workload/prod/extra")["spiffe_id"] == "spiffe://cluster.local/ns/prod/sa/extra"
    assert served.run("delete", "Deployment", "extra", "-n", "prod", "--yes").returncode == 0
    assert served.run("verify", "workload/prod/extra").returncode == 2


def test_completion_knows_the_targets(served: ServedMesh) -> None:
    """For every shell there is a script."""
    for shell in ("bash", "zsh", "fish"):
        assert "_MESHTUI_COMPLETE" in meshtui("completion", shell).stdout
    assert served.state.exists()


def test_a_protected_mesh_is_only_looked_at(
    served: ServedMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mesh that the settings protect is changed only by who says so; what applies is told, with every mistake."""
    settings = tmp_path / "config.toml"
    settings.write_text(f'protected = ["{served.state.name}"]\ncolour = "blue"\n')
    monkeypatch.setenv("MESHTUI_CONFIG", str(settings))
    refused = served.run("rotate", HTTPBIN, "--yes")
    assert (refused.returncode, "--write" in refused.stderr) == (4, True)
    assert served.run("status").returncode == 0
    assert served.run("rotate", HTTPBIN, "--yes", "--write").returncode == 0
    told = served.json("info")
    assert told["paths"]["settings"] == str(settings)
    assert (told["settings"]["only_looks"], told["settings"]["protected"]) == (True, [served.state.name])
    assert told["settings"]["problems"] == [
        f"{settings}, line 2: colour: There is no such setting. There are: theme, glyphs, view, link, mouse, "
        "protected, columns, filters, keys, thresholds."
    ]
    assert f"\n    {settings}, line 2: colour: " in served.run("info").stdout
