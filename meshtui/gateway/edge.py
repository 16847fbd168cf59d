"""All gateways and their Secrets joined, and judged change by change: a change costs what it touches, not the whole.

The index is kept in `index`; what is wrong is decided by `judge`, `client_ca` and `references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from cryptography import x509

from meshtui.errors import IdentityError
from meshtui.findings import Finding, Severity
from meshtui.gateway.client_ca import client_ca_flaw
from meshtui.gateway.contents import Contents
from meshtui.gateway.flaws import Code, Flaw
from meshtui.gateway.index import EdgeIndex, places
from meshtui.gateway.issuers import NO_ROOTS, Roots
from meshtui.gateway.judge import Case, Rival, aging, judge
from meshtui.gateway.reach import reach
from meshtui.gateway.references import ASKS_CLIENTS, Listener, SecretRef
from meshtui.identity.inspect import load_certificates
from meshtui.manifest.api_model import ConfigMap, KubernetesGateway
from meshtui.manifest.model import Gateway, Manifest, ObjectKey, Secret
from meshtui.manifest.secret_data import TLS, key_pair, trusted_ca


class Edge:
    """Gateways, gateway workloads, Secrets and routes as they are, and what is wrong with them."""

    def __init__(self, roots: Roots = NO_ROOTS) -> None:
        self._roots = roots
        self._index = EdgeIndex()
        self._found: dict[SecretRef, tuple[Finding, ...]] = {}

    def trust(self, roots: Roots) -> None:
        """Roots that are known from now on."""
        if roots != self._roots:
            self._roots = roots
            self._index.stale |= self._found.keys()

    def change(self, put: Iterable[Manifest] = (), dropped: Iterable[ObjectKey] = ()) -> None:
        """Objects that are new or different, and objects that are gone. Others than those of the edge do not matter."""
        self._index.change(put, dropped)

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
        return reach(self._index.users(_ref(target)), self._index.routes.of)

    def roots_of(self, target: str) -> tuple[Roots, Roots]:
        """What may stand above the chain of one credential: what its Secret brings, and what is known anyway."""
        return _own_roots(self._index.secrets.get(_ref(target))), self._roots

    # -- judging ---------------------------------------------------------------------------------------------------

    def _judge_stale(self) -> None:
        for ref in self._index.stale:
            if ref in self._index.secrets or self._index.mentions.get(ref):
                self._found[ref] = self._judged(ref)
            else:
                self._found.pop(ref, None)
        self._index.stale = set()

    def _judged(self, ref: SecretRef) -> tuple[Finding, ...]:
        """What is wrong with it whatever the time is."""
        listeners = self._index.naming(ref)
        users = self._index.users(ref)
        forbidden = [(each, no) for each in listeners for no in each.forbidden if no.ref == ref]
        found = [_forbidden(ref, no.reason, no.fix, reach([each], self._index.routes.of)) for each, no in forbidden[:1]]
        secret = self._index.secrets.get(ref)
        as_ca = any(each.client_ca == ref for each in listeners)
        if users or (secret is not None and not as_ca and not forbidden and _is_credential(secret)):
            flaws = judge(self._case(ref, secret, users), self._roots)
            affects = reach(users, self._index.routes.of)
            found += [flaw.of(ref.target, affects) for flaw in flaws]
        return tuple(found)

    def _case(self, ref: SecretRef, secret: Secret | None, users: tuple[Listener, ...]) -> Case:
        contents = self._index.contents.get(ref)
        return Case(
            ref=ref,
            contents=contents,
            made_here=secret is not None and bool(secret.issuer),
            own=_own_roots(secret),
            users=users,
            rivals=tuple(dict.fromkeys(rival for user in users for rival in self._rivals(user, contents))),
            sharers=self._sharers(users, contents),
        )

    def _rivals(self, user: Listener, contents: Contents | None) -> Iterator[Rival]:
        binding = user.binding
        for place in places(binding):
            winner = min((self._index.gateways[key] for key in self._index.takers[place]), key=_age)
            if winner.key != binding.gateway.key:
                others = {
                    self._index.contents[ref].sha256
                    for other in self._index.listeners[winner.key]
                    if place in places(other.binding)
                    for ref in other.certificates
                    if ref in self._index.contents
                }
                same = contents is not None and contents.sha256 in others
                yield Rival(place[2], place[1], winner.key, binding.gateway.key, same)

    def _sharers(self, users: tuple[Listener, ...], contents: Contents | None) -> tuple[Listener, ...]:
        """Listeners with this certificate at ports where more than one server has it."""
        if contents is None or not contents.sha256:
            return ()
        ports: dict[tuple[str, int], dict[tuple[ObjectKey, str], Listener]] = {
            (user.binding.workload.target, user.binding.server.number): {} for user in users
        }
        for each in (each for ref in self._index.holders[contents.sha256] for each in self._index.users(ref)):
            server = each.binding.server
            servers = ports.get((each.binding.workload.target, server.number))
            if servers is not None:
                servers[each.binding.gateway.key, server.name] = each
        crowded = {name: each for servers in ports.values() if len(servers) > 1 for name, each in servers.items()}
        return tuple(crowded[name] for name in sorted(crowded))

    def _authority(self, ref: SecretRef | None) -> Secret | ConfigMap | None:
        return (self._index.secrets.get(ref) or self._index.config_maps.get(ref)) if ref is not None else None

    def _all_of(self, ref: SecretRef, now: datetime) -> Iterator[Finding]:
        """With what the clock says."""
        yield from self._found[ref]
        users = self._index.users(ref)
        if not users:
            return
        flaws = list(aging(self._index.contents[ref], ref.target, now)) if ref in self._index.contents else []
        for user in users:
            if user.mode in ASKS_CLIENTS and user.certificates[0] == ref and not _by_file(user):
                ca = user.client_ca
                flaw = client_ca_flaw(ca, self._authority(ca), user.mode, now)
                flaws += [flaw] if flaw is not None and flaw not in flaws else []
        affects = reach(users, self._index.routes.of) if flaws else ()
        yield from (flaw.of(ref.target, affects) for flaw in flaws)


def _ref(target: str) -> SecretRef:
    _, namespace, name = target.split("/")
    return SecretRef(namespace, name)


def _age(gateway: Gateway | KubernetesGateway) -> tuple[str, ObjectKey]:
    return gateway.created_at or "~", gateway.key


def _is_credential(secret: Secret) -> bool:
    return secret.type == TLS or key_pair(secret) is not None


def _by_file(listener: Listener) -> bool:
    tls = listener.binding.server.tls
    return tls is not None and bool(tls.ca_file)


def _own_roots(secret: Secret | None) -> Roots:
    found: list[x509.Certificate] = []
    for pem in (trusted_ca(secret), secret.roots.encode()) if secret is not None else ():
        with suppress(IdentityError):
            found += load_certificates(pem) if pem else ()
    return Roots(found)


def _forbidden(ref: SecretRef, reason: str, fix: str, affects: tuple[str, ...]) -> Finding:
    text = f"The {ref} is named, but {reason}."
    return Flaw(Code.FORBIDDEN, Severity.CRITICAL, text, fix).of(ref.target, affects)
