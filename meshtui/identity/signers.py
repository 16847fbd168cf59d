"""What those who sign gateway certificates are called, where a name must not be mistaken for another."""

from __future__ import annotations

MESH_CA = "mesh/ca"
"""The CA that signs for workloads, as the issuer of a gateway certificate. A gateway root is called by a DNS name,
which never has a slash."""
