"""The domain library: knows arrays and frames, never an orchestrator, registry or web server."""
