"""Whether a connection between two ends comes about, and as whom the caller is then seen.

This joins both ends of a hop with secure naming; what of the requests on it is let through is for `explain` and
`extent` to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from meshtui.identity.spiffe import SpiffeId
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Service
from meshtui.manifest.policy_model import MtlsMode
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.client_tls import client_side, hop, origin
from meshtui.policy.ends import Caller, is_enforcing
from meshtui.policy.model import AccessRequest, EffectiveMode, Hop, Transport
from meshtui.policy.peer_authentication import effective_mode
from meshtui.policy.secure_naming import identity_of
from meshtui.policy.trail import Step

OWN_ANSWER = "the workload's own answer"
PASSED_ON = "the answer of its route"
"""Of a gateway."""
RESET = "connection reset"
NO_CONNECTION = "no connection"


class Stage(StrEnum):
    """What decided."""

    TRANSPORT = "transport"
    SECURE_NAMING = "secure naming"
    REQUEST_AUTHENTICATION = "request authentication"
    AUTHORIZATION = "authorization"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether it may, and everything that led there."""

    source: str
    """SPIFFE ID of the caller, whether the destination gets to see it or not; empty for one that has none."""
    destination: Workload
    identity: str
    """SPIFFE ID of the destination."""
    request: AccessRequest
    allowed: bool
    stage: Stage
    policy: str = ""
    reason: str = ""
    outcome: str = ""
    client: Transport
    server: EffectiveMode | None
    """None without a sidecar, and at a gateway, whose TLS its Gateway objects are about."""
    accepted: tuple[str, ...] = ()
    trail: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Call:
    """The question, understood."""

    caller: Caller
    destination: Workload
    service: Service | None
    service_port: int


def connect(catalog: Catalog, call: Call, request: AccessRequest, trust_domain: str) -> Answer:
    """Whether a connection comes about, and as whom the caller is seen: `allowed` is about no more than that."""
    caller, destination = call.caller, call.destination
    answer = Answer(
        source=caller.own_identity(trust_domain),
        destination=destination,
        identity=identity_of(destination, trust_domain),
        request=request,
        allowed=True,
        stage=Stage.TRANSPORT,
        client=Transport.MTLS if caller.identity else Transport.PLAINTEXT,
        server=effective_mode(catalog, destination, request.port) if destination.proxy is Proxy.SIDECAR else None,
    )
    if destination.proxy is Proxy.GATEWAY:
        return _at_gateway(answer, caller)
    if not is_enforcing(destination):
        reason = f"{destination.target} has no sidecar: nothing takes requests for it, and nothing enforces policies."
        return _broken(answer, reason, "503" if caller.by_proxy else NO_CONNECTION)
    if not destination.inbound_port:
        reason = f"{destination.target} takes no requests: no container of it names a port."
        return _broken(answer, reason, "503" if caller.by_proxy else NO_CONNECTION)
    if not caller.by_proxy:
        return _direct(answer, caller, trust_domain)
    if call.service is None:
        reason = f"No Service selects {destination.target}, so that no proxy has a way to it."
        return _broken(answer, reason, "503")
    return _by_proxy(catalog, call, answer, trust_domain)


def _by_proxy(catalog: Catalog, call: Call, answer: Answer, trust_domain: str) -> Answer:
    """Of a caller for which a proxy of the mesh speaks."""
    source, service, port = call.caller.workload, call.service, call.service_port
    assert source is not None
    assert service is not None
    found = hop(
        catalog, source=source, service=service, port=port, destination=call.destination, trust_domain=trust_domain
    )
    sni = client_side(catalog, source.namespace, service, port, trust_domain).sni
    encrypted = found.client is Transport.MTLS
    seen = replace(
        answer,
        request=replace(
            answer.request,
            principal=call.caller.identity if encrypted else "",
            sni=(sni or f"outbound_.{port}_._.{service.full_name}") if encrypted else "",
        ),
        client=found.client,
        accepted=found.identities,
    )
    return seen if found.works else _broken(_blamed(seen, found), found.problem, "503")


def _blamed(answer: Answer, found: Hop) -> Answer:
    """With the policy that keeps both ends from each other, the client's own first."""
    policy = found.client_policy or found.server.policy
    strange = found.client is Transport.MTLS and found.server.mode is not MtlsMode.DISABLE
    stage = Stage.SECURE_NAMING if strange else Stage.TRANSPORT
    return replace(answer, stage=stage, policy=str(policy) if policy is not None else "")


def _direct(answer: Answer, caller: Caller, trust_domain: str) -> Answer:
    """Of a caller that opens its own connection: in plaintext, or with a certificate of its own."""
    server = answer.server
    assert server is not None
    blamed = replace(answer, policy=str(server.policy) if server.policy is not None else "")
    takes = f"{answer.destination.target} takes only"
    if not caller.identity:
        why = f" ({caller.name} has no proxy that would speak mTLS for it)" if caller.workload is not None else ""
        if server.mode is MtlsMode.STRICT:
            return _broken(blamed, f"The caller sends plaintext{why}, but {takes} mTLS, by {origin(server)}.", RESET)
        return answer
    if server.mode is MtlsMode.DISABLE:
        return _broken(blamed, f"The caller begins mTLS, but {takes} plaintext, by {origin(server)}.", RESET)
    if SpiffeId.parse(caller.identity).trust_domain != trust_domain:
        reason = f"{caller.identity} is of another trust domain, and {takes} callers of {trust_domain}."
        return _broken(replace(answer, stage=Stage.SECURE_NAMING), reason, RESET)
    return replace(answer, request=replace(answer.request, principal=caller.identity))


def _at_gateway(answer: Answer, caller: Caller) -> Answer:
    """A gateway's callers are outside; whether its TLS lets them in is for `meshtui verify` to say."""
    if not caller.identity:
        return answer
    reason = f"{answer.destination.target} is a gateway: it takes requests from outside, where nobody has an identity."
    return _broken(answer, reason, "503" if caller.by_proxy else RESET)


def _broken(answer: Answer, reason: str, outcome: str) -> Answer:
    return replace(answer, allowed=False, reason=reason, outcome=outcome)


def port_of(call: Call) -> int:
    """Of the workload. A sidecar takes requests for one port only, whatever they were sent to."""
    own = {each.name: each.port for each in call.destination.ports}
    if call.destination.proxy is not Proxy.GATEWAY:
        return call.destination.inbound_port
    if call.service is None:
        return call.service_port
    target = next(each.target_port for each in call.service.ports if each.port == call.service_port)
    return target if isinstance(target, int) else own.get(target, 0)
