from __future__ import annotations

from pathlib import Path

import pytest

from recommender.data.ingest import DataHome, DataRequest, content_version, ingest
from recommender.data.versioning import folder_digest
from recommender.errors import DataError, UsageError


def write_movielens(folder: Path, rating: float = 4.0) -> Path:
    folder.mkdir(parents=True)
    (folder / "movies.csv").write_text("movieId,title,genres\n1,A (1999),Drama\n2,B (2000),War\n")
    rows = [f"{user},{movie},{rating},{1000 + user}" for user in (1, 2, 3) for movie in (1, 2)]
    (folder / "ratings.csv").write_text(
        "\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n"
    )
    return folder


@pytest.fixture
def home(tmp_path: Path) -> DataHome:
    """A home whose ``data/`` is what its record says."""
    folder = write_movielens(tmp_path / "data")
    (tmp_path / "data.dvc").write_text(f"outs:\n- md5: {folder_digest(folder)}\n")
    return DataHome(folder, tmp_path / "data.dvc", tmp_path / "downloads")


def test_the_sample_is_read_when_it_is_what_the_record_says(home: DataHome) -> None:
    dataset = ingest(DataRequest("sample"), home)
    assert (dataset.name, len(dataset.ratings)) == ("sample", 6)


def test_a_changed_sample_is_refused_unless_accepted(home: DataHome) -> None:
    (home.folder / "movies.csv").write_text("movieId,title,genres\n1,A,Drama\n2,C (2000),War\n")
    with pytest.raises(DataError, match="--accept-data"):
        ingest(DataRequest("sample"), home)
    assert len(ingest(DataRequest("sample", accept_data=True), home).movies) == 2


def test_a_path_wins_over_the_name(home: DataHome, tmp_path: Path) -> None:
    other = write_movielens(tmp_path / "other", rating=2.0)
    dataset = ingest(DataRequest("mine", path=str(other)), home)
    assert dataset.name == "mine"
    assert set(dataset.ratings["rating"]) == {2.0}


def test_the_version_changes_with_the_content_and_not_with_the_name(
    home: DataHome, tmp_path: Path
) -> None:
    other = write_movielens(tmp_path / "other")
    before = content_version(DataRequest("a", path=str(other)), home)
    assert content_version(DataRequest("b", path=str(other)), home) == before
    with (other / "ratings.csv").open("a") as stream:
        stream.write("9,1,3.0,5000\n")
    assert content_version(DataRequest("a", path=str(other)), home) != before


def test_the_sample_version_is_the_record_while_data_is_missing(
    home: DataHome, tmp_path: Path
) -> None:
    present = content_version(DataRequest("sample"), home)
    absent = DataHome(tmp_path / "gone", home.record, home.downloads)
    assert content_version(DataRequest("sample"), absent) == present


def test_a_known_name_is_versioned_by_its_download(home: DataHome) -> None:
    assert content_version(DataRequest("ml-100k"), home) == "not downloaded yet"


@pytest.mark.parametrize("function", [ingest, content_version])
def test_unknown_names_and_absent_paths_are_refused(home: DataHome, function: object) -> None:
    assert callable(function)
    with pytest.raises(UsageError, match="ml-latest-small"):
        function(DataRequest("ml-lastest-small"), home)
    with pytest.raises(DataError, match="--data-path"):
        function(DataRequest("mine", path="/nowhere/at/all"), home)
