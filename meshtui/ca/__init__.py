"""SIGNS: the certificate authority, run as a process of its own. Meets agents over gRPC only."""
