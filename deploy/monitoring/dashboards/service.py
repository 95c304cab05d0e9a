"""The server: requests, lists, events, workers."""

from __future__ import annotations

from deploy.monitoring.dashboards.panels import Dashboard, Panel, Query

SERVICE = Dashboard(
    "roulette-service",
    "service",
    (
        Panel(
            "Requests a second",
            "What is asked of the API, by route.",
            (Query("roulette:http_requests:rate5m", "{{route}}"),),
            "reqps",
        ),
        Panel(
            "Failed requests",
            "Share of answers that say that the server failed.",
            (Query("roulette:http_errors:ratio_rate5m", "5xx"),),
            "percentunit",
            threshold=0.05,
        ),
        Panel(
            "Latency",
            "From the first work on a request to its answer.",
            (
                Query("roulette:http_request_seconds:p50_5m", "median"),
                Query("roulette:http_request_seconds:p99_5m", "99th percentile"),
            ),
            "s",
            threshold=0.25,
        ),
        Panel(
            "Answers by status",
            "What is 4xx was refused, what is 5xx failed.",
            (
                Query(
                    "sum by (status) (rate(roulette_http_requests_total[5m]))",
                    "{{status}}",
                ),
            ),
            "reqps",
        ),
        Panel(
            "Requests in work",
            "In work or waiting, over the workers; refused for want of room.",
            (
                Query("sum(roulette_http_in_flight_requests)", "in work"),
                Query("sum(rate(roulette_http_refused_total[5m]))", "refused a second"),
            ),
        ),
        Panel(
            "Lists by what made them",
            "Many popular lists say that visitors are not known, or that there is no model.",
            (Query("sum by (path) (rate(roulette_lists_made_total[5m]))", "{{path}}"),),
            "reqps",
        ),
        Panel(
            "Events a second",
            "Accepted, sent twice, or in conflict with what is stored.",
            (Query("sum by (outcome) (rate(roulette_events_stored_total[5m]))", "{{outcome}}"),),
            "ops",
        ),
        Panel(
            "Event backlog",
            "Events that wait to be durable, and lists that wait to be logged.",
            (
                Query("sum(roulette_events_waiting_events)", "events"),
                Query("sum(roulette_served_waiting_lists)", "served lists"),
            ),
            threshold=2000,
        ),
        Panel(
            "Lists from the cache",
            "Share of lists that a worker had made before.",
            (
                Query(
                    "sum(rate(roulette_cache_hits_total[5m])) / "
                    "clamp_min(sum(rate(roulette_cache_hits_total[5m])) + "
                    "sum(rate(roulette_cache_misses_total[5m])), 1e-9)",
                    "hits",
                ),
            ),
            "percentunit",
            most=1.0,
        ),
        Panel(
            "Workers by version",
            "Two versions at once are a swap under way.",
            (Query("sum by (version) (roulette_model_serving_workers)", "version {{version}}"),),
        ),
        Panel(
            "Refused bundles",
            "What is published and not served, over the workers.",
            (Query("sum(roulette_model_refused_bundles)", "refused"),),
            threshold=1,
        ),
        Panel(
            "Swaps, refusals, withdrawals",
            "What happened to the models of the workers.",
            (Query("sum by (kind) (increase(roulette_model_events_total[1h]))", "{{kind}}"),),
        ),
    ),
)
