"""The mesh's own API server: manifests, service-account tokens, and the journal of what operators did."""
