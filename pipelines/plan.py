"""What a run is asked to do: settings from files and command line, checked before anything runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

import environment
from monitoring.settings import MonitoringConfig
from pipelines.interval import parse_interval
from recommender.data.ingest import DataRequest
from recommender.errors import UsageError
from recommender.settings import (
    ComparisonConfig,
    Params,
    RunConfig,
    TrainingConfig,
    TuningConfig,
    read_settings,
)

C = TypeVar("C", bound=RunConfig)

#: The run settings of each pipeline, and the file below ``configs/`` that has them.
_CONFIGS: dict[str, tuple[type[RunConfig], str]] = {
    "training": (TrainingConfig, "training.yaml"),
    "comparison": (ComparisonConfig, "comparison.yaml"),
    "tuning": (TuningConfig, "tuning.yaml"),
    "rollback": (TrainingConfig, "training.yaml"),
    "monitoring": (MonitoringConfig, "monitoring.yaml"),
}
#: Options of the command line that stand for a setting which only some pipelines have.
_OPTIONS = {
    ("comparison", "trials"): "comparison.trials",
    ("tuning", "trials"): "tuning.trials",
    ("tuning", "model"): "tuning.model",
}


#: Options that are no settings, and the pipeline that has them.
_OWN_OPTIONS = {("tuning", "write"), ("monitoring", "retrain"), ("monitoring", "watch")}


@dataclass(frozen=True)
class Plan:
    """Everything that a run depends on.

    Attributes:
        pipeline: ``training``, ``comparison``, ``tuning``, ``rollback`` or ``monitoring``.
        config: Run settings, of the pipeline's own class.
        params: Hyper-parameters and the seed.
        params_file: The file that has them.
        accept_data: Whether recorded data that was changed is used all the same.
        dry_run: Whether to stop before anything runs.
        write: Whether tuning writes the best values into ``params_file``.
        retrain: Whether monitoring is asked to retrain.
        watch_seconds: From the start of a round of monitoring to that of the next; ``None`` for a
            single one.
    """

    pipeline: str
    config: RunConfig
    params: Params
    params_file: Path
    accept_data: bool = False
    dry_run: bool = False
    write: bool = False
    retrain: bool = False
    watch_seconds: float | None = None

    @property
    def data_request(self) -> DataRequest:
        """Which data the run wants."""
        config = self.config
        path = str(Path(config.data_path).resolve()) if config.data_path else None
        movies = str(Path(config.movies_path).resolve()) if config.movies_path else None
        return DataRequest(config.dataset, path, config.column_map, movies, self.accept_data)

    def rows(self) -> list[tuple[str, str]]:
        """Return the plan as labels and texts for a person."""
        request = self.data_request
        rows = [("data set", request.name)]
        if request.path:
            rows.append(("data path", request.path))
        rows += [
            (f"{group}.{key}" if group else key, str(value))
            for group, key, value in _leaves({**asdict(self.config), **asdict(self.params)})
        ]
        return rows


def make_plan(arguments: argparse.Namespace) -> Plan:
    """Return the plan that the command line and the settings files make together.

    Raises:
        UsageError: A file, key or value cannot be obeyed.
    """
    config_overrides, params_overrides = _sort_overrides(arguments.set)
    config_overrides |= _options(arguments)
    _check_write(arguments, params_overrides)
    root = environment.ROOT
    config_class, config_name = _CONFIGS[arguments.pipeline]
    config_file = Path(arguments.config or root / "configs" / config_name)
    params_file = Path(arguments.params or root / "params.yaml")
    plan = Plan(
        pipeline=arguments.pipeline,
        config=read_settings(config_class, config_file, config_overrides),
        params=read_settings(Params, params_file, params_overrides),
        params_file=params_file,
        accept_data=arguments.accept_data,
        dry_run=arguments.dry_run,
        write=arguments.write,
        retrain=arguments.retrain,
        watch_seconds=None if arguments.watch is None else parse_interval(arguments.watch),
    )
    _check_dataset(plan.config)
    _check_models(plan.config)
    return plan


def config_of(plan: Plan, config_class: type[C]) -> C:
    """Return the plan's run settings as those of one pipeline.

    Raises:
        TypeError: The plan is of another pipeline.
    """
    if not isinstance(plan.config, config_class):
        raise TypeError(f"a plan of {plan.pipeline} has no {config_class.__name__}")
    return plan.config


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that have an option of their own.

    Raises:
        UsageError: An option does not belong to the pipeline.
    """
    overrides = {
        "dataset": arguments.dataset,
        "data_path": arguments.data_path,
        "with_events": True if arguments.with_events else None,
        "enable_cache": False if arguments.no_cache else None,
    }
    for option in ("trials", "model", "write", "retrain", "watch"):
        value = getattr(arguments, option)
        if value is None or value is False:
            continue
        if (arguments.pipeline, option) in _OWN_OPTIONS:
            continue
        key = _OPTIONS.get((arguments.pipeline, option))
        if key is None:
            raise UsageError(f"{arguments.pipeline} has no such option", place=f"--{option}")
        overrides[key] = value
    return {key: value for key, value in overrides.items() if value is not None}


def _check_write(arguments: argparse.Namespace, params_overrides: dict[str, Any]) -> None:
    if arguments.write and params_overrides:
        raise UsageError(
            "cannot be combined with --set of a hyper-parameter: the file would not hold the "
            "configuration that was measured",
            place="--write",
            value=", ".join(params_overrides),
            remedy="Put the values into a copy of params.yaml and name it with --params.",
        )


def _check_dataset(config: RunConfig) -> None:
    """Check the name of the data set before anything runs.

    Raises:
        UsageError: It is unknown, and no path says where the data lies.
    """
    if config.data_path is None:
        # Imported now: a run of its own imports it later, with the libraries that take seconds.
        from recommender.data.ingest import check_name  # noqa: PLC0415

        check_name(config.dataset)


def _check_models(config: RunConfig) -> None:
    """Check the names of models before anything runs.

    Raises:
        UsageError: One is unknown, or cannot be tuned for the objective.
    """
    if not isinstance(config, ComparisonConfig | TuningConfig):
        return
    # Imported now: the trainers take seconds, which the other pipelines need not wait for.
    from recommender.models.scorers import check_names, objective_of  # noqa: PLC0415

    if isinstance(config, ComparisonConfig):
        check_names((*config.comparison.models, config.comparison.reference))
    else:
        objective_of(config.tuning.model, config.tuning.objective)


def _sort_overrides(texts: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part ``KEY=VALUE`` texts into those of the run settings and those of the parameters."""
    config: dict[str, Any] = {}
    params: dict[str, Any] = {}
    params_keys = {item.name for item in fields(Params)}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(
                "must be KEY=VALUE",
                place="--set",
                value=text,
                remedy="Example: model.n_factors=50.",
            )
        target = params if key.split(".")[0] in params_keys else config
        try:
            target[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UsageError("not a YAML value", place=f"--set {key}", value=value) from error
    return config, params


def _leaves(tree: dict[str, Any]) -> list[tuple[str, str, Any]]:
    rows = []
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            rows += [(key, name, item) for name, item in value.items()]
        else:
            rows.append(("", key, value))
    return rows
