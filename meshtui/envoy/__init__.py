"""RUNS PROXIES: finds the binary, writes bootstraps, supervises processes, reads their admin."""
