"""WIRE CONTRACTS: the Istio CA messages, and discovery (xDS) as a protocol without I/O."""
