"""DISTRIBUTES: manifests in, Envoy resources out (pure, but for `ads_service`, which hands them to proxies)."""
