from __future__ import annotations

import logging

import numpy as np
import pytest

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS
from recommender.inference.rankings import personal_share
from recommender.models.ranking_blend import (
    Mix,
    ranking_weights,
    search_weights,
    shrunk,
    support_edges,
    support_groups,
)
from recommender.models.ranking_trials import Trial, join_trials

NAMES = ("ease", "content", "quality")
DEFAULT = {"ease": 1.0, "content": 0.5, "quality": 0.25}


def trial(signals: np.ndarray, liked: np.ndarray, support: np.ndarray | None = None) -> Trial:
    discounts = 1.0 / np.log2(np.arange(2, 12))
    ideal = np.array([discounts[: min(int(row.sum()), 10)].sum() for row in liked])
    places = np.arange(len(liked))
    return Trial(
        signals.astype(np.float32), liked, ideal, places if support is None else support, places
    )


def some_liked(n_lists: int, seed: int) -> tuple[np.random.Generator, np.ndarray]:
    rng = np.random.default_rng(seed)
    liked = rng.random((n_lists, 30)) < 0.1
    liked[np.arange(n_lists), rng.integers(0, 30, n_lists)] = True
    return rng, liked


def test_the_search_finds_the_signal_that_helps() -> None:
    rng, liked = some_liked(60, 4)
    signals = np.stack(
        [rng.random((60, 30)), liked + rng.random((60, 30)), rng.random((60, 30))], 2
    )
    found = search_weights([trial(signals, liked)], NAMES, DEFAULT)
    assert found["content"] >= 0.6 * found["ease"]
    assert found["content"] > 0.0
    assert found["quality"] <= 0.1


def test_neither_question_is_bought_with_the_other() -> None:
    rng, liked = some_liked(60, 4)
    noise = rng.random((60, 30))
    helps = np.stack([noise + 0.1 * liked, liked * 1.0, noise], axis=2)
    harms = np.stack([noise + 0.1 * liked, liked * -1.0, noise], axis=2)
    found = search_weights([trial(helps, liked), trial(harms, liked)], NAMES, DEFAULT)
    assert found["content"] <= 0.1


def test_too_few_lists_leave_the_defaults() -> None:
    few = trial(np.zeros((3, 5, 3)), np.ones((3, 5), dtype=bool))
    assert search_weights([few], NAMES, DEFAULT) == DEFAULT
    (group,), _ = support_groups([few], NAMES, DEFAULT, seed=1)
    assert (group.fewest, group.weights) == (0, DEFAULT)
    assert "default weights" in group.reason
    empty = {name: join_trials([], 1) for name in ("returning", "next", "new")}
    found = ranking_weights(empty, seed=1)
    assert tuple(found.personal[0].weights) == tuple(found.unknown) == PERSONAL_SIGNALS
    assert tuple(found.cold) == COLD_SIGNALS
    assert found.personal[0].weights["ease"] == found.cold["trending"] == 1.0
    # Whoever cannot be told from nobody gets what nobody gets.
    assert found.unknown["trending"] == found.cold["trending"]
    assert found.handover > 0.0


def test_a_blend_that_helps_is_kept_and_says_why() -> None:
    rng, liked = some_liked(200, 5)
    signals = np.stack([0.5 * liked + rng.random((200, 30)) for _ in NAMES], axis=2)
    (group,), _ = support_groups([trial(signals, liked)], NAMES, DEFAULT, seed=1)
    assert sum(weight > 0 for weight in group.weights.values()) >= 2
    assert group.reason.startswith("held-out NDCG@10")
    assert sum(group.weights.values()) == pytest.approx(1.0, abs=1e-3)
    assert "200 validation lists" in group.reason


def test_a_blend_that_is_worse_falls_back_to_its_best_part(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # What was expected to help speaks against what is liked: one signal alone does better than a
    # blend that still holds some of it.
    rng, liked = some_liked(200, 6)
    good = 0.4 * liked + rng.random((200, 30))
    misleading = [rng.random((200, 30)) - 2.0 * liked for _ in NAMES[1:]]
    signals = np.stack([good, *misleading], axis=2)
    with caplog.at_level(logging.WARNING):
        long = trial(signals, liked, np.full(200, 500))
        (group,), _ = support_groups([long], NAMES, DEFAULT, seed=1)
    assert group.weights == {"ease": 1.0, "content": 0.0, "quality": 0.0}
    assert group.reason.startswith("falls back to ease alone: held-out NDCG@10")
    assert "falls back to ease alone" in caplog.text


def test_the_fewer_lists_the_nearer_to_what_was_expected() -> None:
    found, expected = Mix((0.0, 3.0, 1.0), handover=20.0), Mix(tuple(DEFAULT.values()))
    mixes = [shrunk(found, n_lists, expected, NAMES) for n_lists in (0, 20, 250, 2000)]
    leans = [mix.weights[1] / (mix.weights[0] + mix.weights[1]) for mix in mixes]
    assert leans[0] == pytest.approx(DEFAULT["content"] / (DEFAULT["ease"] + DEFAULT["content"]))
    assert leans == sorted(set(leans))
    assert leans[-1] > 0.7
    # What is the same for everyone counts as much as was found.
    assert [mix.weights[2] for mix in mixes] == pytest.approx([0.25] * 4)
    assert [mix.handover for mix in mixes] == [20.0] * 4


def test_every_group_gets_what_serves_it() -> None:
    rng, liked = some_liked(600, 7)
    support = np.arange(600)
    few = support < 300
    noise = [rng.random((600, 30)) for _ in NAMES]
    good = [few, ~few, np.zeros(600, dtype=bool)]
    signals = np.stack(
        [n + 2.0 * liked * own[:, np.newaxis] for n, own in zip(noise, good, strict=True)], axis=2
    )
    groups, _ = support_groups([trial(signals, liked, support)], NAMES, DEFAULT, seed=1)
    assert [group.fewest for group in groups] == [0, 300]
    low, high = (group.weights for group in groups)
    assert low["ease"] > low["content"]
    assert high["content"] > high["ease"]


def test_what_is_personal_takes_over_with_support() -> None:
    # What is personal says much with a long history and next to nothing with a short one; what
    # is common says the same of everyone.
    rng, liked = some_liked(800, 9)
    support = np.repeat([1, 2, 5, 15, 40, 80, 150, 300], 100)
    told = (3.0 * support / (support + 30.0))[:, np.newaxis]
    personal = told * liked + rng.random((800, 30))
    common = 0.7 * liked + rng.random((800, 30))
    signals = np.stack([personal, rng.random((800, 30)), common], axis=2)
    shuffled = rng.permutation(800)
    made = trial(signals[shuffled], liked[shuffled], support[shuffled])
    groups, handover = support_groups([made], NAMES, DEFAULT, seed=1)
    assert handover > 0.0
    leans = [
        float(personal_share(max(group.fewest, 1), handover))
        * group.weights["ease"]
        / max(group.weights["quality"], 1e-9)
        for group in groups
    ]
    assert leans[0] < 0.5 * leans[-1]


def test_a_few_lists_of_one_kind_do_not_decide_for_a_group() -> None:
    # In all, one kind has many lists, but in the upper group a handful, of which none succeeds.
    rng, liked = some_liked(600, 10)
    helps = np.stack([liked + rng.random((600, 30)) for _ in NAMES], axis=2)
    common = trial(helps, liked, np.arange(600))
    few = trial(-helps[:40], liked[:40], np.r_[np.arange(35), np.full(5, 500)])
    (_, upper), _ = support_groups([common, few], NAMES, DEFAULT, seed=1)
    assert f"on {600 - upper.fewest} validation lists" in upper.reason


def test_groups_are_as_many_as_there_are_lists_for() -> None:
    assert support_edges([np.arange(100)]) == [0]
    assert support_edges([np.arange(250), np.arange(250)]) == [0, 125]
    assert support_edges([np.arange(3000)]) == [0, 600, 1200, 1800, 2400]
    assert support_edges([np.full(3000, 7)]) == [0]


def test_the_same_lists_give_the_same_weights() -> None:
    rng, liked = some_liked(300, 8)
    made = trial(rng.random((300, 30, 3)), liked)
    first = support_groups([made], NAMES, DEFAULT, seed=3)
    assert first == support_groups([made], NAMES, DEFAULT, seed=3)
