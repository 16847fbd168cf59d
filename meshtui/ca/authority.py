"""The certificate authority: each method is the list of what happens before an answer leaves.

Authenticate, check, record the intent, sign, look again, record the certificate, answer. Nothing here knows gRPC,
SQL or files. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.ca.caller import Authenticator
from meshtui.ca.events import Decided
from meshtui.ca.keystore import GatewayRoots
from meshtui.ca.ledger import Ledger
from meshtui.ca.profile import CertificateProfile, PublicKey, server_profile, workload_profile
from meshtui.ca.records import Applicant, Intent
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.requests import ServerRequest, WorkloadRequest, check_csr, check_options
from meshtui.ca.reread import check_signed
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.validity import GATEWAY_LIMITS, SERVER_LIMITS, LifetimeLimits, Validity, decide_validity
from meshtui.errors import StateError
from meshtui.identity.csr import CsrFacts
from meshtui.identity.facts import serial_text
from meshtui.identity.keys import public_key_sha256

CA_SERVER = "ca-server"
"""Target, in the ledger, of the CA's own server certificate."""


@dataclass(frozen=True)
class _Subject:
    """What a certificate is to be made of, once everything about the request has been checked."""

    profile: CertificateProfile
    public_key: PublicKey
    validity: Validity
    applicant: Applicant
    requested_seconds: int = 0
    csr: CsrFacts | None = None


@dataclass(frozen=True)
class _Issued:
    """A certificate that is in the ledger."""

    intent: Intent
    chain: tuple[str, ...]


class Authority:
    """Signs for workloads and gateways. Raises RefusalError (recorded), or StateError when nothing can be recorded."""

    def __init__(
        self,
        *,
        root: Signer,
        gateways: GatewayRoots,
        ledger: Ledger,
        authenticator: Authenticator,
        workload_limits: LifetimeLimits,
        announce: Callable[[Decided], None],
        serials: Callable[[], int] = new_serial,
    ) -> None:
        """`announce` hears of every answer to others after it is in the ledger; it must not block."""
        self._root = root
        self._gateways = gateways
        self._ledger = ledger
        self._authenticator = authenticator
        self._workload_limits = workload_limits
        self._announce = announce
        self._serials = serials

    def create_certificate(self, request: WorkloadRequest, now: datetime) -> tuple[str, ...]:
        """A workload's SVID: leaf and root bundle, PEM, in Istio's order."""
        applicant = Applicant()
        try:
            caller = self._authenticator.authenticate(request.headers, now)
            applicant = caller.applicant
            check_options(request.options)
            csr = check_csr(request.csr, self._own_keys())
            validity = decide_validity(request.validity_seconds, self._workload_limits, self._root.certificate, now)
            profile = workload_profile(caller.spiffe_id)  # whatever names the CSR asks for
            subject = _Subject(profile, csr.public_key, validity, applicant, request.validity_seconds, csr)
            return self._announced(self._issue(self._root, subject, now))
        except RefusalError as refusal:
            self._refuse(applicant, refusal, now)
            raise

    def sign_server_certificate(self, request: ServerRequest, now: datetime) -> tuple[str, ...]:
        """A gateway's certificate, signed by the root that it names: leaf and root, PEM."""
        applicant = Applicant(target=request.target, actor=request.actor, authenticator="owner")
        try:
            profile = server_profile(request.hosts)
            csr = check_csr(request.csr, self._own_keys())
            signer = self._gateways.signer(request.authority, now)
            validity = decide_validity(request.validity_seconds, GATEWAY_LIMITS, signer.certificate, now)
            subject = _Subject(profile, csr.public_key, validity, applicant, request.validity_seconds, csr)
            return self._announced(self._issue(signer, subject, now))
        except RefusalError as refusal:
            self._refuse(applicant, refusal, now)
            raise

    def own_server_certificate(self, public_key: PublicKey, hosts: tuple[str, ...], now: datetime) -> tuple[str, ...]:
        """A certificate for the CA's own server, on a key that it made: leaf and root, PEM."""
        applicant = Applicant(target=CA_SERVER, actor="ca", authenticator="self")
        validity = decide_validity(0, SERVER_LIMITS, self._root.certificate, now)
        return self._issue(self._root, _Subject(server_profile(hosts), public_key, validity, applicant), now).chain

    def _issue(self, signer: Signer, subject: _Subject, now: datetime) -> _Issued:
        serial = self._fresh_serial()
        intent = _intent(signer, subject, serial, now)
        number = self._ledger.intend(intent)
        try:
            profile, public_key, validity = subject.profile, subject.public_key, subject.validity
            certificate = signer.sign(profile.builder(public_key, serial, validity, signer.certificate))
            check_signed(
                certificate,
                profile=profile,
                public_key=public_key,
                serial=serial,
                validity=validity,
                signer=signer.certificate,
            )
        except Exception as error:
            detail = error.detail if isinstance(error, RefusalError) else f"{type(error).__name__}: {error}"
            self._ledger.failed(number, Reason.SIGNED_WRONG, detail)
            raise
        pem = certificate.public_bytes(Encoding.PEM).decode()
        self._ledger.issued(number, pem)
        return _Issued(intent, (pem, signer.pem))

    def _announced(self, issued: _Issued) -> tuple[str, ...]:
        intent = issued.intent
        self._announce(
            Decided(
                event="issued",
                target=intent.applicant.target,
                pod_uid=intent.applicant.pod_uid,
                actor=intent.applicant.actor,
                authority=intent.authority,
                identity=intent.identity,
                serial=intent.serial,
            )
        )
        return issued.chain

    def _fresh_serial(self) -> int:
        for _ in range(3):
            serial = self._serials()
            if serial > 0 and not self._ledger.has_serial(serial_text(serial)):
                return serial
        raise StateError("The source of random serials repeats itself.", fix="Check this machine's random numbers.")

    def _own_keys(self) -> frozenset[str]:
        keys = (self._root.key.public_key(), *self._gateways.public_keys())
        return frozenset(public_key_sha256(key) for key in keys)

    def _refuse(self, applicant: Applicant, refusal: RefusalError, now: datetime) -> None:
        if refusal.reason is Reason.SIGNED_WRONG:
            return  # is in the ledger as a failure
        self._ledger.refused(applicant, refusal.reason, refusal.detail, now)
        self._announce(
            Decided(
                event="refused",
                target=applicant.target,
                pod_uid=applicant.pod_uid,
                actor=applicant.actor,
                reason=refusal.reason,
                detail=refusal.detail,
            )
        )


def _intent(signer: Signer, subject: _Subject, serial: int, now: datetime) -> Intent:
    csr, validity = subject.csr, subject.validity
    return Intent(
        at=now,
        applicant=subject.applicant,
        authority=signer.name,
        serial=serial_text(serial),
        identity=", ".join(subject.profile.texts),
        csr_sha256=csr.csr_sha256 if csr else "",
        public_key_sha256=public_key_sha256(subject.public_key),
        requested_names=", ".join(csr.requested_names) if csr else "",
        requested_seconds=subject.requested_seconds,
        effective_seconds=validity.seconds(now),
        limited_by=validity.limited_by,
        not_before=validity.not_before,
        not_after=validity.not_after,
    )
