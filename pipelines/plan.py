"""What a run is asked to do: settings from files and command line, checked before anything runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

import environment
from recommender.data.ingest import DataRequest
from recommender.errors import UsageError
from recommender.settings import Params, TrainingConfig, read_settings


@dataclass(frozen=True)
class Plan:
    """Everything that a run depends on.

    Attributes:
        pipeline: ``training`` or ``rollback``.
        config: Run settings.
        params: Hyper-parameters and the seed.
        accept_data: Whether recorded data that was changed is used all the same.
        dry_run: Whether to stop before anything runs.
    """

    pipeline: str
    config: TrainingConfig
    params: Params
    accept_data: bool = False
    dry_run: bool = False

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
    for name, value in (
        ("dataset", arguments.dataset),
        ("data_path", arguments.data_path),
        ("enable_cache", False if arguments.no_cache else None),
    ):
        if value is not None:
            config_overrides[name] = value
    root = environment.ROOT
    config_file = Path(arguments.config or root / "configs" / "training.yaml")
    params_file = Path(arguments.params or root / "params.yaml")
    return Plan(
        pipeline=arguments.pipeline,
        config=read_settings(TrainingConfig, config_file, config_overrides),
        params=read_settings(Params, params_file, params_overrides),
        accept_data=arguments.accept_data,
        dry_run=arguments.dry_run,
    )


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
