"""The protocols by name; a new one is a function and a line in `PROTOCOLS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.protocols.folds import (
    Fold,
    published_fold,
    random_folds,
    random_tenth,
    read_movielens_folder,
    require_disjoint,
)
from benchmarks.protocols.models import MakeScorer
from benchmarks.protocols.published import PUBLISHED
from benchmarks.protocols.rating_accuracy import compare, promises, summarise
from benchmarks.protocols.rating_files import make_dataset, read_items_file, read_rating_file
from benchmarks.protocols.strong_generalisation import measure_strong_generalisation
from benchmarks.protocols.temporal_ranking import run as rank_what_comes_next
from benchmarks.report import Check
from recommender.settings import Params

_N_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Task:
    """What a protocol is given.

    Attributes:
        path: Folder of the data set.
        params: Hyper-parameters and the seed.
        models: Models to compare where the protocol asks for ratings.
    """

    path: Path
    params: Params
    models: Mapping[str, MakeScorer]


Outcome = tuple[dict[str, Any], list[Check]]
Protocol = Callable[[Task], Outcome]


def run_protocol(name: str, task: Task) -> Outcome:
    """Return the figures of a protocol, published ones beside them, and its checks."""
    figures, checks = PROTOCOLS[name](task)
    published = [asdict(item) for item in PUBLISHED.get(name, ())]
    return {"protocol": name, **figures, "published": published}, checks


def run_files(train: Path, test: Path, items: Path | None, task: Task) -> Outcome:
    """Return the figures of a split that stands in two files."""
    parts = read_rating_file(train), read_rating_file(test)
    require_disjoint(*parts, place=f"{train} and {test}")
    known = None if items is None else read_items_file(items)
    dataset = make_dataset(train.stem, *parts, known)
    figures, checks = _compare([Fold(test.name, dataset, parts[1])], task)
    return {"protocol": "files", **figures}, checks


def _five_folds(task: Task) -> Outcome:
    dataset = read_movielens_folder(task.path)
    return _compare(random_folds(dataset, _N_FOLDS, task.params.seed), task)


def _published_first_fold(task: Task) -> Outcome:
    dataset = read_movielens_folder(task.path)
    return _compare([published_fold(dataset, task.path, "u1")], task)


def _ninety_ten(task: Task) -> Outcome:
    return _compare(random_tenth(read_movielens_folder(task.path), task.params.seed), task)


def _liang(task: Task) -> Outcome:
    dataset = read_movielens_folder(task.path)
    return {"models": measure_strong_generalisation(dataset, task.params)}, []


def _temporal_ranking(task: Task) -> Outcome:
    return rank_what_comes_next(read_movielens_folder(task.path), task.params)


def _compare(folds: Iterable[Fold], task: Task) -> Outcome:
    results = compare(folds, task.models, task.params)
    return {"models": summarise(results)}, promises(results)


PROTOCOLS: dict[str, Protocol] = {
    "5fold": _five_folds,
    "temporal-ranking": _temporal_ranking,
    "ml-100k-u1": _published_first_fold,
    "ml-100k-5fold": _five_folds,
    "ml-1m-90-10": _ninety_ten,
    "ml-10m-90-10": _ninety_ten,
    "ml-20m-liang": _liang,
}
