"""Fetch, read and clean the ratings and movies, and merge what came from the site."""

from typing import Annotated, Any

from zenml import step

import environment
from events.address import events_url
from events.store import EventStore
from events.training_data import read_site_data
from recommender.data.additions import Additions
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
    return ingest(wanted, data_home(), progress_of("ingest_data"), site_additions(wanted))


def site_additions(wanted: DataRequest) -> Additions | None:
    """Return the events that the request names, or ``None`` if it names none.

    Raises:
        StoreUnavailable: The event store is out of reach.
    """
    if wanted.events is None:
        return None
    store = EventStore(events_url())
    try:
        return read_site_data(store, until=wanted.events.until).additions
    finally:
        store.close()


def data_home() -> DataHome:
    """Return where the project keeps its data."""
    root = environment.ROOT
    downloads = environment.state_dir() / "datasets"
    return DataHome(root / "data", root / "data.dvc", downloads)
