"""What the server bears: ``python -m benchmarks.serving``."""
