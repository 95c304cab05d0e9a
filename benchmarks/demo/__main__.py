"""``python -m benchmarks.demo``: the loop without hands, and what the viewers truly felt.

Trains on the sample, serves it to simulated viewers, shifts their taste, looks for drift, trains
again, promotes and swaps under traffic; then trains on poisoned data, which must change nothing.
Everything lies in ``var/demo``, with a plot of the viewers' true satisfaction.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

import environment
from benchmarks.demo.plot import plot_satisfaction
from benchmarks.demo.story import Pace, Story, play
from benchmarks.report import Check, at_least, at_most, emit, say

_DATA_REJECTED = 3
_MOST_SECONDS = 600.0
#: Of the traffic: until the shift, until the swap, and from then on.
_PERIODS = ("before", "during", "after")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the demo, print its report, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a check is not ok")
    parser.add_argument("--short", action="store_true", help="less traffic, for tests")
    options = parser.parse_args(arguments)
    folder = environment.state_dir() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.monotonic()
    pace = Pace(60.0, 60.0, 25.0, 420.0, 20.0, 12) if options.short else Pace()
    story = play(folder, pace)
    seconds = time.monotonic() - begun
    periods = by_period(story)
    picture = plot_satisfaction(story, folder / "satisfaction.png")
    say(_table(periods))
    say(f"plot: {picture}")
    return emit(figures(story, periods, seconds), checks(story, seconds), check=options.check)


def by_period(story: Story) -> dict[str, dict[str, float]]:
    """Return the mean quality of lists: before the shift, until the swap, and after it."""
    shift, swap = story.moments["shift"], story.moments["swap"]
    bounds = {"before": (0.0, shift), "during": (shift, swap), "after": (swap, float("inf"))}
    found = {}
    for name, (start, end) in bounds.items():
        rows = [row for row in story.drive["timeline"] if start <= row["second"] < end]
        lists = sum(row["lists"] for row in rows)
        keys = ("satisfaction", "regret", "ndcg", "taste")
        found[name] = {
            key: round(sum(row[key] * row["lists"] for row in rows) / max(lists, 1), 4)
            for key in keys
        }
    return found


def figures(story: Story, periods: dict[str, dict[str, float]], seconds: float) -> dict[str, Any]:
    """Return what came of it, for the report."""
    return {
        "seconds": round(seconds, 1),
        "versions": story.versions,
        "moments": story.moments,
        "causes": story.alarmed.result.get("causes"),
        "notes": story.alarmed.result.get("notes"),
        "true_quality": periods,
        "ndcg_gained_by_retraining": round(periods["after"]["ndcg"] - periods["during"]["ndcg"], 4),
        "by_version": story.drive["truth"],
        "requests": story.drive["requests"],
        "failed": story.drive["failed"],
        "reopened_connections": story.drive["reopened_connections"],
        "poisoned": story.poisoned.result.get("error"),
        "alerts": [alert["message"] for alert in story.alerts],
    }


def checks(story: Story, seconds: float) -> list[Check]:
    """Return the promises of the demo."""
    first, last = story.versions
    return [
        at_most("training_status", story.training.code, 0),
        at_most("retrainings_while_steady", float(story.calm.result["retrain"]), 0),
        at_least("retrainings_after_the_shift", float(story.alarmed.result["retrain"]), 1),
        at_least("new_version_serves", float(last != first), 1),
        at_most("failed_requests", story.drive["failed_requests"], 0),
        at_least("poisoned_data_rejected", float(story.poisoned.code == _DATA_REJECTED), 1),
        at_least("production_kept", float(story.production_kept), 1),
        at_least("alerts_of_poison", len(story.alerts), 1),
        at_most("seconds", seconds, _MOST_SECONDS),
    ]


def _table(periods: dict[str, dict[str, float]]) -> str:
    rows = [f"{'':8} {'satisfaction':>12} {'regret':>8} {'true NDCG':>10}"]
    for name in _PERIODS:
        row = periods[name]
        rows.append(
            f"{name:8} {row['satisfaction']:12.3f} {row['regret']:8.3f} {row['ndcg']:10.3f}"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
