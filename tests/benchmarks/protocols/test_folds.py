from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.protocols.folds import (
    published_fold,
    random_folds,
    random_tenth,
    read_movielens_folder,
)
from benchmarks.protocols.strong_generalisation import hold_out_users, user_metrics
from recommender.errors import DataError
from recommender.schema import Dataset


def pairs(frame: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(frame["user_id"], frame["movie_id"], strict=True))


def movielens_100k(folder: Path) -> Path:
    """Write five users' ratings of four movies in the published layout, and one published fold."""
    rows = [(u, m, 1 + (u + m) % 5, 880_000_000 + u) for u in range(1, 6) for m in range(1, 5)]

    def lines(chosen: list[tuple[int, int, int, int]]) -> str:
        return "".join("\t".join(map(str, row)) + "\n" for row in chosen)

    folder.mkdir()
    flags = "|".join(["0"] * 18 + ["1"])
    items = "".join(f"{m}|Film {m} (1990)|01-Jan-1990||url|{flags}\n" for m in range(1, 5))
    (folder / "u.data").write_text(lines(rows), encoding="utf-8")
    (folder / "u.item").write_text(items, encoding="latin-1")
    (folder / "u1.base").write_text(lines(rows[:15]), encoding="utf-8")
    (folder / "u1.test").write_text(lines(rows[15:]), encoding="utf-8")
    return folder


def test_random_folds_are_disjoint_and_complete(tiny_dataset: Dataset) -> None:
    folds = list(random_folds(tiny_dataset, 5, seed=3))
    whole = pairs(tiny_dataset.ratings)
    assert [len(fold.test) for fold in folds] == [128] * 5
    assert sorted(pair for fold in folds for pair in pairs(fold.test)) == sorted(whole)
    for fold in folds:
        assert not pairs(fold.test) & pairs(fold.train.ratings)
        assert pairs(fold.test) | pairs(fold.train.ratings) == whole


def test_random_folds_follow_the_seed(tiny_dataset: Dataset) -> None:
    first, again, other = (
        next(iter(random_folds(tiny_dataset, 5, seed=seed))).test for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert pairs(first) != pairs(other)


def test_a_tenth_is_tested(tiny_dataset: Dataset) -> None:
    (fold,) = random_tenth(tiny_dataset, seed=1)
    assert (len(fold.train.ratings), len(fold.test)) == (576, 64)
    assert not pairs(fold.test) & pairs(fold.train.ratings)


def test_the_published_fold_is_read_from_its_files(tmp_path: Path) -> None:
    folder = movielens_100k(tmp_path / "ml-100k")
    dataset = read_movielens_folder(folder)
    fold = published_fold(dataset, folder, "u1")
    assert (len(fold.train.ratings), len(fold.test)) == (15, 5)
    assert pairs(fold.train.ratings) | pairs(fold.test) == pairs(dataset.ratings)
    assert fold.train.scale.minimum == 1.0
    (folder / "u1.test").unlink()
    with pytest.raises(DataError, match=r"u1\.test is missing"):
        published_fold(dataset, folder, "u1")


def test_a_rating_on_both_sides_is_named(tmp_path: Path) -> None:
    folder = movielens_100k(tmp_path / "ml-100k")
    (folder / "u1.test").write_text("2\t3\t4\t1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"both in training and in test \(found \(2, 3\)\)"):
        published_fold(read_movielens_folder(folder), folder, "u1")


def test_users_are_held_out_whole(tiny_dataset: Dataset) -> None:
    train, users = hold_out_users(tiny_dataset, seed=1)
    liked = tiny_dataset.ratings[tiny_dataset.ratings["rating"] >= 4.0]
    trained = set(train.ratings["user_id"])
    counts = liked["user_id"].value_counts()
    n_active = int((counts >= 5).sum())
    assert len(users) == n_active // 10
    assert len(trained) == n_active - 2 * (n_active // 10)
    histories = {user: set(own) for user, own in liked.groupby("user_id")["movie_id"]}
    for user in users:
        whole = {*user.given.tolist(), *user.wanted.tolist()}
        assert len(whole) == user.given.size + user.wanted.size
        assert whole not in [histories[known] for known in trained]
        assert user.given.size == int(0.8 * len(whole))


def test_too_few_users_are_refused(tiny_dataset: Dataset) -> None:
    few = tiny_dataset.ratings[tiny_dataset.ratings["user_id"] <= 9]
    with pytest.raises(DataError, match="fewer than ten users"):
        hold_out_users(tiny_dataset.with_ratings(few), seed=1)


def test_list_metrics_of_the_published_definitions() -> None:
    shown = np.arange(100)
    found = user_metrics(shown, np.array([0, 30, 500]))
    assert found["recall_at_20"] == pytest.approx(1 / 3)
    assert found["recall_at_50"] == pytest.approx(2 / 3)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert found["ndcg_at_100"] == pytest.approx((1 + 1 / np.log2(32)) / ideal)
    many = user_metrics(shown, np.arange(60))
    assert list(many.values()) == pytest.approx([1.0, 1.0, 1.0])
