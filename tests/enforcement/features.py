"""Every feature of an AuthorizationPolicy, with a request that it is about and one that it is not."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.manifest.policy_model import Condition, RequestTo, Rule, Source
from tests.enforcement.calls import Call
from tests.enforcement.judging import Asked
from tests.policy.authorizing import identity

SLEEP = Asked()
OTHER = Asked(principal=identity("other", "elsewhere"))
PLAINTEXT = Asked(principal="")


@dataclass(frozen=True)
class Feature:
    """One field of a rule, in one of its forms."""

    name: str
    rule: Rule
    matches: Asked
    differs: Asked


def calling(method: str = "GET", path: str = "/", host: str = "httpbin.prod", **headers: str) -> Asked:
    """A request of sleep; underscores in names of headers are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(Call(method, path, {"host": host, **named}))


def _from(name: str, matches: Asked, differs: Asked, **fields: tuple[str, ...]) -> Feature:
    return Feature(name, Rule(sources=(Source(**fields),)), matches, differs)


def _to(name: str, matches: Asked, differs: Asked, **fields: tuple[str, ...]) -> Feature:
    return Feature(name, Rule(operations=(RequestTo(**fields),)), matches, differs)


def _when(key: str, value: str, matches: Asked, differs: Asked, *, inverted: bool = True) -> tuple[Feature, ...]:
    """A condition and, unless that would be told apart by other requests, its not-form."""
    positive = Feature(f"when {key} {value}", Rule(conditions=(Condition(key=key, values=(value,)),)), matches, differs)
    negative = Rule(conditions=(Condition(key=key, not_values=(value,)),))
    return (positive, *((Feature(f"when not {key} {value}", negative, differs, matches),) if inverted else ()))


SOURCES = (
    _from("principal", SLEEP, OTHER, principals=("mesh.example/ns/prod/sa/sleep",)),
    _from("principal of cluster.local", SLEEP, OTHER, principals=("cluster.local/ns/prod/sa/sleep",)),
    _from("principal by prefix", SLEEP, OTHER, principals=("cluster.local/ns/prod/*",)),
    _from("principal by suffix", SLEEP, OTHER, principals=("*/sa/sleep",)),
    _from("any principal", SLEEP, PLAINTEXT, principals=("*",)),
    _from("one of principals", OTHER, SLEEP, principals=("a/ns/b/sa/c", "mesh.example/ns/elsewhere/sa/other")),
    _from("not a principal", OTHER, SLEEP, not_principals=("cluster.local/ns/prod/sa/sleep",)),
    _from("no principal at all", PLAINTEXT, SLEEP, not_principals=("*",)),
    _from("namespace", SLEEP, OTHER, namespaces=("prod",)),
    _from("namespace is a whole name", OTHER, SLEEP, namespaces=("pro", "rod", "elsewhere")),
    _from("namespace is no regular expression", OTHER, SLEEP, namespaces=("pr.d", "elsewhere")),
    _from("namespace with wildcard", SLEEP, OTHER, namespaces=("p*d",)),
    _from("namespace by prefix", OTHER, SLEEP, namespaces=("else*",)),
    _from("not a namespace", PLAINTEXT, SLEEP, not_namespaces=("prod",)),
    _from("service account", SLEEP, OTHER, service_accounts=("prod/sleep",)),
    _from("service account is a whole name", OTHER, SLEEP, service_accounts=("prod/slee", "elsewhere/other")),
    _from("not a service account", OTHER, SLEEP, not_service_accounts=("prod/sleep",)),
    _from("remote IP", calling(x_forwarded_for="10.1.2.3"), calling(), remote_ip_blocks=("10.0.0.0/8",)),
    _from(
        "not a remote IP",
        calling(x_forwarded_for="11.1.2.3"),
        calling(x_forwarded_for="10.1.2.3"),
        not_remote_ip_blocks=("10.0.0.0/8",),
    ),
    _from(
        "remote IP of version 6",
        calling(x_forwarded_for="2001:db8::1"),
        calling(x_forwarded_for="2001:db9::1"),
        remote_ip_blocks=("2001:db8::/32",),
    ),
    _from("all fields of a source", SLEEP, OTHER, principals=("*",), not_namespaces=("elsewhere",)),
)

OPERATIONS = (
    _to("host", calling(host="a.example"), calling(host="b.example"), hosts=("a.example",)),
    _to("host in any case", calling(host="A.Example"), calling(host="b.example"), hosts=("a.eXample",)),
    _to("host with its port", calling(host="a.example:8080"), calling(host="a.example"), hosts=("a.example:8080",)),
    _to("host by prefix", calling(host="a.example:8080"), calling(host="b.example"), hosts=("a.example:*",)),
    _to("host by suffix", calling(host="x.EXAMPLE"), calling(host="x.example.com"), hosts=("*.example",)),
    _to("not a host", calling(host="b.example"), calling(host="A.example"), not_hosts=("a.example",)),
    _to("method", calling("POST"), calling("GET"), methods=("POST", "PUT")),
    _to("method by prefix", calling("POST"), calling("GET"), methods=("P*",)),
    _to("method by suffix", calling("DELETE"), calling("GET"), methods=("*TE",)),
    _to("not a method", calling("GET"), calling("POST"), not_methods=("POST",)),
    _to("path", calling(path="/get"), calling(path="/get/"), paths=("/get",)),
    _to("path whatever the query", calling(path="/get?a=/x"), calling(path="/x?a=/get"), paths=("/get",)),
    _to("path by prefix", calling(path="/status/418"), calling(path="/statu"), paths=("/status*",)),
    _to("path by suffix", calling(path="/a/info"), calling(path="/a/info/x"), paths=("*/info",)),
    _to(
        "path normalized", Asked(Call(path="/a/../admin"), normalized="/admin"), calling(path="/adm"), paths=("/admin",)
    ),
    _to("not a path", calling(path="/get"), calling(path="/status/418"), not_paths=("/status/*",)),
    _to("path template, one segment", calling(path="/a/x*~/b"), calling(path="/a/x/y/b"), paths=("/a/{*}/b",)),
    _to("path template, not empty", calling(path="/a/x/b"), calling(path="/a//b"), paths=("/a/{*}/b",)),
    _to("path template, any segments", calling(path="/a/x/y"), calling(path="/b/x"), paths=("/a/{**}",)),
    _to("path template, not at all", calling(path="/b"), calling(path="/a/x"), not_paths=("/a/{**}",)),
    _to("all fields of an operation", calling("GET", "/get"), calling("PUT", "/get"), methods=("GET",), paths=("/g*",)),
)

CONDITIONS = (
    *_when("request.headers[x-token]", "abc", calling(x_token="abc"), calling(x_token="abcd")),
    *_when("request.headers[x-token]", "ab*", calling(x_token="abc"), calling(x_token="bc")),
    *_when("request.headers[x-token]", "*", calling(x_token=""), calling()),
    *_when("request.headers[x-token]", "*bc", calling(x_token="abc"), calling(x_token="ABC")),
    *_when("source.principal", "cluster.local/ns/prod/sa/sleep", SLEEP, OTHER),
    *_when("source.namespace", "prod", SLEEP, PLAINTEXT),
    *_when("source.serviceAccount", "prod/sleep", SLEEP, OTHER),
    *_when("remote.ip", "10.0.0.1", calling(x_forwarded_for="10.0.0.1"), calling(x_forwarded_for="10.0.0.2")),
    *_when("connection.sni", "a.example", Asked(sni="a.example"), Asked(sni="b.example")),
    *_when("connection.sni", "*.example", Asked(sni="a.example"), Asked(sni="a.example.com")),
    *_when("connection.sni", "*", Asked(sni="a.example"), PLAINTEXT),
)

FEATURES = (*SOURCES, *OPERATIONS, *CONDITIONS)

ALWAYS = {
    "rule without anything": Rule(),
    "empty source": Rule(sources=(Source(),)),
    "empty operation": Rule(operations=(RequestTo(),)),
    "its own port": Rule(operations=(RequestTo(ports=("8080",)),)),
    "not another port": Rule(operations=(RequestTo(not_ports=("80",)),)),
    "destination.port": Rule(conditions=(Condition(key="destination.port", values=("8080", "80")),)),
    "not ipBlocks, where there are no addresses": Rule(sources=(Source(not_ip_blocks=("0.0.0.0/0", "::/0")),)),
    "not destination.ip": Rule(conditions=(Condition(key="destination.ip", not_values=("127.0.0.1",)),)),
    "not source.ip": Rule(conditions=(Condition(key="source.ip", not_values=("0.0.0.0/0",)),)),
}
"""Rules about every request at a sidecar."""
NEVER = {
    "another port": Rule(operations=(RequestTo(ports=("80", "8443")),)),
    "not its own port": Rule(operations=(RequestTo(not_ports=("8080",)),)),
    "destination.port": Rule(conditions=(Condition(key="destination.port", not_values=("8080",)),)),
    "ipBlocks, where there are no addresses": Rule(sources=(Source(ip_blocks=("0.0.0.0/0", "::/0")),)),
    "source.ip": Rule(conditions=(Condition(key="source.ip", values=("0.0.0.0/0",)),)),
    "destination.ip": Rule(conditions=(Condition(key="destination.ip", values=("0.0.0.0/0",)),)),
    "request principal without a token": Rule(sources=(Source(request_principals=("*",)),)),
    "conditions that exclude each other": Rule(
        conditions=(
            Condition(key="request.headers[x-a]", values=("1",)),
            Condition(key="request.headers[x-a]", values=("2",)),
        )
    ),
}
"""Rules about no request at a sidecar."""
