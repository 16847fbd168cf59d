"""RUNS PROXIES: finds the Envoy binary, writes its bootstrap, keeps its processes alive, reads their admin."""
