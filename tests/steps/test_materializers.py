from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from zenml.enums import VisualizationType

from recommender.bundle import Bundle
from recommender.schema import CleaningReport, Dataset, RemovedRows, Split
from steps.materializers import (
    BundleMaterializer,
    DatasetMaterializer,
    PlotsMaterializer,
    SplitMaterializer,
)


@pytest.fixture
def artifact(zenml_store: Path, request: pytest.FixtureRequest) -> Path:
    """An empty folder inside the artifact store, outside of which ZenML does not write."""
    folder = zenml_store / "tests" / request.node.name
    folder.mkdir(parents=True)
    return folder


def assert_same_dataset(found: Dataset, expected: Dataset) -> None:
    for table in ("ratings", "movies", "tags", "credits"):
        first, second = getattr(found, table), getattr(expected, table)
        if second is None:
            assert first is None
        else:
            pd.testing.assert_frame_equal(first, second)
    for name in ("name", "digest", "scale", "simulated", "cleaning"):
        assert getattr(found, name) == getattr(expected, name)


def test_a_dataset_survives_storage(tiny_dataset: Dataset, artifact: Path) -> None:
    materializer = DatasetMaterializer(str(artifact))
    materializer.save(tiny_dataset)
    assert_same_dataset(materializer.load(Dataset), tiny_dataset)
    metadata = materializer.extract_metadata(tiny_dataset)
    assert metadata["ratings"] == len(tiny_dataset.ratings)


def test_what_cleaning_removed_survives_storage(tiny_dataset: Dataset, artifact: Path) -> None:
    removed = RemovedRows("tags.csv", "unknown movie", 3, ["tags.csv, line 9"])
    cleaning = CleaningReport(642, 640, {"duplicate": 2}, {}, [removed])
    cleaned = replace(tiny_dataset, cleaning=cleaning)
    materializer = DatasetMaterializer(str(artifact))
    materializer.save(cleaned)
    assert_same_dataset(materializer.load(Dataset), cleaned)
    shown = materializer.extract_metadata(cleaned)["removed_rows"]
    assert shown == {"duplicate": 2, "tags.csv: unknown movie": 3}


def test_a_split_survives_storage(tiny_split: Split, artifact: Path) -> None:
    materializer = SplitMaterializer(str(artifact))
    materializer.save(tiny_split)
    found = materializer.load(Split)
    assert_same_dataset(found.train, tiny_split.train)
    pd.testing.assert_frame_equal(found.validation, tiny_split.validation)
    pd.testing.assert_frame_equal(found.test, tiny_split.test)
    assert (found.method, found.seed, found.train_end, found.validation_end) == (
        tiny_split.method,
        tiny_split.seed,
        tiny_split.train_end,
        tiny_split.validation_end,
    )


def test_a_bundle_survives_storage_byte_for_byte(tiny_bundle: Bundle, artifact: Path) -> None:
    materializer = BundleMaterializer(str(artifact))
    materializer.save(tiny_bundle)
    assert materializer.load(Bundle).digest == tiny_bundle.digest


def test_plots_survive_storage_and_are_shown(artifact: Path) -> None:
    plots = {"models.png": b"\x89PNG 1", "calibration.png": b"\x89PNG 2"}
    materializer = PlotsMaterializer(str(artifact))
    materializer.save(plots)
    assert list(materializer.load(dict).items()) == list(plots.items())
    shown = materializer.save_visualizations(plots)
    assert set(shown.values()) == {VisualizationType.IMAGE}
    assert [Path(uri).read_bytes() for uri in shown] == list(plots.values())
