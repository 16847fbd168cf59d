"""Policies decide, without anything that runs."""
