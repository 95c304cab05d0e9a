"""Run every behavioural test on one model."""

from __future__ import annotations

from collections.abc import Callable

from recommender.evaluation.behaviour.report import BehaviourReport, BehaviourResult
from recommender.evaluation.behaviour.service import (
    estimates_are_finite_and_in_scale,
    lists_are_well_formed,
    same_input_same_output,
    seen_movies_never_return,
    unknown_users_get_popular_movies,
    unrated_movies_are_scored_by_content,
)
from recommender.evaluation.behaviour.subject import BehaviourSubject, Cases
from recommender.evaluation.behaviour.taste import (
    a_small_change_changes_little,
    films_of_a_director_are_near,
    liking_a_film_raises_its_neighbours,
    sequels_are_near,
)
from recommender.evaluation.lists import Progress
from recommender.schema import Split
from recommender.settings import BehaviourSettings

BehaviourTest = Callable[[BehaviourSubject, Cases], BehaviourResult]

#: Every test, in the order run and shown.
TESTS: tuple[BehaviourTest, ...] = (
    seen_movies_never_return,
    same_input_same_output,
    lists_are_well_formed,
    estimates_are_finite_and_in_scale,
    unknown_users_get_popular_movies,
    unrated_movies_are_scored_by_content,
    liking_a_film_raises_its_neighbours,
    sequels_are_near,
    films_of_a_director_are_near,
    a_small_change_changes_little,
)


def check_behaviour(
    model: BehaviourSubject,
    split: Split,
    seed: int,
    *,
    settings: BehaviourSettings | None = None,
    progress: Progress | None = None,
) -> BehaviourReport:
    """Ask ``model`` about sampled users and movies and judge its answers.

    Args:
        model: The recommender that would be served.
        split: Its training data with the catalogue; the other parts are not looked at.
        seed: Seed of the cases.
        settings: How many cases and what is tolerated; `BehaviourSettings` as it stands if absent.
        progress: Told of each test done.
    """
    cases = Cases(split, settings or BehaviourSettings(), seed)
    results = []
    for test in TESTS:
        results.append(test(model, cases))
        if progress is not None:
            progress(len(results), len(TESTS))
    return BehaviourReport(
        model=model.name,
        dataset=split.train.name,
        dataset_digest=split.train.digest,
        seed=seed,
        results=tuple(results),
    )
