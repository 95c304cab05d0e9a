"""Each corrupted data set gives a correct result, or exit 3 with a message that names the place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.corruptions import CORRUPTIONS, corrupted_path
from tests.e2e.pipeline_process import QUICK, Finished, start
from tests.e2e.registry_state import read_state

pytestmark = pytest.mark.e2e

#: With these the run goes on, and says which rows it removed.
COPED = {
    "crlf_and_bom": "",
    "extra_columns": "",
    "shuffled_header": "",
    "nan_ratings": "4 missing value",
    "rating_seven": "3 rating out of scale",
    "negative_timestamps": "3 impossible timestamp",
    "unknown_movie_ids": "2 unknown movie",
}
#: What the message of a refusal must name.
NAMED = {
    "missing_column": ["ratings.csv", "rating"],
    "wrong_type": ["ratings.csv", "rating"],
    "empty_file": ["ratings.csv"],
    "truncated_zip": [".zip"],
    "wrong_checksum": [".zip"],
    "non_utf8": ["movies.csv"],
    "zero_byte_movies": ["movies.csv"],
}


@pytest.fixture(scope="module")
def answers(
    trained: tuple[Path, Finished], small_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[int, str]]:
    """Exit code and output of a run on each corrupted data set."""
    asked = {}
    for name, corrupt in CORRUPTIONS.items():
        folder = tmp_path_factory.mktemp(name) / "data"
        shutil.copytree(small_data, folder)
        corrupt(folder)
        path = corrupted_path(folder)
        asked[name] = ["--dataset", "small", "--data-path", str(path), *QUICK]
    many = start(trained[0], json.dumps(asked), module="tests.e2e.run_many")
    done = many.finish(timeout=900)
    assert done.code == 0, done.stderr
    return {name: tuple(row) for name, row in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_correct_result_or_a_refusal_that_names_the_place(
    answers: dict[str, tuple[int, str]], name: str
) -> None:
    code, printed = answers[name]
    if name in COPED:
        assert code == 0, printed
        assert COPED[name] in " ".join(printed.split())
        return
    assert code in (0, 3), printed
    if code == 3:
        assert "error:" in printed
        assert all(word in printed for word in NAMED.get(name, [])), printed


def test_what_must_be_refused_is_refused(answers: dict[str, tuple[int, str]]) -> None:
    assert {name: answers[name][0] for name in NAMED} == dict.fromkeys(NAMED, 3)


def test_production_is_as_it_was(
    trained: tuple[Path, Finished], answers: dict[str, tuple[int, str]]
) -> None:
    assert answers
    state = read_state(trained[0])
    assert state.aliases["production"] in {version for version, _, _ in state.versions}
