"""The operator socket: what crosses it, and the server that the owner of a mesh runs."""
