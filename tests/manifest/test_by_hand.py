"""What a plan prints to be done by hand is what openssl does, and what it makes would be taken from files here."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meshtui.identity.inspect import facts
from meshtui.identity.server_pair import check_server_pair
from meshtui.manifest import by_hand
from meshtui.manifest.grants import KEYS

HOSTS = ("shop.example.com", "*.example.org", "10.0.0.1")


def run(commands: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """As a shell does it, line by line, ending at the first that fails."""
    script = "set -e\n" + "\n".join(commands)
    return subprocess.run(["sh", "-c", script], cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", [kind for kind in KEYS if kind != "RSA 4096"])
def test_openssl_makes_a_pair_that_would_be_served(tmp_path: Path, kind: str) -> None:
    """For these hosts and no others, on that kind of key, signed by the root that is made beside it."""
    commands = by_hand.new_pair(
        "shop", hosts=HOSTS, issuer="example.com", key_kind=kind, lifetime=timedelta(days=89, hours=1)
    )
    done = run(("umask 077", *commands), tmp_path)
    assert done.returncode == 0, done.stderr
    certificate, key = (tmp_path / "shop.crt").read_bytes(), (tmp_path / "shop.key").read_bytes()
    root = (tmp_path / "example.com.root.crt").read_bytes()
    leaf = facts(check_server_pair(certificate, key, HOSTS, datetime.now(UTC), roots=root)[0])
    assert (leaf.key, leaf.sans, leaf.is_ca, leaf.subject) == (kind, HOSTS, False, "")
    assert leaf.not_after - leaf.not_before == timedelta(days=90)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("*.key")} == {0}


def test_a_root_is_made_once(tmp_path: Path) -> None:
    """What was signed by it before stays good."""
    for name in ("one", "two"):
        commands = by_hand.new_pair(
            name, hosts=HOSTS, issuer="example.com", key_kind="EC P-256", lifetime=timedelta(hours=1)
        )
        assert run(commands, tmp_path).returncode == 0
    root = (tmp_path / "example.com.root.crt").read_bytes()
    for name in ("one", "two"):
        certificate, key = ((tmp_path / f"{name}.{suffix}").read_bytes() for suffix in ("crt", "key"))
        assert check_server_pair(certificate, key, HOSTS, datetime.now(UTC), roots=root)


def test_openssl_looks_at_a_pair_from_files(tmp_path: Path) -> None:
    """A good one passes every command; with another key or another root one of them says no."""
    (tmp_path / "with space").mkdir()
    for name in ("a", "b"):
        commands = by_hand.new_pair(
            name, hosts=HOSTS, issuer=f"{name}.example", key_kind="EC P-256", lifetime=timedelta(days=1)
        )
        assert run(commands, tmp_path / "with space").returncode == 0
    certificate, key, ca = (f"with space/{name}" for name in ("a.crt", "a.key", "a.example.root.crt"))
    done = run(by_hand.check_pair(certificate, key, ca, ("*", *HOSTS)), tmp_path)
    assert (done.returncode, "NOT" in done.stdout) == (0, False), done.stderr
    assert run(by_hand.check_pair(certificate, "with space/b.key", ca, HOSTS), tmp_path).returncode != 0
    assert run(by_hand.check_pair(certificate, key, "with space/b.example.root.crt", HOSTS), tmp_path).returncode != 0
    assert "does NOT match" in run(by_hand.check_pair(certificate, key, "", ("other.example",)), tmp_path).stdout


def test_kubectl_is_told_what_openssl_made(tmp_path: Path) -> None:
    """A program in its place sees whole arguments, and the files through the pipe."""
    heard = tmp_path / "heard"
    (tmp_path / "kubectl").write_text(f'#!/bin/sh\necho "$@" >> {heard}\n[ "$1" != get ] || printf c2VjcmV0\n')
    (tmp_path / "kubectl").chmod(0o755)
    commands = (
        *by_hand.keep_pair("prod", "shop"),
        by_hand.store_pair("prod", "shop", "a b.crt", "shop.key"),
        by_hand.store_pair("prod", "shop", "shop.crt", "shop.key", ("cert", "key")),
        *by_hand.keep_rest("prod", "shop", ("ca.crt",)),
        by_hand.store_pair("prod", "shop", "shop.crt", "shop.key", rest=("ca.crt",)),
        by_hand.restart("prod", "httpbin"),
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=tmp_path, check=True, env=os.environ | {"PATH": path})
    assert (tmp_path / "shop.previous.key").read_text() == "secret"
    assert (tmp_path / "shop.kept.ca.crt").read_text() == "secret"
    assert sorted(heard.read_text().splitlines()) == sorted(
        [
            r"get secret shop -n prod -o jsonpath={.data.tls\.crt}",
            r"get secret shop -n prod -o jsonpath={.data.tls\.key}",
            "create secret tls shop -n prod --cert=a b.crt --key=shop.key --dry-run=client -o yaml",
            "apply -f -",
            "create secret generic shop -n prod --from-file=cert=shop.crt --from-file=key=shop.key"
            " --dry-run=client -o yaml",
            "apply -f -",
            r"get secret shop -n prod -o jsonpath={.data.ca\.crt}",
            "create secret generic shop -n prod --type=kubernetes.io/tls --from-file=tls.crt=shop.crt"
            " --from-file=tls.key=shop.key --from-file=ca.crt=shop.kept.ca.crt --dry-run=client -o yaml",
            "apply -f -",
            "rollout restart deployment/httpbin -n prod",
        ]
    )


@pytest.mark.parametrize("name", ["$(id)", "a;b", "a'b", "-x y"])
def test_no_name_reaches_a_shell_unquoted(name: str) -> None:
    """Whatever a file, Secret or root is called."""
    commands = (
        *by_hand.check_pair(name, name, name, (name,)),
        *by_hand.keep_pair(name, name),
        *by_hand.keep_rest(name, name, (name,)),
        by_hand.store_pair(name, name, name, name),
        by_hand.store_pair(name, name, name, name, rest=(name,)),
        *by_hand.new_pair(name, hosts=(name,), issuer=name, key_kind="EC P-256", lifetime=timedelta(days=1)),
    )
    for command in commands:
        # the one command with commands inside it is read as what these are
        words = shlex.split(command.replace('"$(', "").replace(')"', ""))
        assert any(name in word for word in words), command


def test_the_meshs_ca_is_read_where_istio_keeps_it() -> None:
    """Its key and certificate come from the Secret of the CA that Istio makes for itself."""
    commands = by_hand.new_pair("a", hosts=HOSTS, issuer="mesh/ca", key_kind="EC P-256", lifetime=timedelta(days=1))
    assert [shlex.split(command)[3] for command in commands[:2]] == ["istio-ca-secret"] * 2
    assert "-CA ca-cert.pem -CAkey ca-key.pem" in commands[-1]
