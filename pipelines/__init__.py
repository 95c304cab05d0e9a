"""The steps wired together, and what surrounds a run: configuration, alerts, the summary."""
