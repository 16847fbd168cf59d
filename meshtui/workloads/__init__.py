"""What the demo mesh runs: httpbin, served on a Unix socket that only its sidecar is given."""
