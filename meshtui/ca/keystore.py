"""Which roots the CA has, and where: one for the workloads, one for each gateway authority that was asked for."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from meshtui.ca.arguments import Arguments
from meshtui.ca.profile import gateway_root_subject, is_dns_name, mesh_root_subject
from meshtui.ca.published import publish
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.root_files import RootFiles
from meshtui.ca.signer import Signer
from meshtui.ca.signing_files import open_signing_directory
from meshtui.errors import StateError
from meshtui.identity.spiffe import check_trust_domain
from meshtui.settings import private_directory

MESH_ROOT = "root"
ROOT_CERTIFICATE = "root-cert.pem"
LOCK_WAIT = 5.0
"""Seconds: how long the CA of a killed owner may take to notice its end."""
MAX_GATEWAY_ROOTS = 1000
MAX_NAME = 200
"""Of a gateway root: it becomes a file name, which ends at 255 bytes."""


def lock_directory(directory: Path) -> int:
    """Make sure that no other CA works in `directory` while this process lives; raises StateError."""
    private_directory(directory)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StateError(
                    f"Another CA works in {directory}.", fix="Stop it, or choose another directory with --state."
                ) from error
            time.sleep(0.05)
        else:
            return descriptor


def open_mesh_root(directory: Path, trust_domain: str, now: datetime, *, first_start: bool) -> Signer:
    """Load the root of the workloads' CA; make it on the first start. Raises StateError."""
    files = RootFiles(
        name=MESH_ROOT,
        certificate=directory / ROOT_CERTIFICATE,
        key=directory / "root-key.pem",
        subject=mesh_root_subject(check_trust_domain(trust_domain)),
    )
    return files.open(now, may_create=first_start)


@dataclass(frozen=True)
class Opened:
    """What signs for the workloads."""

    signer: Signer
    root: Path
    """PEM of the roots, for those who are to trust it."""
    notices: tuple[str, ...] = ()


def open_signer(arguments: Arguments, now: datetime, *, first_start: bool) -> Opened:
    """The hierarchy of `--ca-dir` if there is one, else the CA's own root, made on the first start.

    Raises StateError.
    """
    if arguments.ca_dir is None:
        signer = open_mesh_root(arguments.directory, arguments.trust_domain, now, first_start=first_start)
        return Opened(signer, arguments.directory / ROOT_CERTIFICATE)
    check_trust_domain(arguments.trust_domain)
    found = open_signing_directory(arguments.ca_dir, now)
    return Opened(found.signer, publish(found.signer, arguments.directory), found.notices)


class GatewayRoots:
    """The roots that sign gateway certificates, by name, each made when it is first asked for."""

    def __init__(self, directory: Path, has_signed: Callable[[str], bool]) -> None:
        """`has_signed` says whether the ledger knows certificates of a signer: such a one is not made anew."""
        self._directory = directory / "gateways"
        self._has_signed = has_signed
        self._open: dict[str, Signer] = {}

    def signer(self, name: str, now: datetime) -> Signer:
        """The root called `name`. Raises RefusalError for what is not a DNS name, StateError for damaged files."""
        if not is_dns_name(name) or len(name) > MAX_NAME:  # checked before it becomes a path
            raise RefusalError(
                Reason.UNKNOWN_SIGNER, f"{name[:80]!r} is not a DNS name in lower case of up to {MAX_NAME} characters"
            )
        if name not in self._open:
            if len(self._open) >= MAX_GATEWAY_ROOTS:
                raise RefusalError(Reason.UNKNOWN_SIGNER, f"there are {MAX_GATEWAY_ROOTS} gateway roots already")
            private_directory(self._directory)
            files = RootFiles(
                name=f"gateways/{name}",
                certificate=self._directory / f"{name}.pem",
                key=self._directory / f"{name}.key",
                subject=gateway_root_subject(name),
            )
            self._open[name] = files.open(now, may_create=not self._has_signed(files.name))
        return self._open[name]

    def public_keys(self) -> tuple[PublicKeyTypes, ...]:
        """Of the roots that have been asked for."""
        return tuple(signer.key.public_key() for signer in self._open.values())
