"""Reads what Envoys tell of calls. Pure: entries of access logs in, calls out.

A call between two proxies is told by both. The destination's word counts: it knows who the caller proved to be and
which policy decided. The source's counts where the destination never saw the call: TLS came to nothing, nobody
answered, there was no route. Who tells is known by the socket that it came over; what is told of requests was
written by peers, so it is bounded, and queries, in which tokens may be, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.data.accesslog.v3 import accesslog_pb2

from meshtui.mesh.traffic import Call, Outcome
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.flags import flags_of
from meshtui.xds import naming
from meshtui.xds.access_logs import REASON, UPSTREAM_TLS, Log

DESTINATION, SOURCE = "destination", "source"
LONGEST_HOST, LONGEST_PATH, LONGEST_DETAILS = 260, 200, 300
"""Characters."""

_JWT = "jwt_authn_access_denied"
_VIA_UPSTREAM = "via_upstream"
_RBAC = "envoy.filters.http.rbac"
_POLICY = "enforced_effective_policy_id"
_METHODS = {number: "" if not number else name for name, number in base_pb2.RequestMethod.items()}
_TLS = {
    accesslog_pb2.TLSProperties.TLSv1: "TLSv1",
    accesslog_pb2.TLSProperties.TLSv1_1: "TLSv1.1",
    accesslog_pb2.TLSProperties.TLSv1_2: "TLSv1.2",
    accesslog_pb2.TLSProperties.TLSv1_3: "TLSv1.3",
}


@dataclass(frozen=True, slots=True)
class Reported:
    """One entry of a log, read."""

    call: Call
    counted: bool
    """False where the destination tells the same call, or nothing came about that could be called one."""
    service: str = ""
    """Full name of the service that was called, as the configuration has it; empty where none was."""
    flags: str = ""
    """Envoy's short codes with commas between them."""


def read_request(entry: Any, log: Log, reporter: str, directory: Directory) -> Reported:
    """An entry of a connection manager's log. `reporter` is the target of the workload whose Envoy tells it."""
    common, request, response = entry.common_properties, entry.request, entry.response
    details, flags = response.response_code_details, flags_of(common.response_flags)
    service = _service(common.upstream_cluster)
    status = response.response_code.value
    denied = _is_denial(details)
    incoming = log is Log.INBOUND or (log is Log.GATEWAY and (denied or not service))
    if incoming:
        source, tls = _peer(common), _tls_version(common)
        destination = reporter
        if log is Log.GATEWAY and details == "route_not_found":
            destination = _host(request)
    else:
        source, tls = directory.identities.get(reporter, ""), common.custom_tags.get(UPSTREAM_TLS, "")
        destination = (
            directory.sockets.get(common.upstream_remote_address.pipe.path)
            or directory.services.get(service)
            or _host(request)
        )
    call = Call(
        at=_moment(common.start_time),
        reporter=DESTINATION if incoming else SOURCE,
        source=source,
        source_target=_source_target(log, source, directory) if incoming else reporter,
        destination=destination,
        destination_identity=directory.identities.get(destination, ""),
        method=_METHODS.get(request.request_method, ""),
        host=request.authority[:LONGEST_HOST],
        path=request.path.partition("?")[0][:LONGEST_PATH],
        status=status,
        outcome=_outcome(details, status, denied=denied),
        policy=_policy(common, details)
        or (directory.request_authentication.get(reporter, "") if details.startswith(_JWT) else ""),
        tls="" if tls == "-" else tls,
        details=_details(details, flags, common.upstream_transport_failure_reason),
        milliseconds=common.duration.seconds * 1000 + common.duration.nanos / 1e6,
    )
    return Reported(call, incoming or not _seen_by_destination(common, details), service, flags)


def read_connection(entry: Any, reporter: str, directory: Directory) -> Reported | None:
    """An entry of an inbound listener's log; None for a connection that went well, or that the caller gave up.

    A caller who gives up, because it does not like who answers, tells so itself.
    """
    common = entry.common_properties
    reason = common.downstream_transport_failure_reason
    unmatched = common.custom_tags.get(REASON, "") == "filter_chain_not_found" or common.response_flags.no_route_found
    if not unmatched and (not reason or "_ALERT_" in reason):
        return None
    plaintext = unmatched or any(sign in reason for sign in _NO_TLS)
    turned_away = plaintext or _NO_CERTIFICATE in reason
    call = Call(
        at=_moment(common.start_time),
        reporter=DESTINATION,
        source="",  # of a handshake that came to nothing no name is proven
        destination=reporter,
        destination_identity=directory.identities.get(reporter, ""),
        method="",
        host="",
        path="",
        status=0,
        outcome=Outcome.DENIED if turned_away else Outcome.FAILED,
        policy=directory.peer_authentication.get(reporter, "") if turned_away else "",
        tls="" if plaintext else _tls_version(common),
        details=(reason or "filter_chain_not_found")[:LONGEST_DETAILS],
        milliseconds=0.0,
    )
    return Reported(call, counted=True, flags=flags_of(common.response_flags))


_NO_TLS = ("HTTP_REQUEST", "WRONG_VERSION_NUMBER", "HTTPS_PROXY_REQUEST")
"""What BoringSSL calls bytes that are no TLS."""
_NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"


def _seen_by_destination(common: Any, details: str) -> bool:
    """Whether the proxy at the other end has the same call in a log of its own."""
    if details == _VIA_UPSTREAM:
        return True
    failed = common.response_flags.upstream_connection_failure or common.upstream_transport_failure_reason
    return bool(common.upstream_remote_address.pipe.path) and not failed


def _is_denial(details: str) -> bool:
    return details.startswith(("rbac_access_denied", _JWT))


def _outcome(details: str, status: int, *, denied: bool) -> Outcome:
    if denied:
        return Outcome.DENIED
    if details == _VIA_UPSTREAM:
        return Outcome.ERROR if status >= 500 else Outcome.OK
    # an answer of Envoy's own: a redirect is one that was meant
    return Outcome.OK if 0 < status < 400 else Outcome.FAILED


def _policy(common: Any, details: str) -> str:
    found = naming.policy_in(details)
    if found is None and not _is_denial(details) and _RBAC in common.metadata.filter_metadata:
        fields = common.metadata.filter_metadata[_RBAC].fields
        texts = (value.string_value for key, value in fields.items() if key.endswith(_POLICY))
        found = next(filter(None, map(naming.policy_in, texts)), None)
    return str(found[0]) if found is not None else ""


def _source_target(log: Log, source: str, directory: Directory) -> str:
    """The workload that called. At a gateway the name may be one of another CA, in which anything may stand."""
    return directory.holders.get(source, "") if log is Log.INBOUND else ""


def _host(request: Any) -> str:
    """What was asked for, which must not look like a target."""
    return request.authority[:LONGEST_HOST] if "/" not in request.authority else ""


def _service(cluster: str) -> str:
    """`httpbin.prod.svc.cluster.local` of `outbound|8000||…`; empty for clusters that lead to no service."""
    direction, _, rest = cluster.partition("|")
    return rest.rpartition("|")[2] if direction == "outbound" else ""


def _peer(common: Any) -> str:
    if not common.HasField("tls_properties"):
        return ""
    names = (name.uri for name in common.tls_properties.peer_certificate_properties.subject_alt_name)
    return next((uri for uri in names if uri.startswith("spiffe://")), "")


def _tls_version(common: Any) -> str:
    return _TLS.get(common.tls_properties.tls_version, "") if common.HasField("tls_properties") else ""


def _details(details: str, flags: str, reason: str) -> str:
    said = f"{details}: {reason}" if reason and reason not in details else details
    # the flags are short and go first where the words are cut off
    return f"{flags} {said}".strip()[:LONGEST_DETAILS]


def _moment(timestamp: Any) -> datetime:
    return datetime.fromtimestamp(timestamp.seconds + timestamp.nanos / 1e9, UTC)
