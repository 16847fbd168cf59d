"""The commands of curl and openssl that ask what a probe asked, to be pasted into a shell. Pure."""

from __future__ import annotations

import shlex

from meshtui.probe.contexts import BY_KIND, Contexts, Roots
from meshtui.probe.place import is_address
from meshtui.probe.question import Observation, Question


def commands(question: Question, contexts: Contexts, seen: Observation) -> tuple[str, ...]:
    """A request and a handshake; where a client certificate is shown, the request without one too."""
    found = []
    kind = seen.kind if seen.presenting is seen.of_its_kind else ""
    answers_http = question.speaks_http or seen.main.answer is not None or seen.guest is not None
    if answers_http:
        found.append(_curl(question, contexts, kind, as_guest=contexts.client is not None))
        if contexts.client is not None and seen.main.asked:
            found.append(_curl(question, contexts, kind, as_guest=False))
    return (*found, _s_client(question, contexts, kind, stapled=question.stapled or bool(seen.main.staple)))


def _curl(question: Question, contexts: Contexts, kind: str, *, as_guest: bool) -> str:
    address, host = question.address, question.host
    words = ["curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", r"%{http_code} in %{time_total} s\n"]
    if not is_address(host):
        words += ["--resolve", f"{host}:{address.port}:{_bracketed(address.host)}"]
    words += ["--tls-max", "1.2", "--ciphers", BY_KIND[kind]] if kind else []
    words += _trust_of_curl(contexts.roots)
    if as_guest and contexts.client is not None:
        # curl reads what follows a colon as a password
        escaped = contexts.client.certificate_file.replace("\\", "\\\\").replace(":", "\\:")
        words += ["--cert", escaped, "--key", contexts.client.key_file]
    return shlex.join([*words, f"https://{_bracketed(host)}:{address.port}{question.path}"])


def _trust_of_curl(roots: Roots) -> list[str]:
    if not roots.known:
        return ["--insecure"]
    return ["--cacert", roots.file] if roots.file else []


def _s_client(question: Question, contexts: Contexts, kind: str, *, stapled: bool) -> str:
    address, host, roots, client = question.address, question.host, contexts.roots, contexts.client
    words = ["openssl", "s_client", "-connect", str(address)]
    words += ["-noservername"] if is_address(host) else ["-servername", host]
    words += ["-tls1_2", "-cipher", BY_KIND[kind]] if kind else []
    words += ["-CAfile", roots.file] if roots.file else []
    if roots.known:
        words += [
            "-partial_chain",
            "-verify_return_error",
            "-verify_ip" if is_address(host) else "-verify_hostname",
            host,
        ]
    if client is not None:
        words += ["-cert", client.certificate_file, "-key", client.key_file]
        words += ["-cert_chain", client.certificate_file] if len(client.chain) > 1 else []
    words += ["-status"] if stapled else []
    return f"{shlex.join(words)} </dev/null"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
