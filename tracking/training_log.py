"""Log what a training run took in and brought out."""

from __future__ import annotations

import json
import math
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from recommender.bundle import MANIFEST, Bundle
from recommender.errors import RegistryError
from recommender.schema import Split
from tracking.connection import connect, registry_errors
from tracking.lineage import CodeRevision
from tracking.model_log import LoggedBundle, log_bundle
from tracking.runs import MAX_TAG

#: The model whose metrics carry no prefix, since it is the one that is served.
MAIN_MODEL = "hybrid"
#: Longest digest of a data set that MLflow stores; tags hold the whole one.
MAX_DIGEST = 36
LEFT_OUT_TAG = "roulette.metrics_not_finite"
_BATCH = 100
#: MLflow's names of the types of our columns.
_COLUMN_TYPES = {"int32": "integer", "int64": "long", "float32": "float", "float64": "double"}


class Measured(Protocol):
    """The metrics of one model; `recommender.evaluation.report.EvaluationReport` is one."""

    @property
    def model(self) -> str:
        """Name of the model: `MAIN_MODEL` or a part of it."""
        ...

    @property
    def metrics(self) -> Mapping[str, float]:
        """Values by key."""
        ...

    @property
    def intervals(self) -> Mapping[str, tuple[float, float]]:
        """``(low, high)`` by key, for those that have an interval."""
        ...


@dataclass(frozen=True)
class TrainingRecord:
    """What a run has to say besides the bundle.

    Attributes:
        split: The ratings that the model learned from and was measured on.
        reports: Metrics of the hybrid and of each part.
        artifacts: By their path in the run: a file or folder to copy, a text, or bytes.
        data_source: Where the data came from, in words or as a path or address.
        data_version: The MD5 in ``data.dvc``, or ``None`` for data outside DVC.
        revision: The code, or ``None`` outside version control.
    """

    split: Split
    reports: Sequence[Measured]
    artifacts: Mapping[str, Path | str | bytes] = field(default_factory=dict)
    data_source: str = ""
    data_version: str | None = None
    revision: CodeRevision | None = None


def log_training(run_id: str, bundle: Bundle, record: TrainingRecord) -> LoggedBundle:
    """Log a training run whole: parameters, metrics, data, code, environment, reports, model.

    Args:
        run_id: An open run.
        bundle: What was trained.
        record: Everything else.

    Returns:
        The bundle as MLflow holds it, ready to be registered.

    Raises:
        RegistryError: MLflow is out of reach, or an artifact's file is missing.
    """
    log_record(run_id, bundle, record)
    # Last, since MLflow copies the run's metrics and parameters to the model.
    return log_bundle(run_id, bundle)


def log_record(run_id: str, bundle: Bundle, record: TrainingRecord) -> None:
    """Log a training run without its model: for a bundle that the registry holds already.

    Raises:
        RegistryError: MLflow is out of reach, or an artifact's file is missing.
    """
    client = connect()
    with registry_errors(f"log to run {run_id}"):
        log_params(client, run_id, run_params(bundle))
        log_metrics(client, run_id, record.reports)
        client.log_inputs(run_id, datasets=data_inputs(record))
        log_tags(client, run_id, _lineage_tags(bundle, record))
        log_artifacts(
            client,
            run_id,
            {
                **record.artifacts,
                **environment_files(),
                f"bundle/{MANIFEST}": bundle.path / MANIFEST,
            },
        )


def run_params(bundle: Bundle) -> dict[str, str]:
    """Return the bundle's hyper-parameters, flattened with dots, and what else made it."""
    manifest = bundle.manifest
    return {
        **dict(flatten(manifest.params)),
        "seed": str(manifest.seed),
        "dataset": manifest.dataset,
        "split_method": manifest.split_method,
    }


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested mappings as dotted keys and texts.

    >>> dict(flatten({"seed": 1, "model": {"n_factors": 50}}))
    {'seed': '1', 'model.n_factors': '50'}
    """
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def log_params(client: MlflowClient, run_id: str, params: Mapping[str, str]) -> None:
    """Log parameters to a run; the same value again changes nothing."""
    entries = [Param(key, value) for key, value in sorted(params.items())]
    for start in range(0, len(entries), _BATCH):
        client.log_batch(run_id, params=entries[start : start + _BATCH])


def log_metrics(client: MlflowClient, run_id: str, reports: Sequence[Measured]) -> None:
    """Log the metrics of each report; one that is not finite is named in `LEFT_OUT_TAG` instead.

    The main model's keys stand as they are, a part's are prefixed (``svd/rmse``), and an interval
    becomes two metrics (``rmse_low``, ``rmse_high``).
    """
    log_values(
        client,
        run_id,
        {key: value for report in reports for key, value in metric_values(report)},
    )


def log_values(client: MlflowClient, run_id: str, values: Mapping[str, float]) -> None:
    """Log metrics by key; one that is not finite is named in `LEFT_OUT_TAG` instead."""
    now = int(pd.Timestamp.now(tz="UTC").timestamp() * 1000)
    entries = [
        Metric(key, float(value), timestamp=now, step=0)
        for key, value in sorted(values.items())
        if math.isfinite(value)
    ]
    for start in range(0, len(entries), _BATCH):
        client.log_batch(run_id, metrics=entries[start : start + _BATCH])
    if left_out := sorted(key for key, value in values.items() if not math.isfinite(value)):
        client.set_tag(run_id, LEFT_OUT_TAG, ", ".join(left_out)[:MAX_TAG])


def metric_values(report: Measured) -> Iterator[tuple[str, float]]:
    """Yield the metrics of one report under the keys by which MLflow knows them."""
    prefix = "" if report.model == MAIN_MODEL else f"{report.model}/"
    for key, value in report.metrics.items():
        yield prefix + key, value
    for key, (low, high) in report.intervals.items():
        yield f"{prefix}{key}_low", low
        yield f"{prefix}{key}_high", high


def data_inputs(
    record: TrainingRecord, parts: Sequence[str] = ("training", "test")
) -> list[DatasetInput]:
    """Return parts of the split as MLflow's inputs of a run.

    A data set is named once for each part, because MLflow takes an equal name and digest for one.

    Args:
        record: Where the data came from.
        parts: ``training``, ``validation`` or ``test``.
    """
    train, split = record.split.train, record.split
    frames = {"training": train.ratings, "validation": split.validation, "test": split.test}
    tags = {"digest_sha256": train.digest, "simulated": str(train.simulated).lower()}
    if record.data_version is not None:
        tags["dvc_md5"] = record.data_version
    return [
        DatasetInput(
            _dataset(f"{train.name}/{part}", train.digest, frame, record.data_source),
            [InputTag(key, value) for key, value in {"mlflow.data.context": part, **tags}.items()],
        )
        for part, frame in ((part, frames[part]) for part in parts)
    ]


def environment_files() -> dict[str, str]:
    """Return the Python version, the platform and every installed package, as two small files."""
    # What an interrupted installation left behind has no name.
    named = ((item.metadata["Name"], item.version) for item in distributions())
    packages = {name.lower(): number for name, number in named if name}
    machine = {
        "python": sys.version.split()[0],
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
    }
    pins = sorted(f"{name}=={number}" for name, number in packages.items())
    return {
        "environment/python.json": json.dumps(machine, indent=2) + "\n",
        "environment/requirements.txt": "\n".join(pins) + "\n",
    }


def log_artifacts(
    client: MlflowClient, run_id: str, artifacts: Mapping[str, Path | str | bytes]
) -> None:
    """Log files, folders, texts and bytes under their paths in the run.

    Raises:
        RegistryError: A file or folder does not exist; then nothing is logged.
    """
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as folder:
        for name, content in artifacts.items():
            _place(Path(folder) / name, content)
        client.log_artifacts(run_id, folder)


def _place(target: Path, content: Path | str | bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        target.write_text(content, encoding="utf-8")
    elif isinstance(content, bytes):
        target.write_bytes(content)
    elif content.is_dir():
        shutil.copytree(content, target)
    elif content.is_file():
        shutil.copyfile(content, target)
    else:
        raise RegistryError("the artifact to log does not exist", place=str(content))


def _dataset(name: str, digest: str, ratings: pd.DataFrame, source: str) -> Dataset:
    columns = [
        {"type": _COLUMN_TYPES.get(str(kind), "string"), "name": column, "required": True}
        for column, kind in ratings.dtypes.items()
    ]
    # Made by hand: MLflow's own profile of a frame walks through every value of it.
    return Dataset(
        name=name,
        digest=digest[:MAX_DIGEST],
        source_type="local",
        source=json.dumps({"uri": source}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": len(ratings), "num_elements": int(ratings.size)}),
    )


def _lineage_tags(bundle: Bundle, record: TrainingRecord) -> dict[str, str]:
    started_from = bundle.manifest.warm_start or {}
    return {
        **source_tags(record, bundle.manifest.code_digest),
        "roulette.bundle_digest": bundle.digest,
        **{f"roulette.warm_start_{key}": value for key, value in started_from.items()},
    }


def source_tags(record: TrainingRecord, code_digest: str) -> dict[str, str]:
    """Return the tags that say which data and code a run stands on."""
    train = record.split.train
    tags = {
        "roulette.dataset": train.name,
        "roulette.dataset_digest": train.digest,
        "roulette.simulated": str(train.simulated).lower(),
        "roulette.code_digest": code_digest,
    }
    if record.data_version is not None:
        tags["roulette.dvc_md5"] = record.data_version
    if record.revision is None:
        return {**tags, "roulette.code_revision": "unknown"}
    return {**tags, **record.revision.to_tags()}


def log_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Log tags to a run."""
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in sorted(tags.items())])
