"""How the project's own types are stored as ZenML artifacts: Parquet, JSON and bundle folders.

Nothing is pickled. A materializer is named by the step that returns the type, so importing this
module registers nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pandas as pd
from zenml.enums import ArtifactType, VisualizationType
from zenml.io import fileio
from zenml.materializers.base_materializer import BaseMaterializer

from expectations.results import ValidationReport
from recommender.bundle import Bundle, open_bundle
from recommender.comparison.report import Comparison
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.scale import RatingScale
from recommender.schema import (
    CREDIT_DTYPES,
    MOVIE_DTYPES,
    RATING_DTYPES,
    TAG_DTYPES,
    CleaningReport,
    Dataset,
    Split,
)
from recommender.tuning.report import TuningReport

_TABLES = {
    "ratings": RATING_DTYPES,
    "movies": MOVIE_DTYPES,
    "tags": TAG_DTYPES,
    "credits": CREDIT_DTYPES,
}


class _FolderMaterializer(BaseMaterializer):
    """Reads and writes files below the artifact's address, on any artifact store."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA

    def _write_text(self, name: str, text: str) -> str:
        uri = str(PurePosixPath(self.uri) / name)
        with self.artifact_store.open(uri, "wb") as stream:
            stream.write(text.encode("utf-8"))
        return uri

    def _read_text(self, name: str) -> str:
        with self.artifact_store.open(str(PurePosixPath(self.uri) / name), "rb") as stream:
            return str(stream.read().decode("utf-8"))

    def _write_frame(self, name: str, frame: pd.DataFrame) -> None:
        uri = str(PurePosixPath(self.uri) / f"{name}.parquet")
        with self.artifact_store.open(uri, "wb") as stream:
            frame.to_parquet(stream, index=False, compression="zstd")

    def _read_frame(self, name: str, dtypes: dict[str, str]) -> pd.DataFrame:
        uri = str(PurePosixPath(self.uri) / f"{name}.parquet")
        with self.artifact_store.open(uri, "rb") as stream:
            return pd.read_parquet(stream).astype(dtypes)


class DatasetMaterializer(_FolderMaterializer):
    """Stores a `Dataset` as one Parquet file a table and a JSON file."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Dataset,)

    def save(self, data: Dataset) -> None:
        """Write the tables and what describes them."""
        tables = [table for table in _TABLES if getattr(data, table) is not None]
        about = {
            "name": data.name,
            "digest": data.digest,
            "scale": asdict(data.scale),
            "simulated": data.simulated,
            "cleaning": asdict(data.cleaning) if data.cleaning else None,
            "tables": tables,
        }
        self._write_text("dataset.json", json.dumps(about))
        for table in tables:
            self._write_frame(table, getattr(data, table))

    def load(self, data_type: type[Any]) -> Dataset:  # noqa: ARG002 - ZenML's signature
        """Read the dataset back."""
        about = json.loads(self._read_text("dataset.json"))
        cleaning = about["cleaning"]
        tables = {table: self._read_frame(table, _TABLES[table]) for table in about["tables"]}
        return Dataset(
            name=about["name"],
            digest=about["digest"],
            scale=RatingScale(**about["scale"]),
            simulated=about["simulated"],
            cleaning=CleaningReport.from_plain(cleaning) if cleaning else None,
            **tables,
        )

    def extract_metadata(self, data: Dataset) -> dict[str, Any]:
        """Return the counts that the dashboard shows."""
        report = data.cleaning or CleaningReport(0, 0)
        return {
            "name": data.name,
            "digest": data.digest,
            "simulated": data.simulated,
            "ratings": len(data.ratings),
            "users": int(data.ratings["user_id"].nunique()),
            "movies": len(data.movies),
            "removed_rows": {
                **{reason: int(rows) for reason, rows in report.removed.items()},
                **{f"{it.file}: {it.reason}": it.rows for it in report.elsewhere},
            },
        }


class SplitMaterializer(DatasetMaterializer):
    """Stores a `Split`: its training dataset, and the validation and test ratings beside it."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Split,)

    def save(self, data: Split) -> None:  # type: ignore[override]  # another type, same layout
        """Write the three parts."""
        super().save(data.train)
        about = {
            name: getattr(data, name) for name in ("method", "seed", "train_end", "validation_end")
        }
        self._write_text("split.json", json.dumps(about))
        self._write_frame("validation", data.validation)
        self._write_frame("test", data.test)

    def load(self, data_type: type[Any]) -> Split:  # type: ignore[override]  # as above
        """Read the split back."""
        return Split(
            train=super().load(data_type),
            validation=self._read_frame("validation", RATING_DTYPES),
            test=self._read_frame("test", RATING_DTYPES),
            **json.loads(self._read_text("split.json")),
        )

    def extract_metadata(self, data: Split) -> dict[str, Any]:  # type: ignore[override]  # as above
        """Return the sizes of the parts."""
        return {
            "method": data.method,
            "train_ratings": len(data.train.ratings),
            "validation_ratings": len(data.validation),
            "test_ratings": len(data.test),
        }


class BundleMaterializer(_FolderMaterializer):
    """Stores a `Bundle` as its folder of arrays."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Bundle,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL

    def save(self, data: Bundle) -> None:
        """Copy every file of the bundle."""
        for file in sorted(data.path.iterdir()):
            fileio.copy(str(file), str(PurePosixPath(self.uri) / file.name), overwrite=True)

    def load(self, data_type: type[Any]) -> Bundle:  # noqa: ARG002 - ZenML's signature
        """Open the bundle where it lies, or fetch it from a store that is not a local folder."""
        folder = Path(self.uri)
        if not folder.is_dir():
            folder = Path(self.get_temporary_directory(delete_at_exit=True))
            for name in fileio.listdir(self.uri):
                fileio.copy(str(PurePosixPath(self.uri) / str(name)), str(folder / str(name)))
        return open_bundle(folder)

    def extract_metadata(self, data: Bundle) -> dict[str, Any]:
        """Return what names the model."""
        return {
            "digest": data.digest,
            "dataset_digest": data.manifest.dataset_digest,
            "code_revision": data.manifest.code_revision or "not under version control",
        }


class ReportMaterializer(_FolderMaterializer):
    """Stores the project's reports as JSON and shows them as pages in the dashboard."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (
        ValidationReport,
        ModelEvaluation,
        BehaviourReport,
    )
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def save(self, data: Any) -> None:
        """Write the report as JSON."""
        self._write_text("report.json", json.dumps(data.to_dict()))

    def load(self, data_type: type[Any]) -> Any:
        """Read the report back into its class."""
        return data_type.from_dict(json.loads(self._read_text("report.json")))


class PlotsMaterializer(_FolderMaterializer):
    """Stores PNGs by file name, and shows them in the dashboard."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (dict,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def save(self, data: dict[str, bytes]) -> None:
        """Write a file for each plot, and their order."""
        self._write_text("names.json", json.dumps(list(data)))
        for name, image in data.items():
            with self.artifact_store.open(self._uri(name), "wb") as stream:
                stream.write(image)

    def load(self, data_type: type[Any]) -> dict[str, bytes]:
        """Read the plots back, in their order."""
        del data_type
        images = {}
        for name in json.loads(self._read_text("names.json")):
            with self.artifact_store.open(self._uri(name), "rb") as stream:
                images[name] = stream.read()
        return images

    def save_visualizations(self, data: dict[str, bytes]) -> dict[str, VisualizationType]:
        """Return where the plots lie, for the dashboard."""
        return {self._uri(name): VisualizationType.IMAGE for name in data}

    def _uri(self, name: str) -> str:
        return str(PurePosixPath(self.uri) / name)


class ComparisonMaterializer(ReportMaterializer):
    """Stores a `Comparison` as JSON."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Comparison,)

    def extract_metadata(self, data: Comparison) -> dict[str, Any]:
        """Return the headline metrics of each model that the dashboard shows."""
        return {
            "trials": data.trials,
            "failed_models": sorted(data.failures),
            **{
                model.name: {
                    "rmse": float(model.report.metrics["rmse"]),
                    "ndcg_at_10": float(model.report.metrics["ndcg_at_10"]),
                    "fit_seconds": float(model.fit_seconds),
                }
                for model in data.models
            },
        }


class TuningMaterializer(ReportMaterializer):
    """Stores a `TuningReport` as JSON."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (TuningReport,)

    def extract_metadata(self, data: TuningReport) -> dict[str, Any]:
        """Return what came of it, as the dashboard shows it."""
        return {
            "model": data.model,
            "objective": data.objective,
            "trials": len(data.trials),
            "improved": data.improved,
            "best": {name: float(item) for name, item in data.headlines["best"]["values"].items()},
        }
