"""The reports of one run as files: what goes to MLflow and to ``var/results/``."""

import json
from collections.abc import Mapping
from typing import Any

import environment
from expectations.report import render_report
from expectations.results import ValidationReport
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.model_evaluation import ModelEvaluation


def report_files(
    validation: ValidationReport,
    evaluation: ModelEvaluation,
    plots: Mapping[str, bytes],
    behaviour: BehaviourReport,
) -> dict[str, str | bytes]:
    """Return every report and plot, by its path.

    Args:
        validation: What the expectations found.
        evaluation: Metrics of the model and its parts.
        plots: PNGs of them, by file name.
        behaviour: How the model behaved.
    """
    return {
        "reports/validation.html": render_report(validation),
        "reports/validation.json": _json(validation.to_dict()),
        "reports/evaluation.json": _json(evaluation.to_dict()),
        "reports/behaviour.html": behaviour.to_html(),
        "reports/behaviour.json": _json(behaviour.to_dict()),
        **{f"plots/{name}": image for name, image in plots.items()},
    }


def keep_files(files: Mapping[str, str | bytes]) -> None:
    """Keep files in this process's work folder, from where whoever started the run takes them."""
    for name, content in files.items():
        file = environment.work_dir() / "kept" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _json(tree: Any) -> str:
    return json.dumps(tree, sort_keys=True) + "\n"
