from __future__ import annotations

import json

from recommender.tuning.page import tuning_files
from tests.recommender.tuning.conftest import Fits, Tune, diverged


def test_the_page_stands_alone_and_tells_of_every_trial(run: Tune, fits: Fits) -> None:
    fits.fail = lambda params: diverged(params) if params.regularization < 0.01 else None
    report = run(trials=8, prune_after=8)
    files = tuning_files(report)
    assert set(files) == {
        *("tuning.html", "tuning.json"),
        *("history.png", "slices.png", "importance.png"),
    }
    page = str(files["tuning.html"])
    assert "http" not in page
    assert "<script" not in page
    assert report.verdict in page
    assert page.count("<tr") == 1 + len(report.trials)
    assert "the factors are not finite" in page
    assert json.loads(files["tuning.json"])["trials"][0]["number"] == 0


def test_importance_is_left_out_where_it_cannot_be_told(run: Tune) -> None:
    files = tuning_files(run(trials=1))
    assert "importance.png" not in files
    assert "too few complete trials" in str(files["tuning.html"])
