"""Runs, alerts and the publisher."""

from __future__ import annotations

from deploy.monitoring.dashboards.panels import Dashboard, Panel, Query

PIPELINES = Dashboard(
    "roulette-pipelines",
    "pipelines",
    (
        Panel(
            "Last run",
            "How long ago.",
            (Query("time() - roulette_pipeline_last_run_timestamp_seconds", "{{pipeline}}"),),
            "s",
            "stat",
        ),
        Panel(
            "Last success",
            "How long ago.",
            (Query("time() - roulette_pipeline_last_success_timestamp_seconds", "{{pipeline}}"),),
            "s",
            "stat",
        ),
        Panel(
            "Last run succeeded",
            "1 is yes, 0 is no.",
            (Query("roulette_pipeline_last_succeeded_ratio", "{{pipeline}}"),),
            "short",
            "stat",
        ),
        Panel(
            "Duration",
            "Of the last run.",
            (Query("roulette_pipeline_last_duration_seconds", "{{pipeline}}"),),
            "s",
        ),
        Panel(
            "Runs",
            "By outcome, since the state folder was made.",
            (Query("roulette_pipeline_runs_total", "{{pipeline}}: {{outcome}}"),),
        ),
        Panel(
            "Alerts",
            "Raised by what found them, and not delivered by channel.",
            (
                Query("roulette_alerts_raised_total", "{{step}}"),
                Query("roulette_alerts_undelivered_total", "not delivered: {{channel}}"),
            ),
        ),
        Panel(
            "Publisher",
            "How long ago it looked at the registry.",
            (
                Query("time() - roulette_publisher_last_look_timestamp_seconds", "looked"),
                Query("time() - roulette_publisher_last_success_timestamp_seconds", "succeeded"),
            ),
            "s",
            "stat",
            threshold=60,
        ),
        Panel(
            "Publisher fails, model taken back",
            "1 is yes, 0 is no.",
            (
                Query("roulette_publisher_failing_ratio", "fails"),
                Query("roulette_published_model_withdrawn_ratio", "taken back"),
            ),
            "short",
            "stat",
            threshold=1,
        ),
        Panel(
            "State that can be read",
            "1 is yes, 0 is no.",
            (Query("roulette_exporter_readable_ratio", "{{source}}"),),
        ),
    ),
)
