"""ASKS THE WIRE: TLS handshakes and HTTP requests, as a stranger would make them."""
