"""The certificate authority: each method is the list of what happens before an answer leaves.

Authenticate, check, record the intent, sign, look again, record the certificate, answer. Nothing here knows gRPC,
SQL or files. What waits for the disk is a coroutine, so that certificates share their waits (`ca.group_commit`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.ca.caller import Authenticator
from meshtui.ca.events import Decided, NotRecorded
from meshtui.ca.group_commit import GroupCommit
from meshtui.ca.impersonation import NodeAuthorizer
from meshtui.ca.keystore import GatewayRoots
from meshtui.ca.ledger import Ledger, SerialTakenError
from meshtui.ca.profile import CertificateProfile, PublicKey, check_outside, server_profile, workload_profile
from meshtui.ca.records import Applicant, Intent, Policy
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.requests import ServerRequest, WorkloadRequest, check_csr, check_options
from meshtui.ca.reread import check_signed
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.validity import GATEWAY_LIMITS, SERVER_LIMITS, LifetimeLimits, Validity, decide_validity
from meshtui.errors import StateError
from meshtui.identity.csr import CsrFacts
from meshtui.identity.facts import serial_text
from meshtui.identity.keys import public_key_sha256
from meshtui.identity.signers import MESH_CA

CA_SERVER = "ca-server"
"""Target, in the ledger, of the CA's own server certificate."""


NO_NODES = NodeAuthorizer()
DRAWS = 3
"""Of serials, before their source is taken to be broken."""


@dataclass(frozen=True)
class _Subject:
    """What a certificate is to be made of, once everything about the request has been checked."""

    profile: CertificateProfile
    public_key: PublicKey
    validity: Validity
    applicant: Applicant
    policy: Policy
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
        complain: Callable[[NotRecorded], None] = lambda _: None,
        serials: Callable[[], int] = new_serial,
        nodes: NodeAuthorizer = NO_NODES,
    ) -> None:
        """`announce` hears of every answer to others after it is in the ledger; it must not block.

        Nor must `complain`, which hears each time that nothing could be recorded.
        """
        self._root = root
        self._gateways = gateways
        self._ledger = ledger
        self._record = GroupCommit(ledger, lambda error: complain(NotRecorded(error=error.message, fix=error.fix)))
        self._known: tuple[int, frozenset[str]] = -1, frozenset()
        ledger.seal_with(root)
        self._authenticator = authenticator
        self._workload_limits = workload_limits
        self._announce = announce
        self._serials = serials
        self._nodes = nodes

    async def create_certificate(self, request: WorkloadRequest, now: datetime) -> tuple[str, ...]:
        """A workload's SVID: leaf and root bundle, PEM, in Istio's order."""
        applicant = Applicant()
        try:
            caller = self._authenticator.authenticate(request.credentials, now)
            applicant = caller.applicant
            check_options(request.options)
            wanted = request.options.get("ImpersonatedIdentity")
            identity = self._nodes.check(caller, wanted) if wanted else caller.spiffe_id
            policy = Policy.TRUSTED_NODE if wanted else caller.policy
            csr = check_csr(request.csr, self._own_keys())
            validity = decide_validity(request.validity_seconds, self._workload_limits, self._root.path, now)
            profile = workload_profile(identity)  # whatever names the CSR asks for
            subject = _Subject(profile, csr.public_key, validity, applicant, policy, request.validity_seconds, csr)
            return self._announced(await self._issue(self._root, subject, now))
        except RefusalError as refusal:
            await self._refuse(applicant, refusal, now)
            raise

    async def refuse_unreadable(self, now: datetime) -> RefusalError:
        """A message that is none: recorded, and given back for the answer. Nobody was asked who sent it."""
        refusal = RefusalError(
            Reason.BAD_REQUEST, "the request cannot be read", detail="The message is no IstioCertificateRequest."
        )
        await self._refuse(Applicant(), refusal, now)
        return refusal

    async def sign_server_certificate(self, request: ServerRequest, now: datetime) -> tuple[str, ...]:
        """A gateway's certificate, signed by the root that it names or by the mesh's CA: leaf first, root last, PEM."""
        applicant = Applicant(target=request.target, actor=request.actor, authenticator="owner")
        try:
            profile = server_profile(request.hosts)
            csr = check_csr(request.csr, self._own_keys())
            signer = self._signer_of(request.authority, profile, now)
            validity = decide_validity(request.validity_seconds, GATEWAY_LIMITS, signer.path, now)
            subject = _Subject(
                profile, csr.public_key, validity, applicant, Policy.GATEWAY, request.validity_seconds, csr
            )
            return self._announced(await self._issue(signer, subject, now))
        except RefusalError as refusal:
            await self._refuse(applicant, refusal, now)
            raise

    def _signer_of(self, name: str, profile: CertificateProfile, now: datetime) -> Signer:
        if name != MESH_CA:
            return self._gateways.signer(name, now)
        check_outside(profile)
        return self._root

    def own_server_certificate(self, public_key: PublicKey, hosts: tuple[str, ...], now: datetime) -> tuple[str, ...]:
        """A certificate for the CA's own server, on a key that it made: leaf and root, PEM."""
        applicant = Applicant(target=CA_SERVER, actor="ca", authenticator="self")
        validity = decide_validity(0, SERVER_LIMITS, self._root.path, now)
        subject = _Subject(server_profile(hosts), public_key, validity, applicant, Policy.OWN_SERVER)
        intent = _intent(self._root, subject, self._draw_serial(), now)
        number = self._ledger.intend(intent)
        try:
            self._ledger.issued(number, pem := _signed(self._root, subject, intent))
        except StateError:
            self._record.owe(number)
            raise
        except Exception as error:
            self._ledger.failed(number, Reason.SIGNED_WRONG, _why(error))
            raise
        return (pem, *self._root.following)

    async def _issue(self, signer: Signer, subject: _Subject, now: datetime) -> _Issued:
        number, intent = await self._intend(signer, subject, now)
        try:
            pem = _signed(signer, subject, intent)
        except Exception as error:
            await self._record.failed(number, Reason.SIGNED_WRONG, _why(error))
            raise
        await self._record.issued(number, pem)
        return _Issued(intent, (pem, *signer.following))

    async def _intend(self, signer: Signer, subject: _Subject, now: datetime) -> tuple[int, Intent]:
        for _ in range(DRAWS):
            intent = _intent(signer, subject, self._draw_serial(), now)
            try:
                return await self._record.intend(intent), intent
            except SerialTakenError:
                continue
        raise StateError("The source of random serials repeats itself.", fix="Check this machine's random numbers.")

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

    def _draw_serial(self) -> int:
        for _ in range(DRAWS):
            if (serial := self._serials()) > 0:
                return serial
        raise StateError("The source of random serials draws only zero.", fix="Check this machine's random numbers.")

    def _own_keys(self) -> frozenset[str]:
        gateways = self._gateways.public_keys()
        if len(gateways) != self._known[0]:  # roots are made, never removed
            keys = (*(ca.public_key() for ca in self._root.path), *gateways)
            self._known = len(gateways), frozenset(public_key_sha256(key) for key in keys)
        return self._known[1]

    async def _refuse(self, applicant: Applicant, refusal: RefusalError, now: datetime) -> None:
        if refusal.reason is Reason.SIGNED_WRONG:
            return  # is in the ledger as a failure
        await self._record.refused(applicant, refusal.reason, refusal.detail, now)
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
        policy=subject.policy,
    )


def _signed(signer: Signer, subject: _Subject, intent: Intent) -> str:
    """The certificate of an intent, PEM, looked at again."""
    profile, public_key, validity, serial = (
        subject.profile,
        subject.public_key,
        subject.validity,
        int(intent.serial, 16),
    )
    certificate = signer.sign(profile.builder(public_key, serial, validity, signer.certificate))
    check_signed(
        certificate,
        profile=profile,
        public_key=public_key,
        serial=serial,
        validity=validity,
        signer=signer.certificate,
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def _why(error: Exception) -> str:
    return error.detail if isinstance(error, RefusalError) else f"{type(error).__name__}: {error}"
