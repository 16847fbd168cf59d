"""Writes policies for tests: documents of Istio's security kinds and of DestinationRule."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.manifest.writing import ISTIO, document

SECURITY = "security.istio.io/v1"


def peer_authentication(name: str, mode: str = "", namespace: str = "prod", **spec: Any) -> dict[str, Any]:
    """A PeerAuthentication; without a mode it says none."""
    mtls = {"mtls": {"mode": mode}} if mode else {}
    return document("PeerAuthentication", name, namespace, SECURITY, spec={**mtls, **spec})


def authorization_policy(
    name: str, *rules: dict[str, Any], namespace: str = "prod", dry_run: str = "", **spec: Any
) -> dict[str, Any]:
    """An AuthorizationPolicy of these rules; without any it has none."""
    found = document("AuthorizationPolicy", name, namespace, SECURITY, spec=spec)
    if rules:
        found["spec"]["rules"] = list(rules)
    if dry_run:
        found["metadata"]["annotations"] = {"istio.io/dry-run": dry_run}
    return found


def request_authentication(name: str, *rules: dict[str, Any], namespace: str = "prod", **spec: Any) -> dict[str, Any]:
    """A RequestAuthentication of these rules."""
    found = document("RequestAuthentication", name, namespace, SECURITY, spec=spec)
    if rules:
        found["spec"]["jwtRules"] = list(rules)
    return found


def destination_rule(name: str, host: str, mode: str = "", namespace: str = "prod", **policy: Any) -> dict[str, Any]:
    """A DestinationRule; `policy` adds to its trafficPolicy."""
    traffic = {**({"tls": {"mode": mode}} if mode else {}), **policy}
    return document("DestinationRule", name, namespace, ISTIO, spec={"host": host, "trafficPolicy": traffic})


def source(**fields: Any) -> dict[str, Any]:
    """A rule about who calls."""
    return {"from": [{"source": fields}]}


def operation(**fields: Any) -> dict[str, Any]:
    """A rule about what is asked for."""
    return {"to": [{"operation": fields}]}


def when(key: str, *values: str, **more: Any) -> dict[str, Any]:
    """A rule with one condition."""
    return {"when": [{"key": key, **({"values": list(values)} if values else {}), **more}]}


@cache
def keys() -> dict[str, dict[str, Any]]:
    """A public key of each kind that verifies tokens, by kind."""
    made = (RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"))
    return {key.key_type: dict(key.as_dict(private=False)) for key in made}


def jwks(*given: Any) -> str:
    """A JSON Web Key Set; without keys one with an elliptic one."""
    return json.dumps({"keys": list(given) or [keys()["EC"]]})


def jwt_rule(issuer: str = "issuer.example.com", **more: Any) -> dict[str, Any]:
    """Whose tokens are valid."""
    return {"issuer": issuer, "jwks": jwks(), **more}
