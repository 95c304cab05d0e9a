"""The bundle as an MLflow model: MLflow runs this file to make the model that it logs or loads.

It is kept in the model together with the ``recommender`` package, so it must import nothing else
of the project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from recommender.bundle import open_bundle
from recommender.inference import Recommender
from recommender.scorer import Recommendations

COLUMNS = {
    "user_id": "int64",
    "rank": "int64",
    "movie_id": "int64",
    "title": "str",
    "score": "float64",
    "path": "str",
}


class BundleModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # mlflow is not typed
    """Recommendations from a bundle, for any tool that speaks MLflow's model interface."""

    def load_context(self, context: Any) -> None:
        """Open and verify the bundle that was logged with the model."""
        self._recommender = Recommender.from_bundle(open_bundle(Path(context.artifacts["bundle"])))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any]
    ) -> pd.DataFrame:
        """Recommend movies to each user, known or not.

        Args:
            context: MLflow's, unused.
            model_input: The column ``user_id``.
            params: ``k``, the length of each list; MLflow fills in the signature's default.

        Returns:
            The columns `COLUMNS`, a row for each movie: users in the order of the input, movies
            best first, ``rank`` from 1, ``path`` saying what the list was made from.

        Raises:
            UsageError: ``k`` is below 1.
        """
        del context
        k = int(params["k"])
        user_ids = model_input["user_id"].to_numpy(dtype=np.int64)
        lists = [self._rows(self._recommender.recommend(int(user_id), k)) for user_id in user_ids]
        return pd.concat([_no_rows(), *lists], ignore_index=True) if lists else _no_rows()

    def _rows(self, listed: Recommendations) -> pd.DataFrame:
        n_movies = len(listed.movie_ids)
        return pd.DataFrame(
            {
                "user_id": np.full(n_movies, listed.user_id, dtype=np.int64),
                "rank": np.arange(1, n_movies + 1, dtype=np.int64),
                "movie_id": np.asarray(listed.movie_ids, dtype=np.int64),
                "title": [self._recommender.title(int(movie)) for movie in listed.movie_ids],
                "score": np.asarray(listed.scores, dtype=np.float64),
                "path": [str(listed.path)] * n_movies,
            }
        )


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


mlflow.models.set_model(BundleModel())
