"""CONFIGURATION AS VALUES: Kubernetes-style documents in, typed values out, every problem with its path. Pure."""
