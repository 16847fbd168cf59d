"""MAY, pure: what policies mean. Manifests and a question in, a decision with its reasons out."""
