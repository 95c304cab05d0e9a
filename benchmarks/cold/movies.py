"""How well movies without any rating reach those who like them.

A tenth of the movies that at least five viewers liked (4 stars or more) lose all their ratings,
and everything is learned from the rest. Each of them is then ranked for each of its likers among
all movies without training ratings that this viewer has not rated; other movies that the viewer
liked do not stand in its way. Hit rate@10 is the share found among the first ten, a mean over
viewers. No sampling of candidates (Krichene and Rendle 2020); what is tied stands in the order of
chance, so that it counts by the places that are left for it.

``popularity`` is the comparison's: the share of viewers, which is 0 for a movie that nobody rated,
so that it finds a held-out movie by chance alone. ``popularity-of-facts`` is a stronger baseline:
the time-decayed attention of the rated movies, regressed (ridge) on genres and decades, the same
list for everyone. ``popularity-of-content`` regresses it on all content; where that holds tags, it
knows more than a new movie's facts, since people tag what is popular. On the sample
``knowing-the-viewers`` is the most that can be reached (`benchmarks.cold.ceiling`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cold.ceiling import knowing, viewers_of
from benchmarks.report import Check, at_least, say
from recommender.evaluation.bootstrap import UserTotals, paired_difference
from recommender.inference.histories import Viewer
from recommender.models.aligned import MetadataEASEScorer
from recommender.models.features import movie_terms
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.training import train_hybrid
from recommender.schema import Dataset
from recommender.settings import Params

Score = Callable[[Viewer], Floats]

_SHARE = 0.1
_FEWEST_LIKES = 5
_LIKED = 1.0
_K = 10
_RIDGE = 1.0
_SAMPLES = 1000
_CONFIDENCE = 0.95
_TIMES_POPULARITY = 2.0
_POPULAR_BY = ("genre:", "era:")


@dataclass(frozen=True, eq=False)
class ColdMovies:
    """Ratings parted by movie.

    Attributes:
        whole: All ratings, as positions.
        held_out: Positions of the movies that lose their ratings, rising.
        train: The data set without them.
    """

    whole: IndexedRatings
    held_out: Positions
    train: Dataset


def run(dataset: Dataset, params: Params) -> tuple[dict[str, Any], list[Check]]:
    """Return the hit rates of the hybrid and of what it is held against, and the checks.

    Args:
        dataset: All ratings.
        params: Hyper-parameters and the seed.
    """
    parted = hold_out(dataset, params.seed)
    say(f"training without {parted.held_out.size} movies")
    hybrid = train_hybrid(parted.train, params)
    scores = scoring(hybrid, parted, params)
    trained = IndexedRatings.of(parted.train)
    viewers = viewers_of(dataset)
    if viewers is not None:
        scores["knowing-the-viewers"] = knowing(viewers, dataset, trained)
    without = np.flatnonzero(trained.movie_counts == 0)
    everything = np.arange(trained.n_movies)
    hits = {name: hit_rates(score, parted, trained, without) for name, score in scores.items()}
    among_all = {
        name: hit_rates(score, parted, trained, everything).value for name, score in scores.items()
    }
    figures = {
        "held_out_movies": int(parted.held_out.size),
        "candidates": int(without.size),
        "viewers": int(hits["hybrid"].user_ids.size),
        "hit_rate_at_10": {
            name: _figures(hits["hybrid"], found, params.seed) for name, found in hits.items()
        },
        "hit_rate_at_10_in_the_whole_catalogue": {
            name: round(value, 4) for name, value in among_all.items()
        },
    }
    return figures, promises({name: found.value for name, found in hits.items()})


def hold_out(dataset: Dataset, seed: int) -> ColdMovies:
    """Return the data set without the ratings of a tenth of the movies with enough likes."""
    whole = IndexedRatings.of(dataset)
    likes = np.bincount(whole.movies[whole.grades >= _LIKED], minlength=whole.n_movies)
    eligible = np.flatnonzero(likes >= _FEWEST_LIKES)
    size = max(int(_SHARE * eligible.size), 1)
    held_out = np.sort(np.random.default_rng(seed).choice(eligible, size, replace=False))
    ids = whole.movie_index.ids[held_out]
    left = dataset.ratings.loc[~dataset.ratings["movie_id"].isin(ids)]
    return ColdMovies(whole, held_out, dataset.with_ratings(left))


def scoring(hybrid: HybridScorer, parted: ColdMovies, params: Params) -> dict[str, Score]:
    """Return what is compared, as functions from a viewer to the scores of all movies."""
    metadata = MetadataEASEScorer(params.model, params.seed).fit(parted.train)
    attention = np.asarray(hybrid.components.static["trending"], dtype=np.float64)
    rated = IndexedRatings.of(parted.train).movie_counts > 0
    features = np.asarray(hybrid.components.profile.features, dtype=np.float64)
    of_content = expected_popularity(attention, features, rated)
    of_facts = expected_popularity(attention, genres_and_decades(parted.train), rated)
    share = np.asarray(hybrid.components.static["popularity"], dtype=np.float64)
    return {
        "hybrid": hybrid.part("hybrid").ranking.scores,
        "metadata-ease": metadata.part.ranking.scores,
        "content": hybrid.part("content").ranking.scores,
        "popularity": lambda _: share,
        "popularity-of-facts": lambda _: of_facts,
        "popularity-of-content": lambda _: of_content,
    }


def genres_and_decades(dataset: Dataset) -> Floats:
    """Return which genres and decades each movie has, shape (n_movies, genres + decades)."""
    terms = [
        [term for term in movie if term.startswith(_POPULAR_BY)] for movie in movie_terms(dataset)
    ]
    columns = {name: place for place, name in enumerate(sorted({t for m in terms for t in m}))}
    found = np.zeros((len(terms), len(columns)))
    for row, movie in enumerate(terms):
        found[row, [columns[term] for term in movie]] = 1.0
    return found


def expected_popularity(
    attention: Floats, features: Floats, rated: npt.NDArray[np.bool_]
) -> Floats:
    """Return the attention that content lets expect, shape (n_movies,).

    Args:
        attention: Shape (n_movies,), time-decayed attention.
        features: Shape (n_movies, d).
        rated: Shape (n_movies,), the movies to learn from.
    """
    design = np.column_stack([np.ones(len(features)), features])
    known = design[rated]
    gram = known.T @ known + _RIDGE * np.eye(design.shape[1])
    return np.asarray(design @ np.linalg.solve(gram, known.T @ attention[rated]))


def hit_rates(
    score: Score, parted: ColdMovies, trained: IndexedRatings, candidates: Positions
) -> UserTotals:
    """Return the share of each viewer's held-out likes that are among the first ten.

    Args:
        score: The scores of all movies for a viewer.
        parted: What was held out.
        trained: The training ratings, whose users and movies the scores know.
        candidates: The movies to rank among.
    """
    whole, histories = parted.whole, trained.histories()
    later = whole.only(np.isin(whole.movies, parted.held_out) & (whole.grades >= _LIKED))
    ids, shares = [], []
    for user in np.unique(later.users).tolist():
        user_id = int(whole.user_index.ids[user])
        viewer = histories.viewer(trained.user_index.position(user_id), trained.scale)
        scores = score(viewer)
        others = scores[np.setdiff1d(candidates, whole.movies[whole.users == user])]
        liked = scores[later.movies[later.users == user], np.newaxis]
        above, tied = (others > liked).sum(axis=1), (others == liked).sum(axis=1)
        ids.append(user_id)
        shares.append(float(np.clip((_K - above) / (tied + 1), 0.0, 1.0).mean()))
    return UserTotals(np.array(ids), np.array(shares), np.ones(len(ids)))


def promises(hit_rates_at_10: Mapping[str, float]) -> list[Check]:
    """Return what the hybrid promises for movies without ratings."""
    hybrid, bound = hit_rates_at_10["hybrid"], _TIMES_POPULARITY * hit_rates_at_10["popularity"]
    checks = [at_least("cold movies: hit_rate_at_10 against twice popularity", hybrid, bound)]
    for other in ("popularity-of-facts", "content"):
        text = f"cold movies: hit_rate_at_10 against {other}"
        checks.append(at_least(text, hybrid, hit_rates_at_10[other]))
    return checks


def _figures(hybrid: UserTotals, found: UserTotals, seed: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"value": round(found.value, 4)}
    if found is not hybrid:
        difference = paired_difference(
            hybrid, found, n_samples=_SAMPLES, confidence=_CONFIDENCE, seed=seed
        )
        figures["hybrid_minus_this"] = round(difference.estimate, 4)
        figures["interval"] = [round(difference.low, 4), round(difference.high, 4)]
    return figures
