"""What the machine allows: raw cryptography in Python and in OpenSSL, gRPC with nothing behind it, and the CA's own
steps without gRPC or a disk, all in the same run."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.ca.profile import mesh_root_subject, root_builder, workload_profile
from meshtui.ca.requests import check_csr
from meshtui.ca.reread import check_signed
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.validity import LifetimeLimits, decide_validity
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId

ROUNDS = 2000
IDENTITY = SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/httpbin")


def signature_times() -> tuple[float, float]:
    """Seconds of one P-256 signature and one verification in Python."""
    key = ec.generate_private_key(ec.SECP256R1())
    public, message, algorithm = key.public_key(), b"x" * 400, ec.ECDSA(SHA256())
    signature = key.sign(message, algorithm)
    return _each(lambda: key.sign(message, algorithm)), _each(lambda: public.verify(signature, message, algorithm))


def signing_time() -> float:
    """Seconds to parse and check a CSR, decide, sign, look again, and write PEM: all but tokens, ledger and gRPC."""
    now, key = datetime.now(UTC), new_key()
    root = Signer("root", root_builder(mesh_root_subject("raw"), key.public_key(), 7, now).sign(key, SHA256()), key)
    csr, limits = make_csr(new_key(), IDENTITY), LifetimeLimits(default=timedelta(hours=24))

    def sign() -> None:
        asked = check_csr(csr, frozenset())
        validity = decide_validity(0, limits, root.path, now)
        profile, serial = workload_profile(IDENTITY), new_serial()
        signed = root.sign(profile.builder(asked.public_key, serial, validity, root.certificate))
        check_signed(
            signed,
            profile=profile,
            public_key=asked.public_key,
            serial=serial,
            validity=validity,
            signer=root.certificate,
        )
        signed.public_bytes(Encoding.PEM)

    return _each(sign)


def openssl_rates() -> tuple[float, float]:
    """Signatures and verifications a second of `openssl speed`."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "ecdsap256"], capture_output=True, text=True, check=True
    )
    found = re.search(r"nistp256\)\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1]), float(found[2])


@contextmanager
def echo() -> Iterator[tuple[str, str]]:
    """A server that does nothing: its address, and the PEM of its root."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.echo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    port, root = process.stdout.readline().split()
    try:
        yield f"127.0.0.1:{port}", bytes.fromhex(root).decode()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _each(work: Callable[[], object]) -> float:
    work()
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        work()
    return (time.perf_counter() - begun) / ROUNDS
