"""Reads what Envoys tell of calls. Pure: entries of access logs in, calls out.

A call between two proxies is told by both. The destination's word counts: it knows who the caller proved to be and
which policy decided. The source's counts where the destination never saw the call: TLS came to nothing, nobody
answered, there was no route. Who tells is known by the socket that it came over; what is told of requests was
written by peers, so it is bounded, and queries, in which tokens may be, are left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from envoy.config.core.v3 import base_pb2
from envoy.data.accesslog.v3 import accesslog_pb2

from meshtui.manifest.policy_model import PolicyAction
from meshtui.mesh.traffic import Call, Outcome
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.flags import flags_of
from meshtui.telemetry.moments import moment
from meshtui.xds import naming
from meshtui.xds.access_logs import NO_CHAIN, REASON, UPSTREAM_TLS, Log
from meshtui.xds.rbac import EFFECTIVE_POLICY, METADATA

DESTINATION, SOURCE = "destination", "source"
LONGEST_HOST, LONGEST_PATH, LONGEST_DETAILS = 260, 200, 300
"""Characters."""

_JWT = "jwt_authn_access_denied"
_DENIALS = ("rbac_access_denied", _JWT)
_NONE_ALLOWS = "rbac_access_denied_matched_policy[none]"
"""There are ALLOW policies, and the request is none of those that they let pass."""
_VIA_UPSTREAM = "via_upstream"
_NO_ROUTE = "route_not_found"
_ALLOWED_BY = EFFECTIVE_POLICY[PolicyAction.ALLOW]
"""Not AUDIT's: that lets nothing pass, it only marks."""
# an enum's members are looked up each time that they are named, and these are for each call
_INBOUND, _GATEWAY = Log.INBOUND, Log.GATEWAY
_DENIED, _FAILED, _ERROR, _OK = Outcome.DENIED, Outcome.FAILED, Outcome.ERROR, Outcome.OK
_METHODS = {number: "" if not number else name for name, number in base_pb2.RequestMethod.items()}
_TLS = {
    accesslog_pb2.TLSProperties.TLSv1: "TLSv1",
    accesslog_pb2.TLSProperties.TLSv1_1: "TLSv1.1",
    accesslog_pb2.TLSProperties.TLSv1_2: "TLSv1.2",
    accesslog_pb2.TLSProperties.TLSv1_3: "TLSv1.3",
}


class Reported(msgspec.Struct, frozen=True, gc=False):
    """One entry of a log, read."""

    call: Call
    service: str = ""
    """Full name of the service that was called, as the configuration has it; empty where none was."""
    flags: str = ""
    """Envoy's short codes with commas between them."""
    onward: str = ""
    """Target to which a gateway sent the request; empty where it did not, or the gateway is the caller of `call`."""


def read_request(entry: Any, log: Log, reporter: str, directory: Directory) -> Reported | None:
    """An entry of a connection manager's log. `reporter` is the target of the workload whose Envoy tells it.

    A gateway's is the call of its client to the gateway, unless what came to nothing is the gateway's own call.
    None where the destination tells the same call.
    """
    common, request, response = entry.common_properties, entry.request, entry.response
    details, authority = response.response_code_details, request.authority
    flags = flags_of(common.response_flags) if common.HasField("response_flags") else ""
    status, reason, onward = response.response_code.value, "", ""
    if log is _INBOUND:
        service, incoming = directory.own_service.get(reporter, ""), True
    else:
        service, reason = _service(common.upstream_cluster), common.upstream_transport_failure_reason
        seen = _seen_by_destination(common, details, reason)
        # at a gateway the route, and so the service, is known before a policy of the gateway denies the request
        incoming = log is _GATEWAY and (seen or not service or details.startswith(_DENIALS))
        if seen and not incoming:
            return None
    if incoming:
        source, tls = _proven(common)
        # at a gateway a name may be of another CA, which can write into a certificate what it likes
        caller = directory.holders.get(source, "") if log is _INBOUND else ""
        destination = _host(authority) if details == _NO_ROUTE else reporter
        if log is _GATEWAY and seen:
            onward = _reached(common, service, directory)
    else:
        source, caller, tls = directory.identities.get(reporter, ""), reporter, common.custom_tags.get(UPSTREAM_TLS, "")
        destination = _reached(common, service, directory) or _host(authority)
    duration = common.duration
    call = Call(
        at=moment(common.start_time),
        reporter=DESTINATION if incoming else SOURCE,
        source=source,
        source_target=caller,
        destination=destination,
        destination_identity=directory.identities.get(destination, ""),
        method=_METHODS.get(request.request_method, ""),
        host=authority[:LONGEST_HOST],
        path=request.path.partition("?")[0][:LONGEST_PATH],
        status=status,
        outcome=_outcome(details, status),
        policy=_policy(common, details, reporter, directory),
        tls="" if tls == "-" else tls,
        details=_details(details, flags, reason),
        milliseconds=duration.seconds * 1000 + duration.nanos / 1e6,
    )
    return Reported(call, service, flags, onward)


def read_connection(entry: Any, reporter: str, directory: Directory) -> Reported | None:
    """An entry of an inbound listener's log; None for a connection that went well, or that the caller gave up.

    A caller who gives up, because it does not like who answers, tells so itself.
    """
    common = entry.common_properties
    reason = common.downstream_transport_failure_reason
    unmatched = common.custom_tags.get(REASON, "") == NO_CHAIN
    if not unmatched and (not reason or any(sign in reason for sign in _NOTHING_FAILED)):
        return None
    turned_away = unmatched or _NO_CERTIFICATE in reason
    call = Call(
        at=moment(common.start_time),
        reporter=DESTINATION,
        source="",  # of a handshake that came to nothing no name is proven
        destination=reporter,
        destination_identity=directory.identities.get(reporter, ""),
        method="",
        host="",
        path="",
        status=0,
        outcome=_DENIED if turned_away else _FAILED,
        policy=directory.peer_authentication.get(reporter, "") if turned_away else "",
        tls="" if unmatched else _proven(common)[1],
        details=_why(reason, unmatched=unmatched)[:LONGEST_DETAILS],
        milliseconds=0.0,
    )
    return Reported(call, flags=flags_of(common.response_flags))


_NOTHING_FAILED = ("_ALERT_", "HTTP_REQUEST", "WRONG_VERSION_NUMBER", "HTTPS_PROXY_REQUEST")
"""The caller gave up, or the TLS inspector found no TLS: what a chain takes all the same is what that chain is for."""
_NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"


def _why(reason: str, *, unmatched: bool) -> str:
    if unmatched and not reason:
        # the TLS inspector has something to say of all that is no TLS
        return f"it spoke TLS where only plaintext is taken ({NO_CHAIN})"
    if unmatched:
        return f"it spoke no TLS ({_openssl(reason) or NO_CHAIN})"
    return f"{'it showed no certificate' if _NO_CERTIFICATE in reason else 'TLS failed'} ({_openssl(reason)})"


def _openssl(reason: str) -> str:
    """BoringSSL's own words, without where in it they come from."""
    return reason.rpartition("OPENSSL_internal:")[2].removesuffix(":TLS_error_end")


def _seen_by_destination(common: Any, details: str, reason: str) -> bool:
    """Whether the proxy at the other end has the same call in a log of its own."""
    if details == _VIA_UPSTREAM:
        return True
    failed = reason or common.response_flags.upstream_connection_failure
    return bool(common.upstream_remote_address.pipe.path) and not failed


def _reached(common: Any, service: str, directory: Directory) -> str:
    """Target of the workload that was called; empty where it was none."""
    path = common.upstream_remote_address.pipe.path
    return directory.sockets.get(path) or directory.services.get(service, "")


def _outcome(details: str, status: int) -> Outcome:
    if details == _VIA_UPSTREAM:
        return _ERROR if status >= 500 else _OK
    if details.startswith(_DENIALS):
        return _DENIED
    # an answer of Envoy's own: a redirect is one that was meant
    return _OK if 0 < status < 400 else _FAILED


def _policy(common: Any, details: str, reporter: str, directory: Directory) -> str:
    """The policy that decided: of a denial Envoy says it in the details, of what was allowed in its filter's notes."""
    if details.startswith(_JWT):
        return directory.request_authentication.get(reporter, "")
    if details == _NONE_ALLOWS:
        return directory.allowing.get(reporter, "")
    if details.startswith(_DENIALS):
        return _policy_named(details)
    if not common.HasField("metadata") or METADATA not in common.metadata.filter_metadata:
        return ""
    fields = common.metadata.filter_metadata[METADATA].fields
    return _policy_named(fields[_ALLOWED_BY].string_value) if _ALLOWED_BY in fields else ""


@lru_cache(maxsize=1024)
def _policy_named(text: str) -> str:
    found = naming.policy_in(text)
    return str(found[0]) if found is not None else ""


def _host(authority: str) -> str:
    """What was asked for, which must not look like a target."""
    return authority[:LONGEST_HOST] if "/" not in authority else ""


def _service(cluster: str) -> str:
    """`httpbin.prod.svc.cluster.local` of `outbound|8000||…`; empty for clusters that lead to no service."""
    direction, _, rest = cluster.partition("|")
    return rest.rpartition("|")[2] if direction == "outbound" else ""


def _proven(common: Any) -> tuple[str, str]:
    """SPIFFE ID of the caller's certificate and TLS version; both empty for plaintext."""
    if not common.HasField("tls_properties"):
        return "", ""
    tls = common.tls_properties
    for name in tls.peer_certificate_properties.subject_alt_name:
        if (identity := name.uri).startswith("spiffe://"):
            return identity, _TLS.get(tls.tls_version, "")
    return "", _TLS.get(tls.tls_version, "")


def _details(details: str, flags: str, reason: str) -> str:
    if not flags and not reason:
        return details[:LONGEST_DETAILS]
    said = f"{details}: {reason}" if reason and reason not in details else details
    # the flags are short and go first where the words are cut off
    return f"{flags} {said}".strip()[:LONGEST_DETAILS]
