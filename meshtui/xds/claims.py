"""What a policy asks of the end user's token: Envoy's JWT filter leaves its claims as metadata, and these read them.

The claims are under `PAYLOAD` of the JWT filter's metadata, as in Istio, so that `iss` and `sub` can be asked for
each on its own: Envoy cannot join them, and a principal of a token is written as one text, `ISSUER/SUBJECT`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envoy.config.rbac.v3 import rbac_pb2
from envoy.type.matcher.v3 import metadata_pb2

from meshtui.xds.logic import PRINCIPALS
from meshtui.xds.texts import ANY, exactly, text

JWT_METADATA = "envoy.filters.http.jwt_authn"
PAYLOAD = "payload"


def claim(path: Sequence[str], written: str) -> Any:
    """A Principal whose token has this claim, as a text or in a list of texts. Nested claims have longer paths."""
    wanted = {"string_match": text(written)}
    return _claim(path, {"or_match": {"value_matchers": [wanted, {"list_match": {"one_of": wanted}}]}})


def request_principal(written: str) -> Any:
    """A Principal whose token is of `ISSUER/SUBJECT`.

    As in Istio it is split at the last slash, because issuers are often URLs, and an asterisk means something only at
    one end of the whole.
    """
    issuer, slash, subject = written.rpartition("/")
    if written == ANY or not slash:
        ending = written.startswith(ANY)
        pair = (ANY, written) if ending else (written, ANY if written.endswith(ANY) else "")
    elif written.startswith(ANY):
        return _pair(text(issuer), exactly(subject))
    else:
        return _pair(exactly(issuer), text(subject))
    return _pair(*map(text, pair))


def _pair(issuer: Any, subject: Any) -> Any:
    matched = {"iss": issuer, "sub": subject}
    return PRINCIPALS.every(_claim([name], {"string_match": each}) for name, each in matched.items())


def _claim(path: Sequence[str], value: dict[str, Any]) -> Any:
    keys = [{"key": each} for each in (PAYLOAD, *path)]
    matcher = metadata_pb2.MetadataMatcher(filter=JWT_METADATA, path=keys, value=value)
    return PRINCIPALS.make(sourced_metadata={"metadata_matcher": matcher, "metadata_source": rbac_pb2.DYNAMIC})
