"""Prometheus, Alertmanager and Grafana: configuration, and the dashboards as code."""
