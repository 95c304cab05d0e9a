"""The model: what was measured of it, and how it does by what users do."""

from __future__ import annotations

from deploy.monitoring.dashboards.panels import Dashboard, Panel, Query

_AGO = "How long ago; the alert fires beyond the line."

QUALITY = Dashboard(
    "roulette-quality",
    "model quality",
    (
        Panel(
            "Model in production",
            "Version, bundle, and where a rollback goes.",
            (Query("roulette_published_model_info"),),
            kind="table",
        ),
        Panel(
            "Age of the model",
            _AGO,
            (
                Query(
                    "time() - roulette_published_model_registered_timestamp_seconds", "registered"
                ),
                Query("time() - roulette_published_model_published_timestamp_seconds", "published"),
            ),
            "s",
            "stat",
            threshold=14 * 86400,
        ),
        Panel(
            "Test metrics",
            "As measured before it was promoted.",
            (
                Query(
                    'roulette_published_model_test_score{metric=~"rmse|ndcg_at_10|recall_at_20|'
                    'precision_at_10|coverage"}',
                    "{{metric}}",
                ),
            ),
            kind="stat",
        ),
        Panel(
            "RMSE of live ratings",
            "Of ratings given on lists, by version.",
            (Query('roulette_performance_value{metric="rmse"}', "version {{version}}"),),
        ),
        Panel(
            "NDCG and click-through of live lists",
            "By what users did with them.",
            (
                Query(
                    'roulette_performance_value{metric!="rmse"}', "{{metric}}, version {{version}}"
                ),
            ),
        ),
        Panel(
            "Labels",
            "Share of what users did that belongs to a list we know, and lists looked at.",
            (
                Query("roulette_performance_join_ratio", "joined"),
                Query("roulette_performance_lists", "lists of version {{version}}"),
            ),
        ),
        Panel(
            "Label delay",
            "From a list to what was done with it, the median.",
            (Query("roulette_performance_label_delay_seconds", "delay"),),
            "s",
        ),
        Panel(
            "Reach",
            "Share of the catalogue that is shown, and of lists for strangers.",
            (
                Query("roulette_lists_coverage_ratio", "coverage"),
                Query("roulette_lists_cold_users_ratio", "strangers"),
            ),
            "percentunit",
            most=1.0,
        ),
        Panel(
            "Popularity lift",
            "How much more popular than the catalogue's mean what is shown is.",
            (Query("roulette_lists_popularity_lift_ratio", "lift"),),
        ),
    ),
)
