"""May this source call that destination? One answer out of transport, secure naming, tokens and authorization.

Pure: the manifests, a question and a moment in, the answer with its reasons out. It is asked in the order in which a
request meets the proxies: how the client speaks, whether the server takes that, who answers, the token, the rules.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import AuthorizationPolicy, RequestAuthentication
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.authorization import authorize
from meshtui.policy.connection import OWN_ANSWER, PASSED_ON, Answer, Call, Stage, connect, port_of
from meshtui.policy.ends import caller_named, destination_named, way_to
from meshtui.policy.model import AccessRequest
from meshtui.policy.paths import split_path
from meshtui.policy.request_authentication import authenticate
from meshtui.policy.selection import policies_about
from meshtui.policy.trail import Step, client_steps, rule_step, server_steps, token_step


@dataclass(frozen=True, kw_only=True)
class Question:
    """Who calls whom, and what is asked for, as a person writes it."""

    source: str
    destination: str
    port: int = 0
    method: str = "GET"
    path: str = "/"
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def explain(catalog: Catalog, question: Question, *, trust_domain: str, now: datetime) -> Answer:
    """The answer. Raises UsageError for an end, a port or a path that means nothing."""
    destination = destination_named(catalog, question.destination, trust_domain)
    caller = caller_named(catalog, question.source, trust_domain)
    service, port = way_to(catalog, destination, question.port)
    call = Call(caller=caller, destination=destination, service=service, service_port=port)
    answer = connect(catalog, call, _request(catalog, call, question), trust_domain)
    answer = replace(answer, trail=_transport_trail(catalog, call, answer))
    return decide(catalog, answer, trust_domain, now) if answer.allowed else answer


def decide(catalog: Catalog, answer: Answer, trust_domain: str, now: datetime) -> Answer:
    """What becomes of a request whose connection has come about."""
    request = answer.request
    tokens = authenticate(policies_about(catalog, answer.destination, RequestAuthentication), request, now)
    trail = (*answer.trail, *map(token_step, tokens.asked))
    if not tokens.passes:
        refused = replace(
            answer, allowed=False, stage=Stage.REQUEST_AUTHENTICATION, trail=trail, outcome=str(tokens.status)
        )
        return replace(refused, policy=str(tokens.policy), reason=tokens.reason)
    request = replace(request, claims=tokens.claims)
    decision = authorize(policies_about(catalog, answer.destination, AuthorizationPolicy), request, trust_domain)
    return replace(
        answer,
        request=request,
        allowed=decision.allowed,
        stage=Stage.AUTHORIZATION,
        policy=str(decision.policy) if decision.policy is not None else "",
        reason=decision.reason,
        outcome=_answered(answer.destination) if decision.allowed else "403",
        trail=(*trail, *map(rule_step, decision.trail)),
    )


def _transport_trail(catalog: Catalog, call: Call, answer: Answer) -> tuple[Step, ...]:
    """The policies about how both ends speak: none at a gateway, and none where no proxy stands."""
    if call.destination.proxy is not Proxy.SIDECAR:
        return ()
    source = call.caller.workload
    server = server_steps(catalog, call.destination, answer.request.port)
    if source is None or not call.caller.by_proxy or call.service is None:
        return tuple(server)
    return (*client_steps(catalog, source.namespace, call.service, call.service_port), *server)


def _request(catalog: Catalog, call: Call, question: Question) -> AccessRequest:
    if not question.path.startswith("/"):
        raise UsageError(f"{question.path!r} is not a path.", fix="A path begins with /.")
    path, query = split_path(question.path)
    headers = {name.lower(): value for name, value in question.headers.items()}
    host = question.host or headers.pop("host", "") or _host(catalog, call)
    return AccessRequest(
        host=host,
        port=port_of(call),
        method=question.method,
        path=path,
        query=query,
        headers=headers,
        remote_ip=_forwarded_for(headers) if call.destination.proxy is Proxy.SIDECAR else "",
    )


def _host(catalog: Catalog, call: Call) -> str:
    """As a client writes it that calls the Service by its full name; at a gateway the first host that it is for."""
    if call.destination.proxy is Proxy.GATEWAY:
        served = (each.server for each in catalog.bindings() if each.workload.target == call.destination.target)
        return next((host for server in served for host in server.hosts if "*" not in host), "example.com")
    if call.service is None:
        return ""
    return call.service.full_name + (f":{call.service_port}" if call.service_port not in (80, 443) else "")


def _answered(destination: Workload) -> str:
    return PASSED_ON if destination.proxy is Proxy.GATEWAY else OWN_ANSWER


def _forwarded_for(headers: Mapping[str, str]) -> str:
    """The last address, which is the one that the nearest proxy wrote; empty when there is none."""
    last = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return ""
