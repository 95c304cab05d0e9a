"""Part the ratings into training, validation and test."""

from typing import Annotated, Any

from zenml import step

from recommender.data.splitting import split_dataset
from recommender.schema import Dataset, Split
from recommender.settings import SplitParams, parse_settings
from steps.materializers import SplitMaterializer


@step(output_materializers={"split": SplitMaterializer})
def split_data(dataset: Dataset, params: dict[str, Any], seed: int) -> Annotated[Split, "split"]:
    """Return the split of ``dataset`` that the ``split`` group of ``params.yaml`` asks for.

    Args:
        dataset: Validated ratings and movies.
        params: The fields of `recommender.settings.SplitParams`.
        seed: Seed of the random method.

    Raises:
        DataError: A part would be empty.
    """
    return split_dataset(dataset, parse_settings(SplitParams, params, place="split"), seed)
