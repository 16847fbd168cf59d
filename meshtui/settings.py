"""What a mesh is started with and where it keeps its things: parsed once, passed in, never read again.

Durations are timedeltas here; their spelling (`24h`, `90d`, `3m`) is read by `parse_duration` alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from meshtui.errors import StateError, UsageError

UNIX_PATH_MAX = 107
"""Bytes of a Unix socket's path on Linux (sun_path is 108 with its NUL)."""

MAX_FLEET = 99_999
"""More agents than one process can keep fresh."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read `24h`, `1h30m`, `45s`, `90d`; raises UsageError for anything else, zero included."""
    pieces = _DURATION.findall(text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        raise UsageError(f"{text!r} is not a duration.", fix="Write a number with s, m, h or d: 45s, 1h30m, 90d.")
    try:
        duration = timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in pieces))
    except OverflowError as error:
        raise UsageError(f"{text!r} is too long for a duration.", fix="Use less than 100 years.") from error
    if not timedelta(0) < duration < timedelta(days=36525):
        raise UsageError(f"{text!r} is not a usable duration.", fix="Use more than nothing and less than 100 years.")
    return duration


@dataclass(frozen=True)
class Settings:
    """How an embedded mesh is to run."""

    state: Path
    trust_domain: str = "cluster.local"
    workload_ttl: timedelta = timedelta(hours=24)
    rotate_at: float = 0.5
    """Share of a certificate's lifetime after which it is replaced: from then on it is due."""
    overdue_at: float | None = None
    """Share from which it is overdue; None: a tenth of its lifetime after that."""
    ca_port: int = 15012
    gateway_port: int = 8443
    """The HTTPS port of the gateway; 0 for any free one."""
    mesh_file: Path | None = None
    """Manifests to start with; the built-in demo mesh without one."""
    envoy: bool = True
    read_only: bool = False
    operator_group: str = ""
    ca_dir: Path | None = None
    """A signing CA of one's own, in Istio's `cacerts` layout or that of a TLS secret; the mesh makes one without."""
    oidc_file: Path | None = None
    """Issuers outside the mesh whose tokens the CA takes."""
    mtls_port: int | None = None
    """Where workloads renew by client certificate, 0 for any free port; None for nowhere."""
    token_every: timedelta = timedelta(days=7)
    """How long renewal by certificate goes on before a token is needed again."""
    trusted_node_accounts: str = ""
    """`NAMESPACE/NAME,…`: service accounts that may ask for certificates of the pods on their node."""
    metrics_port: int | None = None
    """Where Prometheus reads, on the loopback, 0 for any free port; None for nowhere: every user here could look."""
    fleet: int = 0
    """How many agents without manifests to run, for load tests and demonstrations."""
    fleet_sockets: bool = False
    """Whether each of them serves SDS."""
    until_detached: bool = False
    """Stop when the last terminal leaves: how `meshtui` starts the mesh that it shows."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.rotate_at <= 0.9:
            raise UsageError(f"--rotate-at {self.rotate_at} is out of range.", fix="Use a share between 0.1 and 0.9.")
        if self.overdue_at is not None and not self.rotate_at < self.overdue_at <= 1:
            raise UsageError(
                f"--overdue-at {self.overdue_at} is out of range.",
                fix=f"Use a share after that of --rotate-at, {self.rotate_at}, and at most 1.",
            )
        if not 0 <= self.fleet <= MAX_FLEET:
            raise UsageError(f"--fleet {self.fleet} is out of range.", fix=f"Use 0 to {MAX_FLEET}.")
        ports = {"--ca-port": self.ca_port, "--gateway-port": self.gateway_port, "--mtls-port": self.mtls_port}
        ports["--metrics-port"] = self.metrics_port
        for name, port in ports.items():
            if port is not None and not 0 <= port <= 65535:
                raise UsageError(f"{name} {port} is not a port.", fix="Use 0 to 65535; 0 means any free one.")


@dataclass(frozen=True)
class StatePaths:
    """Every path of one mesh. Long-lived things in the state directory; sockets where their paths stay short."""

    state: Path

    @property
    def lock(self) -> Path:
        """Held by the owner for as long as it lives."""
        return self.state / "lock"

    @property
    def ca(self) -> Path:
        """Directory of the CA process: keys, certificates, ledger."""
        return self.state / "ca"

    @property
    def ledger(self) -> Path:
        """Written by the CA process alone."""
        return self.ca / "ledger.db"

    def brought_roots(self, namespace: str, secret: str) -> Path:
        """PEM of what a gateway certificate that was made elsewhere leads to."""
        return self.state / "roots" / namespace / secret / "roots.pem"  # a name may be as long as a file's

    @property
    def inventory(self) -> Path:
        """Which service accounts and pods exist: written by the owner, read by the CA."""
        return self.state / "inventory.json"

    @property
    def store(self) -> Path:
        """Manifests and the operators' journal."""
        return self.state / "config.db"

    @property
    def telemetry(self) -> Path:
        """Calls that were denied."""
        return self.state / "telemetry.db"

    @property
    def token_key(self) -> Path:
        """Key of the service-account token issuer."""
        return self.state / "tokens.key"

    @property
    def envoys(self) -> Path:
        """Bootstrap files, process ids and logs of the proxies."""
        return self.state / "envoys"

    @property
    def log(self) -> Path:
        """What the mesh says while no terminal listens."""
        return self.state / "serve.log"

    @property
    def operator_socket(self) -> Path:
        """In the state directory; for a directory whose path is too long, beside the other sockets."""
        path = self.state / "operator.sock"
        return path if len(os.fsencode(path)) <= UNIX_PATH_MAX else self.sockets / "operator.sock"

    @property
    def sockets(self) -> Path:
        """A 0700 directory with a short path, the same for every process that looks at this state directory."""
        digest = hashlib.sha256(os.fsencode(self.state.resolve())).hexdigest()[:10]
        return runtime_directory() / digest

    def socket(self, purpose: str, name: str) -> Path:
        """Where the socket of one `purpose` (`sds`, `ads`, `in`, `out`, `app`, `admin`) of one workload is."""
        digest = hashlib.sha256(f"{purpose}/{name}".encode()).hexdigest()[:12]
        return self.sockets / f"{purpose}-{digest}"


def runtime_directory() -> Path:
    """`$XDG_RUNTIME_DIR/meshtui` if that is set and short, else `/tmp/meshtui-UID`."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    # 44 bytes: "/meshtui/" + 10 of the mesh + "/admin-" + 12 of the socket, and a little room
    if base.startswith("/") and len(os.fsencode(base)) <= UNIX_PATH_MAX - 44:
        return Path(base) / "meshtui"
    return Path(f"/tmp/meshtui-{os.getuid()}")  # noqa: S108 - checked for owner and mode before use


def private_directory(path: Path, *, group_may_enter: bool = False) -> None:
    """Create `path` with mode 0700, or check that it is ours alone (or may be entered, not read, by its group).

    Raises StateError when it is a symlink, another user's, readable by others or cannot be created.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except FileExistsError as error:
        raise StateError(f"{path} is not a directory.", fix="Remove it or choose another with --state.") from error
    except OSError as error:
        raise StateError(
            f"The directory {path} cannot be created: {error.strerror}.", fix="Choose another with --state."
        ) from error
    if stat.S_ISLNK(found.st_mode):
        raise StateError(f"{path} is a symbolic link.", fix="Name the directory itself with --state.")
    if not stat.S_ISDIR(found.st_mode):
        raise StateError(f"{path} is not a directory.", fix="Remove it or choose another with --state.")
    if found.st_uid != os.getuid():
        raise StateError(
            f"{path} belongs to user {found.st_uid}, not to you ({os.getuid()}).", fix="Choose another with --state."
        )
    if found.st_mode & (0o067 if group_may_enter else 0o077):
        mode = stat.S_IMODE(found.st_mode)
        raise StateError(f"{path} is open to others (mode {mode:04o}).", fix=f"Run: chmod 700 {path}")
