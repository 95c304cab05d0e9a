"""Live traffic against the training, and what was decided."""

from __future__ import annotations

from deploy.monitoring.dashboards.panels import Dashboard, Panel, Query

_AGO = "How long ago; the alert fires beyond the line."

DRIFT = Dashboard(
    "roulette-drift",
    "drift",
    (
        Panel(
            "Population stability index",
            "Of the latest window from what production was trained on.",
            (Query('roulette_drift_distance_ratio{distance="psi"}', "{{column}}"),),
            threshold=0.2,
        ),
        Panel(
            "Windows beyond the threshold",
            "In a row; three are a cause to train again.",
            (Query("roulette_drift_streak_windows", "{{signal}}"),),
            threshold=3,
        ),
        Panel(
            "Other distances",
            "The largest of any column; they lie between 0 and 1.",
            (
                Query(
                    'max by (distance) (roulette_drift_distance_ratio{distance!="psi"})',
                    "{{distance}}",
                ),
            ),
        ),
        Panel(
            "Values in the latest window",
            "Below 500 a column says nothing.",
            (Query("roulette_drift_samples_values", "{{column}}"),),
        ),
        Panel(
            "Drift measured",
            _AGO,
            (Query("time() - roulette_drift_measured_timestamp_seconds", "measured"),),
            "s",
            "stat",
            threshold=3 * 3600,
        ),
        Panel(
            "Lists against the model before",
            "Of fixed users: share of movies in both lists, and correlation of ranks.",
            (
                Query("roulette_lists_overlap_ratio", "overlap"),
                Query("roulette_lists_rank_correlation_ratio", "rank correlation"),
            ),
            "percentunit",
            most=1.0,
        ),
        Panel(
            "Decisions",
            "What each round of monitoring came to.",
            (Query("roulette_retraining_decisions_total", "{{decision}}"),),
        ),
        Panel(
            "Retrainings",
            "How they ended, and whether one is under way.",
            (
                Query("roulette_retraining_ended_total", "{{outcome}}"),
                Query("roulette_retraining_open_runs", "under way"),
            ),
        ),
        Panel(
            "Rows for the profiler",
            "Written, left out of the sample, and dropped for want of room, a second.",
            (
                Query("sum(rate(roulette_profile_rows_written_total[5m]))", "written"),
                Query("sum(rate(roulette_profile_rows_left_out_total[5m]))", "left out"),
                Query("sum(rate(roulette_profile_rows_dropped_total[5m]))", "dropped"),
            ),
            "ops",
        ),
        Panel(
            "Profiler",
            "Pieces of traffic that wait for it, and profiles that cannot be read.",
            (
                Query("roulette_profile_waiting_pieces", "waiting"),
                Query("roulette_profile_damaged_files", "damaged"),
            ),
            threshold=60,
        ),
    ),
)
