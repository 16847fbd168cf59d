"""meshtui: a terminal dashboard for operating mesh identities."""

__version__ = "0.1.0"
