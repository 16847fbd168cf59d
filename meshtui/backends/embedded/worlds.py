"""What a proxy of the embedded mesh is told: `xds` computes the resources, here they get their versions."""

from __future__ import annotations

from typing import Any

from meshtui.errors import IdentityError
from meshtui.identity.inspect import facts, load_certificates
from meshtui.manifest.catalog import Catalog
from meshtui.wire.discovery import SECRET, Resource, World, content_version
from meshtui.xds.context import ProxyContext
from meshtui.xds.resources import resources_of


def world_of(catalog: Catalog, context: ProxyContext) -> World:
    """Everything for the proxy of `context`, versioned: secrets by serial number, the rest by content."""
    return {
        type_url: {
            name: Resource(_secret_version(message) if type_url == SECRET else content_version(message), message)
            for name, message in messages.items()
        }
        for type_url, messages in resources_of(catalog, context).items()
    }


def _secret_version(secret: Any) -> str:
    chain = secret.tls_certificate.certificate_chain.inline_bytes
    if not chain:
        return content_version(secret.validation_context)
    try:
        return facts(load_certificates(chain)[0]).serial
    except IdentityError:
        # Envoy will refuse it and say why; the version only has to change with the certificate
        return content_version(secret.tls_certificate.certificate_chain)
