"""All gateways and their Secrets joined, and judged change by change: a change costs what it touches, not the whole.

Only keeps the indexes; what is wrong is decided by `judge`, `client_ca` and `references`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from meshtui.errors import IdentityError
from meshtui.findings import Finding, Severity
from meshtui.gateway.client_ca import client_ca_flaw
from meshtui.gateway.contents import Contents, examine
from meshtui.gateway.flaws import Code, Flaw
from meshtui.gateway.issuers import NO_ROOTS, Roots
from meshtui.gateway.judge import Case, Rival, aging, judge
from meshtui.gateway.reach import reach
from meshtui.gateway.references import ASKS_CLIENTS, CA_SUFFIX, Listener, SecretRef, resolve
from meshtui.identity.inspect import load_certificates
from meshtui.manifest.binding import Binding, bindings_of
from meshtui.manifest.model import Deployment, Gateway, Manifest, ObjectKey, Secret, VirtualService
from meshtui.manifest.secret_data import TLS, key_pair, trusted_ca
from meshtui.manifest.workload import Proxy, Workload, workload_of

_Place = tuple[str, int, str]
"""Workload, port and host: what only one Gateway can answer for."""


class Edge:
    """Gateways, gateway workloads, Secrets and routes as they are, and what is wrong with them."""

    def __init__(self, roots: Roots = NO_ROOTS) -> None:
        self._roots = roots
        self._gateways: dict[ObjectKey, Gateway] = {}
        self._workloads: dict[str, Workload] = {}
        self._secrets: dict[SecretRef, Secret] = {}
        self._services: dict[ObjectKey, VirtualService] = {}
        self._routes: dict[str, dict[ObjectKey, VirtualService]] = defaultdict(dict)
        self._listeners: dict[ObjectKey, tuple[Listener, ...]] = {}
        self._mentions: dict[SecretRef, set[ObjectKey]] = defaultdict(set)
        """Gateways by the Secrets that their listeners name, companions included."""
        self._takers: dict[_Place, set[ObjectKey]] = defaultdict(set)
        self._contents: dict[SecretRef, Contents] = {}
        self._holders: dict[str, set[SecretRef]] = defaultdict(set)
        """Secrets by the fingerprint of what they present."""
        self._found: dict[SecretRef, tuple[Finding, ...]] = {}
        self._stale: set[SecretRef] = set()

    def trust(self, roots: Roots) -> None:
        """Roots that are known from now on."""
        if roots != self._roots:
            self._roots = roots
            self._stale |= self._found.keys()

    def change(self, put: Iterable[Manifest] = (), dropped: Iterable[ObjectKey] = ()) -> None:
        """Objects that are new or different, and objects that are gone. Others than those of the edge do not matter."""
        for key in dropped:
            self._take_out(key)
        for item in put:
            self._take_out(item.key)
            match item:
                case Secret():
                    self._put_secret(item)
                case Gateway():
                    self._gateways[item.key] = item
                    self._bind(item)
                case VirtualService():
                    self._services[item.key] = item
                    self._reroute(item, present=True)
                case Deployment():
                    self._put_workload(workload_of(item))

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        """What is wrong with all of it, by credential."""
        self._judge_stale()
        return tuple(finding for ref in list(self._found) for finding in self._all_of(ref, now))

    def findings_of(self, target: str, now: datetime) -> tuple[Finding, ...]:
        """What is wrong with one credential, `gateway/NAMESPACE/SECRET`."""
        self._judge_stale()
        ref = _ref(target)
        return tuple(self._all_of(ref, now)) if ref in self._found else ()

    def reach_of(self, target: str) -> tuple[str, ...]:
        """What stands behind one credential."""
        return reach(self._users(_ref(target)), self._routes_of)

    # -- indexes ---------------------------------------------------------------------------------------------------

    def _take_out(self, key: ObjectKey) -> None:
        if key.kind == Secret.kind:
            self._drop_secret(SecretRef(key.namespace, key.name))
        elif key in self._gateways:
            self._unbind(self._gateways.pop(key))
        elif key in self._services:
            self._reroute(self._services.pop(key), present=False)
        elif key.kind == Deployment.kind:
            self._put_workload(None, f"workload/{key.namespace}/{key.name}")

    def _put_secret(self, secret: Secret) -> None:
        ref = SecretRef(secret.namespace, secret.name)
        self._secrets[ref] = secret
        self._contents[ref] = contents = examine(secret)
        if contents.sha256:
            self._holders[contents.sha256].add(ref)
            self._stale |= self._holders[contents.sha256]
        self._secret_changed(ref)

    def _drop_secret(self, ref: SecretRef) -> None:
        if self._secrets.pop(ref, None) is not None:
            contents = self._contents.pop(ref)
            self._holders[contents.sha256].discard(ref)
            self._stale |= self._holders[contents.sha256]
            self._secret_changed(ref)

    def _secret_changed(self, ref: SecretRef) -> None:
        """Whoever names it is judged again, and resolved again: it may be another one's companion."""
        self._stale.add(ref)
        for key in tuple(self._mentions.get(ref, ())):
            gateway = self._gateways[key]
            self._unbind(gateway)
            self._bind(gateway)

    def _put_workload(self, workload: Workload | None, target: str = "") -> None:
        before = self._workloads.pop(workload.target if workload is not None else target, None)
        after = workload if workload is not None and workload.proxy is Proxy.GATEWAY else None
        if after is not None:
            self._workloads[after.target] = after
        if before != after:
            for gateway in self._gateways.values():
                self._unbind(gateway)
                self._bind(gateway)

    def _reroute(self, service: VirtualService, *, present: bool) -> None:
        for name in service.gateways:
            if present:
                self._routes[name][service.key] = service
            else:
                self._routes[name].pop(service.key, None)
            namespace, _, gateway = name.partition("/")
            for listener in self._listeners.get(ObjectKey(Gateway.kind, namespace, gateway), ()):
                self._stale.update(listener.certificates)

    def _bind(self, gateway: Gateway) -> None:
        bindings = bindings_of(gateway, self._workloads.values())
        listeners = tuple(resolve(binding, self._secrets.__contains__) for binding in bindings)
        self._listeners[gateway.key] = listeners
        for listener in listeners:
            for ref in _mentioned(listener):
                self._mentions[ref].add(gateway.key)
            for place in _places(listener.binding):
                self._takers[place].add(gateway.key)
        self._touch(listeners)

    def _unbind(self, gateway: Gateway) -> None:
        listeners = self._listeners.pop(gateway.key, ())
        self._touch(listeners)
        for listener in listeners:
            for ref in _mentioned(listener):
                self._mentions[ref].discard(gateway.key)
            for place in _places(listener.binding):
                self._takers[place].discard(gateway.key)

    def _touch(self, listeners: Iterable[Listener]) -> None:
        """These listeners are new or gone: what they present, and what others like them present, is judged again."""
        for listener in listeners:
            self._stale.update(_mentioned(listener))
            for ref in listener.certificates:
                contents = self._contents.get(ref)
                if contents is not None and contents.sha256:
                    self._stale |= self._holders[contents.sha256]
            for place in _places(listener.binding):
                for key in self._takers[place]:
                    for other in self._listeners.get(key, ()):
                        self._stale.update(other.certificates)

    # -- judging ---------------------------------------------------------------------------------------------------

    def _judge_stale(self) -> None:
        for ref in self._stale:
            if ref in self._secrets or self._mentions.get(ref):
                self._found[ref] = self._judged(ref)
            else:
                self._found.pop(ref, None)
        self._stale = set()

    def _judged(self, ref: SecretRef) -> tuple[Finding, ...]:
        """What is wrong with it whatever the time is."""
        listeners = self._naming(ref)
        users = self._users(ref)
        forbidden = [(each, no) for each in listeners for no in each.forbidden if no.ref == ref]
        found = [_forbidden(ref, no.reason, no.fix, reach([each], self._routes_of)) for each, no in forbidden[:1]]
        secret = self._secrets.get(ref)
        as_ca = any(each.client_ca == ref for each in listeners)
        if users or (secret is not None and not as_ca and not forbidden and _is_credential(secret)):
            flaws = judge(self._case(ref, secret, users), self._roots)
            affects = reach(users, self._routes_of)
            found += [_finding(flaw, ref, affects) for flaw in flaws]
        return tuple(found)

    def _routes_of(self, gateway: str) -> Iterable[VirtualService]:
        return self._routes.get(gateway, {}).values()

    def _case(self, ref: SecretRef, secret: Secret | None, users: tuple[Listener, ...]) -> Case:
        contents = self._contents.get(ref)
        return Case(
            ref=ref,
            contents=contents,
            own=_own_roots(secret),
            users=users,
            rivals=tuple(dict.fromkeys(rival for user in users for rival in self._rivals(user, contents))),
            sharers=self._sharers(users, contents),
        )

    def _rivals(self, user: Listener, contents: Contents | None) -> Iterator[Rival]:
        binding = user.binding
        for place in _places(binding):
            winner = min((self._gateways[key] for key in self._takers[place]), key=_age)
            if winner.key != binding.gateway.key:
                others = {
                    self._contents[ref].sha256
                    for other in self._listeners[winner.key]
                    if place in _places(other.binding)
                    for ref in other.certificates
                    if ref in self._contents
                }
                same = contents is not None and contents.sha256 in others
                yield Rival(place[2], place[1], winner.key, same)

    def _sharers(self, users: tuple[Listener, ...], contents: Contents | None) -> tuple[Listener, ...]:
        """Listeners with this certificate at ports where more than one server has it."""
        if contents is None or not contents.sha256:
            return ()
        ports: dict[tuple[str, int], dict[tuple[ObjectKey, str], Listener]] = {
            (user.binding.workload.target, user.binding.server.number): {} for user in users
        }
        for each in (each for ref in self._holders[contents.sha256] for each in self._users(ref)):
            server = each.binding.server
            servers = ports.get((each.binding.workload.target, server.number))
            if servers is not None:
                servers[each.binding.gateway.key, server.name] = each
        crowded = {name: each for servers in ports.values() if len(servers) > 1 for name, each in servers.items()}
        return tuple(crowded[name] for name in sorted(crowded))

    def _naming(self, ref: SecretRef) -> list[Listener]:
        return [each for key in sorted(self._mentions.get(ref, ())) for each in self._listeners[key]]

    def _users(self, ref: SecretRef) -> tuple[Listener, ...]:
        return tuple(each for each in self._naming(ref) if ref in each.certificates)

    def _all_of(self, ref: SecretRef, now: datetime) -> Iterator[Finding]:
        """With what the clock says."""
        yield from self._found[ref]
        users = self._users(ref)
        if not users:
            return
        flaws = list(aging(self._contents[ref], ref.target, now)) if ref in self._contents else []
        for user in users:
            if user.mode in ASKS_CLIENTS and user.certificates[0] == ref and not _by_file(user):
                ca = user.client_ca
                flaw = client_ca_flaw(ca, self._secrets.get(ca) if ca is not None else None, user.mode, now)
                flaws += [flaw] if flaw is not None and flaw not in flaws else []
        affects = reach(users, self._routes_of) if flaws else ()
        yield from (_finding(flaw, ref, affects) for flaw in flaws)


def _ref(target: str) -> SecretRef:
    _, namespace, name = target.split("/")
    return SecretRef(namespace, name)


def _mentioned(listener: Listener) -> Iterator[SecretRef]:
    """All Secrets that it names or would take, there or not."""
    yield from listener.certificates
    yield from (each.ref for each in listener.forbidden)
    if listener.mode in ASKS_CLIENTS and listener.client_ca is not None:
        ca = listener.client_ca
        yield ca
        yield SecretRef(ca.namespace, ca.name.removesuffix(CA_SUFFIX) + CA_SUFFIX)


def _places(binding: Binding) -> list[_Place]:
    server = binding.server
    return [(binding.workload.target, server.number, host) for host in server.hosts] if server.tls is not None else []


def _age(gateway: Gateway) -> tuple[str, ObjectKey]:
    return gateway.created_at or "~", gateway.key


def _is_credential(secret: Secret) -> bool:
    return secret.type == TLS or key_pair(secret) is not None


def _by_file(listener: Listener) -> bool:
    tls = listener.binding.server.tls
    return tls is not None and bool(tls.ca_file)


def _own_roots(secret: Secret | None) -> Roots:
    pem = trusted_ca(secret) if secret is not None else None
    try:
        return Roots(load_certificates(pem)) if pem else NO_ROOTS
    except IdentityError:
        return NO_ROOTS


def _forbidden(ref: SecretRef, reason: str, fix: str, affects: tuple[str, ...]) -> Finding:
    text = f"The {ref} is named, but {reason}."
    return _finding(Flaw(Code.FORBIDDEN, Severity.CRITICAL, text, fix), ref, affects)


def _finding(flaw: Flaw, ref: SecretRef, affects: tuple[str, ...]) -> Finding:
    return Finding(
        severity=flaw.severity,
        code=flaw.code.value,
        target=ref.target,
        text=flaw.text,
        fix=flaw.fix,
        affects=affects,
    )
