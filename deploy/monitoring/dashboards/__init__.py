"""Grafana's dashboards as code; the JSON that Grafana is provisioned with is made of it."""
