"""The one bearer token of a call, bounded before anything is decoded. Verifies nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any, NoReturn

from meshtui.ca.caller import Metadata
from meshtui.ca.refusal import Reason, RefusalError

MAX_TOKEN = 8192
MAX_HEADER = 1024

OPAQUE = "request authenticate failure"
"""All that a caller is told (Istio's words)."""

_BEARER = "Bearer "  # Istio compares case-sensitively, the space included


def bearer_token(metadata: Metadata) -> str:
    """The compact token of the one authorization header; raises RefusalError."""
    headers = [value for name, value in metadata if name == "authorization"]
    if not headers:
        refuse(Reason.NO_CREDENTIAL, "There is no authorization header.")
    if len(headers) > 1:
        refuse(Reason.BAD_CREDENTIAL, f"There are {len(headers)} authorization headers.")
    value = headers[0]
    if not isinstance(value, str) or not value.startswith(_BEARER):
        refuse(Reason.BAD_CREDENTIAL, "The authorization header has no bearer token.")
    token = value.removeprefix(_BEARER)
    if len(token) > MAX_TOKEN or token.count(".") != 2 or token.index(".") > MAX_HEADER:
        refuse(Reason.BAD_CREDENTIAL, f"A token of {len(token)} characters is not a compact one, or too large.")
    return token


def key_id(token: str) -> str:
    """What the header says about the key, believed by nobody yet; raises RefusalError when it says nothing."""
    kid = _json(token.partition(".")[0]).get("kid")
    if not isinstance(kid, str) or not kid:
        refuse(Reason.BAD_CREDENTIAL, "The token does not say which key it is signed with.")
    return kid


def claimed_issuer(token: str) -> object:
    """Who the token says has issued it, believed by nobody yet; raises RefusalError for what is no token."""
    return _json(token.split(".")[1]).get("iss")


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError) as error:
        refuse(Reason.BAD_CREDENTIAL, f"The token is malformed ({type(error).__name__}).", error)
    if not isinstance(value, dict):
        refuse(Reason.BAD_CREDENTIAL, "The token is malformed (a part is not an object).")
    return value


def shown(value: object) -> str:
    """Something of a token, for the ledger: short and quoted."""
    return repr(value)[:100]


def refuse(reason: Reason, detail: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the refusal of a credential: opaque to the caller, `detail` for the ledger."""
    raise RefusalError(reason, OPAQUE, detail=detail) from cause
