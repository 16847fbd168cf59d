"""EDGE: which Secret a gateway's listener resolves to, and every way that can be wrong. Pure."""
