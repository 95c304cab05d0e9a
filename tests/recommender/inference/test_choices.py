"""Recommenders to choose from, wishes and the wheel: what they change, and that it adds up."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.errors import UsageError
from recommender.inference import Choice, Recommender, Wish
from recommender.inference.choices import LARGEST_SEED, RECOMMENDERS, SteeredRanking, chance

HISTORY = ([1, 3, 4], [5.0, 4.0, None])


@pytest.fixture(scope="module")
def model(tiny_bundle: Bundle) -> Recommender:
    return Recommender.from_bundle(tiny_bundle)


def shown(
    model: Recommender, choice: Choice | None, k: int = 27, user_id: int | None = None
) -> list[int]:
    found = model.recommend_for_history(*HISTORY, k, user_id=user_id, choice=choice)
    return [int(movie) for movie in found.movie_ids]


def wished(*texts: str) -> Choice:
    return Choice(wishes=tuple(map(Wish.parse, texts)))


def test_the_usual_choice_is_the_hybrid(model: Recommender) -> None:
    assert shown(model, Choice()) == shown(model, None)


def test_each_recommender_is_one_part_of_the_hybrid(model: Recommender) -> None:
    viewer = model.recommend_for_history(*HISTORY, 27)
    assert viewer.path == "fold-in"
    paths = {
        name: model.recommend_for_history(*HISTORY, 27, choice=Choice(name)).path
        for name in RECOMMENDERS
    }
    assert paths == {
        "hybrid": "fold-in",
        "taste": "fold-in",
        "content": "content",
        "popular": "popular",
        "surprise": "fold-in",
    }
    nobody = model.recommend_for_history([], [], 30)
    popular = [movie for movie in nobody.movie_ids.tolist() if movie not in HISTORY[0]]
    assert shown(model, Choice("popular")) == popular


@pytest.mark.parametrize("user_id", [None, 5, 999])
@pytest.mark.parametrize(
    "choice",
    [
        *map(Choice, RECOMMENDERS),
        wished("genre:Drama:0.5", "era:1990:-1", "person:Director 2:0.25", "movie:7:-0.5"),
        Choice("surprise", (Wish.parse("genre:Action:1"),), seed=3),
        Choice("popular", (Wish.parse("genre:Action:-1"),)),
    ],
    ids=str,
)
def test_parts_sum_to_the_score_that_is_listed(
    model: Recommender, choice: Choice, user_id: int | None
) -> None:
    movies, ratings = HISTORY
    found = model.recommend_for_history(movies, ratings, 5, user_id=user_id, choice=choice)
    for movie, score, path in zip(found.movie_ids, found.scores, found.item_paths, strict=True):
        why = model.explain(
            int(movie), user_id=user_id, movie_ids=movies, ratings=ratings, choice=choice
        )
        assert why.score == pytest.approx(score, abs=1e-9)
        assert sum(part.value for part in why.parts) == pytest.approx(score, abs=1e-6)
        assert why.path == path
        labels = {part.label for part in why.parts if part.kind in ("wish", "chance")}
        assert len(labels) <= len(choice.wishes) + (choice.recommender == "surprise")


def test_wishes_move_what_they_are_about(model: Recommender) -> None:
    def mean_place(choice: Choice | None, movies: set[int]) -> float:
        places = [n for n, movie in enumerate(shown(model, choice)) if movie in movies]
        return float(np.mean(places))

    dramas = set(range(1, 31, 2))
    usual = mean_place(None, dramas)
    assert mean_place(wished("genre:Drama:0.5"), dramas) < usual
    assert mean_place(wished("genre:drama:-0.5"), dramas) > usual
    nineties = set(range(11, 21))
    assert mean_place(wished("era:1990:1"), nineties) < mean_place(None, nineties)
    directed = {movie for movie in range(1, 31) if (movie - 1) % 6 == 2}
    assert mean_place(wished("person:director 2:1"), directed) < mean_place(None, directed)
    assert mean_place(wished("movie:20:1"), {20}) < mean_place(wished("movie:20:-1"), {20})


def test_a_full_wish_lifts_about_as_high_as_the_best(model: Recommender) -> None:
    best = max(model.recommend_for_history(*HISTORY, 1).scores)
    movie = shown(model, None)[13]
    why = model.explain(
        movie, movie_ids=HISTORY[0], ratings=HISTORY[1], choice=wished(f"movie:{movie}:1")
    )
    assert why.score > 0.9 * best


def test_the_wheel_stops_where_its_seed_says(model: Recommender) -> None:
    lists = [tuple(shown(model, Choice("surprise", seed=seed), 8)) for seed in range(30)]
    again = [tuple(shown(model, Choice("surprise", seed=seed), 8)) for seed in range(30)]
    assert lists == again
    assert len({found[0] for found in lists}) > 2
    # Good odds for good films: the usual first half is drawn more often than the second.
    usual = shown(model, None)
    drawn = [movie for found in lists for movie in found]
    assert sum(movie in usual[:13] for movie in drawn) > 0.55 * len(drawn)


def test_noise_is_gumbel(model: Recommender) -> None:
    noise = chance(1, 200_000)
    assert noise.by_chance
    assert noise.values.mean() == pytest.approx(0.15 * 0.5772, abs=0.003)
    assert noise.values.std() == pytest.approx(0.15 * np.pi / np.sqrt(6), abs=0.003)


def test_where_all_scores_are_the_same_wishes_decide(model: Recommender) -> None:
    from recommender.inference.choices import Addition
    from recommender.inference.histories import NOBODY
    from recommender.inference.rankings import StaticRanking

    level = StaticRanking(np.zeros(3))
    steered = SteeredRanking(level, (Addition("more x", np.array([0.0, 1.0, 0.5])),))
    assert steered.scores(NOBODY).tolist() == [0.0, 1.0, 0.5]
    assert steered.path(NOBODY) == "popular"


@pytest.mark.parametrize(
    "text", ["", "genre", "genre:Drama", "genre::1", "genre:Drama:x", "genre:Drama:2",
             "genre:Drama:nan", "colour:red:1", "era:x:1",
             "era:19800:1", "movie:-1:1", f"person:{'x' * 300}:1"]
)  # fmt: skip
def test_a_wish_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Wish.parse(text)


@pytest.mark.parametrize("text", ["genre:Opera:1", "era:1850:1", "person:Nobody:1", "movie:999:1"])
def test_a_wish_about_nothing_changes_nothing(model: Recommender, text: str) -> None:
    assert shown(model, wished(text)) == shown(model, None)


def test_choices_have_limits() -> None:
    with pytest.raises(UsageError, match="no such recommender"):
        Choice("best")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at most"):
        Choice(wishes=(Wish("genre", "Drama", 1.0),) * 41)
    for seed in (-1, LARGEST_SEED + 1):
        with pytest.raises(UsageError, match="seed"):
            Choice("surprise", seed=seed)


def test_wishes_are_read_as_they_are_written() -> None:
    for text in ("genre:Sci-Fi:-0.5", "person:A: B:1", "movie:12:0.25"):
        assert str(Wish.parse(text)) == text


def test_the_parts_of_a_similarity_sum_to_it(model: Recommender) -> None:
    movies, scores = model.similar(3, 5)
    for movie, score in zip(movies.tolist(), scores.tolist(), strict=True):
        parts = model.explain_similar(3, movie)
        assert sum(part.value for part in parts) == pytest.approx(score)
