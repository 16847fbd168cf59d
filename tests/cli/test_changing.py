"""What a change says beside its results, to people and to programs."""

from __future__ import annotations

import json
from os import environ

import pytest

from tests.conftest import MESHTUI, ServedMesh, meshtui
from tests.terminal import Terminal

HTTPBIN = "workload/prod/httpbin"
GATEWAY = "gateway/istio-system/httpbin-credential"
ORPHAN = json.dumps(
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "orphan", "namespace": "prod"},
        "spec": {"hosts": ["orphan.example.com"], "gateways": ["nobody"], "http": [{"redirect": {"uri": "/"}}]},
    }
)


def test_warnings_are_told_to_who_does_not_ask_for_the_plan(served: ServedMesh) -> None:
    """With --yes they stand on stderr, and on stdout is the result alone; --dry-run has them in the plan."""
    warning = "VirtualService prod/orphan: the Gateway prod/nobody does not exist"
    planned = json.loads(served.run("apply", "-f", "-", "--dry-run", "--json", stdin=ORPHAN).stdout)["plan"]
    assert planned["warnings"] == [warning]
    assert planned["effects"] == [warning]
    done = served.run("apply", "-f", "-", "--yes", "--json", stdin=ORPHAN)
    assert warning in done.stderr
    assert [each["ok"] for each in json.loads(done.stdout)["results"]] == [True]
    (finding,) = (each for each in served.json("status")["findings"] if each["code"] == "no-effect")
    assert (finding["text"], finding["fix"]) == (warning, "Apply it, or name another in spec.gateways.")
    assert served.run("delete", "VirtualService", "orphan", "-n", "prod", "--yes").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "status", "message", "fix"),
    [
        (["undo", "authority/root", "--yes"], 4, "authority/root signs others", ""),
        (["rotate", HTTPBIN], 4, "no terminal to confirm on", "Add --yes, or see the plan with --dry-run."),
        (["get", "Gateway", "nobody"], 2, "There is no Gateway 'nobody'", "See: meshtui get Gateway"),
        (["status", "--no-such-option"], 2, "No such option", "See: meshtui --help"),
    ],
)
def test_refusals_are_json_for_who_wants_json(
    served: ServedMesh, arguments: list[str], status: int, message: str, fix: str
) -> None:
    """On stdout, with message and fix apart; the sentence stays on stderr, and the status is the same."""
    result = served.run(*arguments, "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.returncode, error.keys()) == (status, {"message", "fix"})
    assert message in error["message"]
    assert fix in (error["fix"] or "")
    assert error["message"] in result.stderr


def test_swapped_files_are_recognised(served: ServedMesh) -> None:
    """By what is in them, and called by their names; nothing of the key is shown."""
    certificate, key = served.state / "ca" / "root-cert.pem", served.state / "ca" / "root-key.pem"
    swapped = served.run("rotate", GATEWAY, "--cert", str(key), "--key", str(certificate), "--yes")
    assert (swapped.returncode, swapped.stdout) == (2, "")
    assert f"{key} is a private key; did you swap --cert and --key?" in swapped.stderr
    twice = served.run("rotate", GATEWAY, "--cert", str(certificate), "--key", str(certificate), "--yes")
    assert f"{certificate} is a certificate; did you swap --cert and --key?" in twice.stderr
    assert not any(line in swapped.stderr for line in key.read_text().splitlines()[1:-1])


def test_refusals_name_the_state_directory_that_was_named(served: ServedMesh) -> None:
    """The command that mends it can be pasted; where the environment names the directory it need not be said again."""
    command = f"meshtui rotate --state {served.state} {HTTPBIN}"
    assert command in served.run("issue", HTTPBIN, "--yes").stderr
    before, environ["MESHTUI_STATE"] = environ.get("MESHTUI_STATE"), str(served.state)
    try:
        assert f"meshtui rotate {HTTPBIN}" in meshtui("issue", HTTPBIN, "--yes").stderr
        assert f"meshtui rotate {HTTPBIN}" in served.run("issue", HTTPBIN, "--yes").stderr
    finally:
        environ.pop("MESHTUI_STATE") if before is None else environ.update(MESHTUI_STATE=before)


def test_sentences_are_broken_between_words_on_a_terminal(served: ServedMesh) -> None:
    """In as many columns as there are, whatever says them."""
    command = [*MESHTUI, "--state", str(served.state)]
    for arguments in (["rotate", "authority/root", "--yes"], ["issue", "gateway/prod/new", "--yes"]):
        terminal = Terminal([*command, *arguments], columns=50, rows=12)
        while not terminal.ended():
            terminal.read(0.1)
        shown = terminal.text.split()
        terminal.close()
        assert shown == served.run(*arguments).stderr.split()
