"""The steps with which every pipeline begins: the same steps on the same data share their cache."""

from __future__ import annotations

from typing import Any

from steps.ingest_data import ingest_data
from steps.split_data import split_data
from steps.validate_data import validate_data


def prepare(
    request: dict[str, Any], content: str, sources: str, params: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Ingest, validate and split; to be called while a pipeline is put together.

    Args:
        request: Which data.
        content: What changes with the data's content.
        sources: Digest of the library's code.
        params: Hyper-parameters and the seed.

    Returns:
        The artifacts ``dataset``, ``validation`` and ``split``.
    """
    dataset = ingest_data(request, content, sources)
    validation = validate_data(dataset)
    split = split_data(dataset, params["split"], params["seed"], after=["validate_data"])
    return dataset, validation, split
