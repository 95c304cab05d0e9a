"""The reports of one run as files: what goes to MLflow and to ``var/results/``."""

import json
from typing import Any

import environment
from expectations.report import render_report
from expectations.validation import ValidationReport
from recommender.evaluation import plots
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.model_evaluation import ModelEvaluation


def report_files(
    validation: ValidationReport,
    evaluation: ModelEvaluation,
    behaviour: BehaviourReport,
) -> dict[str, str | bytes]:
    """Return every report and plot, by its path.

    Args:
        validation: What the expectations found.
        evaluation: Metrics of the model and its parts.
        behaviour: How the model behaved.
    """
    return {
        "reports/validation.html": render_report(validation),
        "reports/validation.json": _json(validation.to_dict()),
        "reports/evaluation.json": _json(evaluation.to_dict()),
        "reports/behaviour.html": behaviour.to_html(),
        "reports/behaviour.json": _json(behaviour.to_dict()),
        "plots/rating_errors.png": plots.plot_error_histogram(evaluation.test),
        "plots/calibration.png": plots.plot_calibration(evaluation.test),
        "plots/rmse_by_slice.png": plots.plot_slices(evaluation.test, "rmse"),
        "plots/ndcg_by_slice.png": plots.plot_slices(evaluation.test, "ndcg_at_10"),
        "plots/models.png": plots.plot_models(evaluation.compared),
    }


def keep_page(name: str, page: str) -> None:
    """Keep a page in this process's work folder, from where a failed run's pages are saved."""
    folder = environment.work_dir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(page, encoding="utf-8")


def _json(tree: Any) -> str:
    return json.dumps(tree, indent=1, sort_keys=True) + "\n"
