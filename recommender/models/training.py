"""From a split to a bundle: fit the hybrid on the training part and write what serving needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.bundle import Bundle, CodeState, write_bundle
from recommender.errors import TrainingError
from recommender.inference.catalogue import CREDIT_TEXTS, Catalogue, Credits
from recommender.inference.identifiers import IdIndex
from recommender.inference.part import SeenMovies
from recommender.inference.recommender import Recommender, audience_arrays
from recommender.inference.search.index import SearchIndex
from recommender.models.divergence import require_finite
from recommender.models.factor_training import TrainingAids
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import sorted_rows
from recommender.models.ordering_kernels import row_starts
from recommender.models.stages import Progress
from recommender.models.starting_model import StartingModel
from recommender.reference.build import make_reference
from recommender.scale import SplitMethod
from recommender.schema import Dataset, Split
from recommender.settings import Params


def train_bundle(
    path: Path,
    split: Split,
    dataset: Dataset,
    params: Params,
    *,
    code: CodeState,
    progress: Progress | None = None,
    start: StartingModel | None = None,
    checkpoints: Path | None = None,
) -> Bundle:
    """Fit the hybrid on ``split.train`` and write its bundle to ``path``.

    Args:
        path: Folder to make; an existing one is replaced.
        split: Where the training ratings come from.
        dataset: All ratings; what a user has rated is held back from lists.
        params: Hyper-parameters and the seed.
        code: Which code makes the bundle.
        progress: Told what is being done, the units done and the units in all.
        start: A model from whose factors the SVD starts; the manifest names it.
        checkpoints: Folder from which a killed training of the SVD goes on.

    Raises:
        DataError: The training ratings cannot be learned from.
        TrainingError: A training diverges, or memory runs out.
        UsageError: ``start`` does not fit; see `StartingModel.warm_start`.
    """
    warm_start = None if start is None else start.warm_start(split)
    aids = TrainingAids(warm_start, checkpoints)
    try:
        hybrid = train_hybrid(split.train, params, progress, split.method, aids)
    except MemoryError as error:
        raise TrainingError(
            f"memory ran out: {error or 'no more could be had'}",
            place="training",
            remedy="Set model.ease_max_movies, model.n_factors or model.fm_max_ratings lower, or "
            "train where there is more memory.",
        ) from error
    return bundle_model(
        hybrid, path, split=split, params=params, full=dataset, code=code, start=start
    )


def train_hybrid(
    train: Dataset,
    params: Params,
    progress: Progress | None = None,
    method: SplitMethod = "temporal",
    aids: TrainingAids | None = None,
) -> HybridScorer:
    """Return the hybrid fitted on ``train``, for the question that a split by ``method`` asks.

    Raises:
        DataError: The ratings cannot be learned from.
    """
    return HybridScorer(params.model, params.seed, progress, method, aids).fit(train)


def bundle_model(
    hybrid: HybridScorer,
    path: Path,
    *,
    split: Split,
    params: Params,
    full: Dataset,
    code: CodeState,
    start: StartingModel | None = None,
) -> Bundle:
    """Write the bundle of a fitted hybrid.

    Args:
        hybrid: Fitted on ``split.train``.
        path: Folder to make; an existing one is replaced.
        split: The split.
        params: Hyper-parameters and the seed.
        full: All ratings. Scores come from training ratings alone, but everything that a user
            has rated is held back from lists.
        code: Which code makes the bundle.
        start: The model from whose factors the SVD was started.

    Raises:
        TrainingError: An array holds a number that is NaN or infinite.
    """
    audience = hybrid.audience
    catalogue = make_catalogue(full.movies, full.credits)
    arrays = {
        **hybrid.components.to_arrays(),
        **audience_arrays(audience, seen_movies(full.ratings, audience.movies)),
        **catalogue.to_arrays(),
        **make_index(hybrid, catalogue).to_arrays(),
    }
    require_finite(arrays, "bundle", remedy="Look for ratings far outside the scale.")
    scoring = {**hybrid.components.to_scoring(), "scale": asdict(audience.scale)}
    reference = make_reference(Recommender.from_arrays(arrays, scoring), full.ratings)
    fields = {
        "dataset": full.name,
        "dataset_digest": full.digest,
        "simulated": full.simulated,
        "train_end": split.train_end,
        "split_method": split.method,
        "seed": params.seed,
        "code_revision": code.revision,
        "code_digest": code.digest,
        "params": asdict(params),
        "warm_start": None if start is None else start.lineage,
        "scoring": scoring,
    }
    return write_bundle(path, {**arrays, **reference.to_arrays()}, fields)


def seen_movies(ratings: pd.DataFrame, movies: IdIndex) -> SeenMovies:
    """Return what each user of ``ratings`` has rated, as positions in ``movies``."""
    users = IdIndex.of(ratings["user_id"].to_numpy())
    owners = users.positions(ratings["user_id"].to_numpy())
    rated = movies.positions(ratings["movie_id"].to_numpy())
    rows = sorted_rows(owners, rated, len(users), len(movies))
    return SeenMovies(users, row_starts(owners, len(users)), rows)


def make_catalogue(movies: pd.DataFrame, film_credits: pd.DataFrame | None = None) -> Catalogue:
    """Return what is shown of ``movies``, in the order of their ids.

    Args:
        movies: Frame as ``MOVIE_DTYPES``.
        film_credits: Frame as ``CREDIT_DTYPES``, or ``None`` where there are none; movies that it
            lacks have none.
    """
    ordered = movies.sort_values("movie_id")
    years = [None if pd.isna(year) else int(year) for year in ordered["year"]]
    found = None if film_credits is None else _credits(film_credits, ordered["movie_id"])
    return Catalogue.of(ordered["title"].tolist(), ordered["genres"].tolist(), years, found)


def make_index(hybrid: HybridScorer, catalogue: Catalogue) -> SearchIndex:
    """Return what finds the movies of ``catalogue``, those first that more users have rated."""
    shares = hybrid.components.static["popularity"]
    return SearchIndex.of(catalogue, np.asarray(shares) * len(hybrid.audience.users))


def recommender_of(hybrid: HybridScorer, movies: pd.DataFrame) -> Recommender:
    """Return the recommender of a fitted hybrid without writing its bundle.

    Args:
        hybrid: The hybrid.
        movies: Frame as ``MOVIE_DTYPES``.
    """
    catalogue = make_catalogue(movies)
    index = make_index(hybrid, catalogue)
    return Recommender(hybrid.audience, hybrid.components, catalogue, index)


def _credits(film_credits: pd.DataFrame, movie_ids: pd.Series) -> Credits:
    rows = film_credits.set_index("movie_id").reindex(movie_ids)
    texts = {kind: rows[kind].fillna("").astype(str).tolist() for kind in CREDIT_TEXTS}
    return Credits.of(texts, [None if pd.isna(m) else int(m) for m in rows["runtime"]])
