"""A CA in a process of its own, as an embedded mesh runs it, and the tokens and requests to ask it with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from meshtui.config.tokens import TokenIssuer
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId

ISSUER = "https://cluster.local/mesh"


class BenchAuthority:
    """Started by `start`, again and again in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = directory / "ca"
        self.ledger = self.ca / "ledger.db"
        self.socket = directory / "run" / "g"
        self._tokens = TokenIssuer.open(directory / "tokens.key", ISSUER)
        self._jwks = directory / "jwks.json"
        self._jwks.write_text(self._tokens.jwks())
        self.csr = make_csr(new_key(), SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/httpbin"))
        self.port = 0
        self.root = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, port: int = 0) -> dict[str, Any]:
        """Start it and wait until it serves; returns its first line."""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "meshtui.ca", "--directory", str(self.ca), "--port", str(port)),
                *("--trust-domain", "cluster.local", "--gateway-socket", str(self.socket)),
                *("--token-jwks", str(self._jwks), "--token-issuer", ISSUER),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        first: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert first.get("ready"), first
        self.port, self.root = first["port"], Path(first["root"])
        return first

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """In order."""
        assert self._process is not None
        self._process.terminate()
        self._reap()

    def token(self, pod: str = "httpbin-1") -> str:
        """For one pod."""
        return self._tokens.issue(
            "prod",
            "httpbin",
            pod_name=pod,
            pod_uid=f"uid-{pod}",
            audience="istio-ca",
            duration=timedelta(hours=1),
            now=datetime.now(UTC),
        )

    def _reap(self) -> None:
        assert self._process is not None
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
