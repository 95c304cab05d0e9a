from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from recommender.data.source import Source, read_dataset, source_digest
from recommender.errors import DataError, UsageError


def test_a_folder_is_read_cleaned_and_digested(folder: Path, small_ratings: pd.DataFrame) -> None:
    source = Source("small", folder)
    dataset = read_dataset(source)
    assert dataset.name == "small"
    assert dataset.digest == source_digest(source)
    expected = small_ratings.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    pd.testing.assert_frame_equal(dataset.ratings, expected)
    assert dataset.cleaning is not None
    assert dataset.cleaning.rows_kept == dataset.cleaning.rows_read == 600


def test_the_digest_follows_the_content(folder: Path) -> None:
    source = Source("small", folder)
    before = source_digest(source)
    assert source_digest(Source("another name", folder)) == before
    (folder / "links.csv").write_text("not used")
    assert source_digest(source) == before
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n")
    with_tags = source_digest(source)
    assert with_tags != before
    (folder / "tags.csv").unlink()
    content = (folder / "ratings.csv").read_bytes()
    (folder / "ratings.csv").write_bytes(content[:-2] + b"9\n")
    assert source_digest(source) not in {before, with_tags}


def test_a_zip_has_the_digest_of_its_folder(folder: Path) -> None:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in folder.iterdir():
            stream.write(path, f"any/{path.name}")
    zipped, plain = Source("small", archive), Source("small", folder)
    assert source_digest(zipped) == source_digest(plain)
    pd.testing.assert_frame_equal(read_dataset(zipped).ratings, read_dataset(plain).ratings)


def test_the_digest_of_a_table_covers_its_map_and_its_movies(folder: Path) -> None:
    path = folder / "ratings.csv"
    digests = {
        source_digest(Source("t", path)),
        source_digest(Source("t", path, {"rating": "rating"})),
        source_digest(Source("t", path, {}, folder / "movies.csv")),
    }
    renamed = path.rename(folder / "renamed.csv")
    digests.add(source_digest(Source("t", renamed)))
    assert len(digests) == 4


def test_progress_is_told_of_both_passes(folder: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    read_dataset(Source("small", folder), lambda *call: calls.append(call))
    size = (folder / "ratings.csv").stat().st_size
    assert ("checking ratings.csv", size, size) in calls
    assert ("reading ratings.csv", size, size) in calls


def test_a_map_is_for_tables_only(folder: Path) -> None:
    with pytest.raises(UsageError, match="only for a CSV or Parquet file"):
        read_dataset(Source("small", folder, {"rating": "stars"}))
    with pytest.raises(UsageError, match="only for a CSV or Parquet file"):
        read_dataset(Source("small", folder, {}, folder / "movies.csv"))


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    for name in ("absent", "absent.zip", "absent.csv"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read .*--data-path"):
            read_dataset(Source("x", tmp_path / name))
