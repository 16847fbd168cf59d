"""What a policy asks of the end user's token: Envoy's JWT filter leaves its claims as metadata, and these read them.

The claims are under `PAYLOAD` of the JWT filter's metadata, as in Istio, so that `iss` and `sub` can be asked for
each on its own: Envoy cannot join them, and a principal of a token is written as one text, `ISSUER/SUBJECT`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envoy.type.matcher.v3 import metadata_pb2

from meshtui.xds.logic import PRINCIPALS
from meshtui.xds.texts import ANY, text

JWT_METADATA = "envoy.filters.http.jwt_authn"
PAYLOAD = "payload"


def claim(path: Sequence[str], written: str) -> Any:
    """A Principal whose token has this claim, as a text or in a list of texts. Nested claims have longer paths."""
    wanted = {"string_match": text(written)}
    return _claim(path, {"or_match": {"value_matchers": [wanted, {"list_match": {"one_of": wanted}}]}})


def request_principal(written: str) -> Any:
    """A Principal whose token is of `ISSUER/SUBJECT`, both of which may themselves contain slashes."""
    if written == ANY:
        return PRINCIPALS.every([_is("iss", ANY), _is("sub", ANY)])
    if written.startswith(ANY):
        ending = written[1:]
        whole = [_pair(ANY + issuer, subject) for issuer, subject in _splits(ending)]
        return PRINCIPALS.some([PRINCIPALS.every([_is("iss", ANY), _is("sub", ANY + ending)]), *whole])
    if written.endswith(ANY):
        beginning = written[:-1]
        whole = [_pair(issuer, subject + ANY) for issuer, subject in _splits(beginning)]
        return PRINCIPALS.some([PRINCIPALS.every([_is("iss", beginning + ANY), _is("sub", ANY)]), *whole])
    return PRINCIPALS.some(_pair(issuer, subject) for issuer, subject in _splits(written))


def _splits(written: str) -> list[tuple[str, str]]:
    """Every way to read a text as an issuer and a subject."""
    found = [at for at, character in enumerate(written) if character == "/"]
    return [(written[:at], written[at + 1 :]) for at in found]


def _pair(issuer: str, subject: str) -> Any:
    return PRINCIPALS.every([_is("iss", issuer), _is("sub", subject)])


def _is(name: str, written: str) -> Any:
    return _claim([name], {"string_match": text(written)})


def _claim(path: Sequence[str], value: dict[str, Any]) -> Any:
    keys = [{"key": each} for each in (PAYLOAD, *path)]
    return PRINCIPALS.make(metadata=metadata_pb2.MetadataMatcher(filter=JWT_METADATA, path=keys, value=value))
