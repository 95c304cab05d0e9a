"""What is found, how fast: ``python -m benchmarks.search``."""
