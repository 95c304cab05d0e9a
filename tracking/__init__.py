"""Runs, registry and promotion: the only code that knows MLflow."""
