from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.schema import Dataset, Split
from steps.materializers import BundleMaterializer, DatasetMaterializer, SplitMaterializer


def assert_same_dataset(found: Dataset, expected: Dataset) -> None:
    for table in ("ratings", "movies", "tags", "credits"):
        first, second = getattr(found, table), getattr(expected, table)
        if second is None:
            assert first is None
        else:
            pd.testing.assert_frame_equal(first, second)
    for name in ("name", "digest", "scale", "simulated", "cleaning"):
        assert getattr(found, name) == getattr(expected, name)


@pytest.mark.usefixtures("zenml_store")
def test_a_dataset_survives_storage(tiny_dataset: Dataset, tmp_path: Path) -> None:
    materializer = DatasetMaterializer(str(tmp_path))
    materializer.save(tiny_dataset)
    assert_same_dataset(materializer.load(Dataset), tiny_dataset)
    metadata = materializer.extract_metadata(tiny_dataset)
    assert metadata["ratings"] == len(tiny_dataset.ratings)


@pytest.mark.usefixtures("zenml_store")
def test_a_split_survives_storage(tiny_split: Split, tmp_path: Path) -> None:
    materializer = SplitMaterializer(str(tmp_path))
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


@pytest.mark.usefixtures("zenml_store")
def test_a_bundle_survives_storage_byte_for_byte(tiny_bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "artifact"
    folder.mkdir()
    materializer = BundleMaterializer(str(folder))
    materializer.save(tiny_bundle)
    assert materializer.load(Bundle).digest == tiny_bundle.digest
