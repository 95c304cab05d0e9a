"""The protocols of ``python -m benchmarks.accuracy``: how data is parted and what is measured."""
