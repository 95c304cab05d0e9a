"""Log a bundle as an MLflow model that works wherever MLflow can load it.

The model holds the bundle, one file of code that answers, and a copy of what inference needs of
the ``recommender`` package: it loads in any working directory, without this project, and answers
with the very code with which it was measured.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from recommender.bundle import Bundle
from tracking.connection import connect, registry_errors
from tracking.lineage import ROOT

MODEL_NAME = "hybrid"
#: In which MLflow describes a model, within its folder.
MODEL_FILE = "MLmodel"
#: What a model needs to answer, besides Python.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pyyaml", "scipy")
#: What inference never imports, hence no model carries.
_NOT_SERVED = ("__pycache__", "models", "evaluation", "data")
_CODE = Path(__file__).with_name("pyfunc_model.py")
#: Length of a list for whom does not say.
DEFAULT_K = 10


@dataclass(frozen=True)
class LoggedBundle:
    """A bundle that MLflow holds.

    Attributes:
        model_id: MLflow's id of the logged model.
        uri: By which ``mlflow.pyfunc.load_model`` loads it.
        digest: SHA-256 of the bundle's manifest.
    """

    model_id: str
    uri: str
    digest: str


def log_bundle(run_id: str, bundle: Bundle) -> LoggedBundle:
    """Log ``bundle`` to a run as a models-from-code pyfunc, with its signature and requirements.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    client = connect()
    with registry_errors(f"log the bundle to run {run_id}"):
        model = _create(client, run_id, bundle)
        with (
            tempfile.TemporaryDirectory(prefix="movie-roulette-") as folder,
            warnings.catch_warnings(),
        ):
            # An example of the input would make MLflow load the whole model once more.
            warnings.filterwarnings("ignore", message=".*input example was not provided")
            Model.log(
                artifact_path=None,
                flavor=mlflow.pyfunc,
                model_id=model.model_id,
                run_id=run_id,
                python_model=str(_CODE),
                artifacts={"bundle": str(bundle.path)},
                code_paths=[str(_copy_package(Path(folder)))],
                pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
                signature=signature(),
            )
    return LoggedBundle(model.model_id, f"models:/{model.model_id}", bundle.digest)


def signature() -> ModelSignature:
    """Return what the model takes (``user_id``, and the length ``k``) and gives."""
    outputs = [
        ColSpec(DataType.long, "user_id"),
        ColSpec(DataType.long, "rank"),
        ColSpec(DataType.long, "movie_id"),
        ColSpec(DataType.string, "title"),
        ColSpec(DataType.double, "score"),
        ColSpec(DataType.string, "path"),
    ]
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.long, "user_id")]),
        outputs=Schema(outputs),
        params=ParamSchema([ParamSpec("k", DataType.long, DEFAULT_K)]),
    )


def bundle_path(model_file: Path) -> str:
    """Return the path of the bundle within a model.

    Args:
        model_file: The model's file ``MLmodel``.

    Raises:
        KeyError: The model is not one of `log_bundle`.
    """
    flavor = Model.load(str(model_file)).flavors["python_function"]
    return str(flavor["artifacts"]["bundle"]["path"])


def _create(client: MlflowClient, run_id: str, bundle: Bundle) -> Any:
    run = client.get_run(run_id)
    return client.create_logged_model(
        run.info.experiment_id,
        name=MODEL_NAME,
        source_run_id=run_id,
        tags={"roulette.bundle_digest": bundle.digest},
        params={key: str(value) for key, value in run.data.params.items()},
    )


def _copy_package(folder: Path) -> Path:
    copy = folder / "recommender"
    shutil.copytree(ROOT / "recommender", copy, ignore=shutil.ignore_patterns(*_NOT_SERVED))
    return copy
