"""What the state folder says of pipelines, models, drift and alerts, as Prometheus metrics."""
