"""The examples of docs/api.md are about films that a server of the sample has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation.catalogue import read_catalogue


@pytest.fixture
def page(repo: Path) -> str:
    return (repo / "docs" / "api.md").read_text()


@pytest.fixture(scope="module")
def titles() -> dict[int, str]:
    columns = (read_catalogue()[name].tolist() for name in ("movie_id", "title", "year"))
    return {number: f"{title} ({year})" for number, title, year in zip(*columns, strict=True)}


def _named(value: Any) -> Iterator[tuple[int, str]]:
    """Yield id and title, with its year if given, of every film in an answer."""
    if isinstance(value, dict):
        if {"movie_id", "title"} <= value.keys():
            year = f" ({value['year']})" if "year" in value else ""
            yield value["movie_id"], value["title"] + year
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _named(part)


def test_answers_name_films_of_the_sample(page: str, titles: dict[int, str]) -> None:
    answers = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    named = [film for answer in answers for film in _named(answer)]
    assert named
    for movie_id, title in named:
        assert titles.get(movie_id, "").startswith(title), f"{movie_id} {title}"


def test_requests_send_ids_of_the_sample(page: str, titles: dict[int, str]) -> None:
    requests = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    found = re.findall(r'"movie_id": (\d+)', requests)
    for liked in re.findall(r'"liked": \[([\d, ]+)\]', requests):
        found += liked.split(", ")
    assert found
    assert set(map(int, found)) <= set(titles)
