from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from recommender.data.files import find_files, local_file
from recommender.errors import DataError

MARKERS = ("ratings.csv", "u.data")


def _zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_folder_is_found_as_it_is_or_one_deeper(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "ratings.csv").write_bytes(b"abc")
    (inner / "movies.csv").write_bytes(b"")
    for path in (inner, tmp_path / "outer"):
        files = find_files(path, MARKERS)
        assert sorted(files) == ["movies.csv", "ratings.csv"]
        assert files["ratings.csv"].read_bytes() == b"abc"
        assert files["ratings.csv"].place == str(inner / "ratings.csv")


def test_a_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    members = {"ml/ratings.csv": b"abc", "ml/old/ratings.csv": b"old", "__MACOSX/ratings.csv": b"x"}
    files = find_files(_zip(tmp_path / "ml.zip", members), MARKERS)
    assert sorted(files) == ["ratings.csv"]
    assert (files["ratings.csv"].read_bytes(), files["ratings.csv"].size) == (b"abc", 3)
    assert files["ratings.csv"].place.endswith("ml.zip/ml/ratings.csv")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "ml.zip"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: cannot be read \(found 'No such file"):
        find_files(tmp_path / "absent", MARKERS)
    with pytest.raises(DataError, match=r"holds none of ratings\.csv, u\.data"):
        find_files(tmp_path, MARKERS)
    with pytest.raises(DataError, match="cannot be read"):
        local_file(tmp_path / "absent")


def test_two_data_sets_are_one_too_many(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "two.zip", {"a/ratings.csv": b"", "b/u.data": b""})
    with pytest.raises(DataError, match=r"more than one data set \(found \['a', 'b'\]\)"):
        find_files(archive, MARKERS)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ml.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"ml\.zip: is not a readable zip"):
        find_files(path, MARKERS)


def test_damage_within_a_member_is_named(tmp_path: Path) -> None:
    path = _zip(tmp_path / "ml.zip", {"ratings.csv": b"abcdef" * 1000}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ml\.zip/ratings\.csv: cannot be read: Bad CRC-32"):
        find_files(path, MARKERS)["ratings.csv"].read_bytes()


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = _zip(tmp_path / "ml.zip", {"ratings.csv": b"abcdef"}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ratings\.csv: cannot be unpacked: .*encrypted"):
        find_files(path, MARKERS)["ratings.csv"].read_bytes()


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        local_file(tmp_path).read_bytes()


def test_content_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "u.item").write_bytes(b"abc")
    file = local_file(tmp_path / "u.item").with_content(b"new one")
    assert (file.name, file.size, file.read_bytes()) == ("u.item", 7, b"new one")
