"""A caller as OpenSSL needs it. Kept apart from `contexts`, which does not know where roots and keys come from."""

from __future__ import annotations

from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import load_key
from meshtui.mesh.caller import Caller
from meshtui.probe.contexts import ClientPair, Contexts, Roots


def contexts_for(caller: Caller, otherwise: Roots) -> Contexts:
    """Trusting what the caller trusts, or `otherwise`. Raises IdentityError for what cannot be read."""
    roots = otherwise
    if caller.roots_pem:
        roots = Roots(load_certificates(caller.roots_pem), caller.roots_file, caller.roots_file)
    if not caller.certificate_pem:
        return Contexts(roots)
    pair = ClientPair(
        chain=load_certificates(caller.certificate_pem),
        key=load_key(caller.key_pem.encode()),
        certificate_file=caller.certificate_file,
        key_file=caller.key_file,
    )
    return Contexts(roots, pair)
