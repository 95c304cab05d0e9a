"""Hostile requests by the hundred thousand, and a judge of the answers."""
