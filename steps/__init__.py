"""ZenML steps: one verb a file, each an adapter around one call of the library."""
