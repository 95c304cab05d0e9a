from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.recommend import measure, private_megabytes, write_synthetic


def test_a_synthetic_bundle_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.recommend._MEASURED", 6)
    assert write_synthetic(tmp_path / "bundle", n_movies=400, n_users=50) > 0.1
    figures = measure(tmp_path / "bundle")
    json.dumps(figures, allow_nan=False)
    for name in ("known_user", "fold_in_user", "estimates", "reranked", "explanation"):
        assert 0.0 < figures[name]["median_ms"] <= figures[name]["p95_ms"]
    assert figures["private_mb"] > 1.0


def test_pages_of_the_bundle_are_not_private(tmp_path: Path) -> None:
    smaps = tmp_path / "smaps"
    smaps.write_text(
        "1-2 r--p 0 00:1 7   /x/bundle/svd.npy\nPrivate_Clean:  900 kB\nPrivate_Dirty: 0 kB\n"
        "2-3 rw-p 0 00:0 0   [heap]\nRss: 70 kB\nPrivate_Clean: 100 kB\nPrivate_Dirty: 400 kB\n",
        encoding="utf-8",
    )
    assert private_megabytes(Path("/x/bundle"), smaps) == 0.5
    assert private_megabytes(Path("/y"), smaps) == 1.4
