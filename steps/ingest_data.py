"""Fetch, read and clean the ratings and movies, and merge what came from the site."""

from typing import Annotated, Any

from zenml import step

import environment
from events.training_data import site_additions
from recommender.data.ingest import DataHome, DataRequest, ingest
from recommender.schema import Dataset
from recommender.settings import parse_settings
from steps.materializers import DatasetMaterializer
from steps.reporting import progress_of


@step(output_materializers={"dataset": DatasetMaterializer})
def ingest_data(
    request: dict[str, Any],
    content_version: str,  # noqa: ARG001 - keys the cache: a path does not notice new content
    code_digest: str,  # noqa: ARG001 - keys the cache: the library's code is not the step's
) -> Annotated[Dataset, "dataset"]:
    """Return the dataset that ``request`` asks for, cleaned and counted.

    Args:
        request: The fields of `recommender.data.ingest.DataRequest`.
        content_version: What changes with the content.
        code_digest: What changes with the library's code.

    Raises:
        DataError: The data cannot be fetched or used, or is not what is recorded.
    """
    wanted = parse_settings(DataRequest, request, place="data")
    return ingest(wanted, data_home(), progress_of("ingest_data"), site_additions(wanted.events))


def data_home() -> DataHome:
    """Return where the project keeps its data."""
    root = environment.ROOT
    downloads = environment.state_dir() / "datasets"
    return DataHome(root / "data", root / "data.dvc", downloads)
