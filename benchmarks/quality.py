"""How well the hybrid and each of its parts estimate and rank, on one split of one data set.

    python -m benchmarks.quality --data-path data
    python -m benchmarks.quality --data-path PATH --split temporal --split random

The bundle is trained as the pipeline trains it, with ``params.yaml``, and everything is measured
through it. The checks say what the hybrid promises: on each split a lower RMSE than the SVD and a
higher NDCG@10 than popularity, biases, content and SVD; of intervals that should hold 80 percent of
the ratings, that they hold 75 at least; on a simulated data set, for which the lowest possible RMSE
is known, an RMSE within six percent of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from benchmarks.report import Check, at_least, at_most, emit, say
from recommender.bundle import CodeState
from recommender.data.source import Source, read_dataset
from recommender.data.splitting import split_dataset
from recommender.evaluation.evaluate import evaluate
from recommender.inference import Recommender
from recommender.models.training import train_bundle
from recommender.scale import SplitMethod
from recommender.schema import Dataset
from recommender.settings import EvaluationSettings, Params, read_settings

ROOT = Path(__file__).resolve().parents[1]

_BEATEN_IN_RANKING = ("popularity", "bias", "content", "svd")
_ABOVE_FLOOR = 1.06
_INTERVAL, _FEWEST_HELD = "interval_80_coverage", 0.75
_METRICS = ("rmse", "mae", "ndcg_at_10", "precision_at_10", "recall_at_20", "coverage")
_INTERVALS = ("rmse", "ndcg_at_10")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    params = read_settings(Params, options.params)
    dataset = read_dataset(Source(options.data_path.stem, options.data_path))
    figures: dict[str, Any] = {"dataset": dataset.name, "ratings": len(dataset.ratings)}
    checks: list[Check] = []
    for method in options.split or ["temporal"]:
        figures[method] = measure_split(dataset, params, method)
        checks += promises(method, figures[method]["parts"], rmse_floor(options.data_path))
    return emit(figures, checks, check=options.check)


def measure_split(dataset: Dataset, params: Params, method: SplitMethod) -> dict[str, Any]:
    """Return training time and the metrics of the hybrid and each part on the test ratings."""
    params = replace(params, split=replace(params.split, method=method))
    split = split_dataset(dataset, params.split, params.seed)
    say(f"training on the {method} split")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        code = CodeState(None, "0" * 64)
        bundle = train_bundle(Path(folder) / "bundle", split, dataset, params, code=code)
        figures: dict[str, Any] = {"train_seconds": round(time.perf_counter() - start, 1)}
        model = Recommender.from_bundle(bundle)
        figures["parts"] = {}
        for name in model.part_names:
            say(f"  measuring {name}")
            report = evaluate(model.part(name), split, EvaluationSettings(), params.seed)
            figures["parts"][name] = {key: round(report.metrics[key], 4) for key in _METRICS} | {
                f"{key}_interval": [round(end, 4) for end in report.intervals[key]]
                for key in _INTERVALS
            }
            figures["parts"][name] |= {
                key: round(value, 4)
                for key, value in report.metrics.items()
                if key.startswith("interval_")
            }
            figures["counts"] = report.counts
    return figures


def promises(
    method: str, parts: Mapping[str, Mapping[str, float]], floor: float | None
) -> list[Check]:
    """Return what the hybrid promises on one split, held against the figures of all parts."""
    hybrid = parts["hybrid"]
    checks = [at_most(f"{method}: rmse against svd", hybrid["rmse"], parts["svd"]["rmse"])]
    checks += [
        at_least(f"{method}: ndcg_at_10 against {name}", hybrid["ndcg_at_10"], other["ndcg_at_10"])
        for name, other in parts.items()
        if name in _BEATEN_IN_RANKING
    ]
    if _INTERVAL in hybrid:
        checks.append(at_least(f"{method}: {_INTERVAL}", hybrid[_INTERVAL], _FEWEST_HELD))
    if floor is not None:
        bound = round(_ABOVE_FLOOR * floor, 4)
        checks.append(at_most(f"{method}: rmse against the floor", hybrid["rmse"], bound))
    return checks


def rmse_floor(folder: Path) -> float | None:
    """Return the lowest RMSE that a model can reach, where ``about.json`` states it."""
    about = folder / "about.json"
    if not about.is_file():
        return None
    stated = json.loads(about.read_text(encoding="utf-8")).get("rmse_floor")
    return None if stated is None else float(stated)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data-path", type=Path, default=ROOT / "data")
    parser.add_argument("--params", type=Path, default=ROOT / "params.yaml")
    parser.add_argument("--split", action="append", choices=get_args(SplitMethod))
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
