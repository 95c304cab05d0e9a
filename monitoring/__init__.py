"""Profiles of live traffic, drift against what production was trained on, and when to retrain."""
