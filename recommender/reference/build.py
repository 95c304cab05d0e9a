"""Describes the latest ratings of a data set, and what a model makes of them.

The reference is the present as training saw it. The ratings of all years would differ from live
traffic from the first day, and those of live traffic that a retraining learns from would drown in
them, so that the same drift would be found again after it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.inference import Recommender
from recommender.reference.facts import ModelFacts
from recommender.reference.histogram import CategoryCounts, Histogram, ReferenceColumn
from recommender.reference.profile import ReferenceProfile, summarize_error
from recommender.scale import IntArray

#: Share of all ratings that are the present, and how many at least.
LATEST_SHARE, FEWEST = 0.05, 2_000
MOST_LISTS, LIST_LENGTH = 1_000, 20


def latest(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the latest ratings, by time and then by user and movie.

    Args:
        ratings: Frame as ``RATING_DTYPES``.
    """
    n_latest = max(round(LATEST_SHARE * len(ratings)), FEWEST)
    ordered = ratings.sort_values(["timestamp", "user_id", "movie_id"], kind="stable")
    return ordered.tail(n_latest)


def make_reference(recommender: Recommender, ratings: pd.DataFrame) -> ReferenceProfile:
    """Return what live traffic of ``recommender`` is to be compared to.

    Args:
        recommender: The model.
        ratings: All ratings of the training run, as ``RATING_DTYPES``; `latest` are described.
    """
    facts, now = ModelFacts(recommender), latest(ratings)
    users, movies = now["user_id"].to_numpy(), now["movie_id"].to_numpy()
    stars = now["rating"].to_numpy()
    estimates = facts.estimates(users, movies)
    genres, years = CategoryCounts.of(facts.genres(movies)), Histogram.of(facts.years(movies))
    popularity = Histogram.of(facts.popularity(movies))
    visitors = np.unique(users)
    columns: dict[str, ReferenceColumn] = {
        "user_activity": Histogram.of(facts.activity(visitors)),
        "rating": Histogram.of(stars),
        "predicted_rating": Histogram.of(estimates),
        **_of_lists(recommender, facts, visitors),
    }
    # Data sets of ratings do not say what was watched without being rated.
    for done in ("rated", "watched"):
        columns |= {f"{done}_genre": genres, f"{done}_year": years}
        columns[f"{done}_popularity"] = popularity
    return ReferenceProfile(columns, summarize_error(stars, estimates))


def _of_lists(
    recommender: Recommender, facts: ModelFacts, visitors: IntArray
) -> dict[str, ReferenceColumn]:
    """Describe the lists of users spread over all visitors."""
    n_lists = min(MOST_LISTS, visitors.size)
    some = visitors[np.linspace(0, visitors.size - 1, n_lists).astype(np.int64)]
    lists = [recommender.recommend(int(user), LIST_LENGTH) for user in some]
    movies = np.concatenate([shown.movie_ids for shown in lists])
    return {
        "shown_genre": CategoryCounts.of(facts.genres(movies)),
        "shown_year": Histogram.of(facts.years(movies)),
        "shown_popularity": Histogram.of(facts.popularity(movies)),
        "score_path": CategoryCounts.of(path for shown in lists for path in shown.item_paths),
    }
