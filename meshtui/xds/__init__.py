"""DISTRIBUTES: Envoy resources computed from manifests by pure functions, served over ADS."""
