from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from recommender.data.checksum import checksum_file, file_md5, parse_md5, verify_checksum
from recommender.errors import DataError

DIGEST = hashlib.md5(b"content", usedforsecurity=False).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ml-1m.zip"
    path.write_bytes(b"content")
    return path


@pytest.mark.parametrize(
    "text", [f"{DIGEST}\n", f"{DIGEST}  ml-1m.zip\n", f"MD5 (ml-1m.zip) = {DIGEST.upper()}"]
)
def test_both_styles_are_understood(text: str) -> None:
    assert parse_md5(text, place="x") == DIGEST


@pytest.mark.parametrize("text", ["", "<html>not found</html>", DIGEST + "a"])
def test_what_is_no_checksum_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"x: holds no MD5 checksum"):
        parse_md5(text, place="x")


def test_a_file_without_published_checksum_passes(file: Path) -> None:
    verify_checksum(file)


def test_a_right_checksum_passes(file: Path) -> None:
    checksum_file(file).write_text(DIGEST)
    assert file_md5(file) == DIGEST
    verify_checksum(file)


def test_a_wrong_checksum_is_refused(file: Path) -> None:
    checksum_file(file).write_text("0" * 32)
    with pytest.raises(DataError, match=rf"ml-1m\.zip: wrong checksum.*0{{32}}.*{DIGEST}"):
        verify_checksum(file)


def test_an_unreadable_checksum_is_refused(file: Path) -> None:
    checksum_file(file).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"ml-1m\.zip\.md5: cannot be read"):
        verify_checksum(file)
