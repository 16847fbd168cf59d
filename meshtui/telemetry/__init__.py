"""WHAT HAPPENED: calls as the proxies tell them, counted, kept within a bound, and told to Prometheus."""
