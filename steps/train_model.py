"""Fit the hybrid and its parts, and write the bundle."""

from typing import Annotated, Any

from zenml import step

import environment
from recommender.bundle import Bundle
from recommender.schema import Dataset, Split
from recommender.settings import Params, parse_settings
from steps.materializers import BundleMaterializer
from steps.reporting import progress_of
from steps.starting import open_start
from tracking.lineage import code_state


@step(output_materializers={"bundle": BundleMaterializer})
def train_model(
    split: Split,
    dataset: Dataset,
    params: dict[str, Any],
    warm_start: dict[str, str] | None,
) -> Annotated[Bundle, "bundle"]:
    """Return the bundle of a hybrid fitted on ``split.train``.

    Args:
        split: Where the training ratings come from.
        dataset: All ratings; what a user has rated is held back from lists.
        params: The fields of `recommender.settings.Params`.
        warm_start: The fields of `tracking.warm_start.StartingVersion`, of the model from whose
            factors the SVD starts, or ``None``.

    Raises:
        DataError: The training ratings are too few to fit on.
        TrainingError: A training diverges.
        UsageError: The model to start from does not fit.
    """
    # Imported now: the trainers take seconds, which a cached step need not wait for.
    from recommender.models.training import train_bundle  # noqa: PLC0415

    return train_bundle(
        environment.work_dir() / "bundle",
        split,
        dataset,
        parse_settings(Params, params, place="params"),
        code=code_state(),
        progress=progress_of("train_model"),
        start=open_start(warm_start),
        checkpoints=environment.state_dir() / "checkpoints",
    )
