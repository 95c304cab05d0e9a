"""Simulated viewers who visit a running server, and how well it served them in truth."""
