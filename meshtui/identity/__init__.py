"""WHO: SPIFFE IDs, keys, CSRs, SVIDs and bundles as values. Pure: no clock, no file, no socket."""
