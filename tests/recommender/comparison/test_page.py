from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np

from recommender.comparison import table
from recommender.comparison.charts import (
    plot_accuracy_against_time,
    plot_accuracy_by_slice,
    slice_values,
)
from recommender.comparison.page import comparison_files
from recommender.comparison.report import Comparison


def test_the_files_stand_alone_and_hold_every_model(compared: Comparison) -> None:
    hostile = replace(compared, failures={"<b>": "https it & more"})
    files = comparison_files(hostile)
    page = str(files["comparison.html"])
    assert "http://" not in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt; failed" in page
    assert page.count("<svg ") == 2
    assert compared.verdict in page
    for model in compared.models:
        assert f'<th scope="row">{model.name}</th>' in page
        assert f"| {model.name} |" in str(files["comparison.md"])
    tree = json.loads(files["comparison.json"])
    assert Comparison.from_dict(tree).to_dict() == hostile.to_dict()
    for sentence in compared.protocol:
        assert sentence in str(files["comparison.md"])


def test_rows_carry_metrics_intervals_and_costs(compared: Comparison) -> None:
    rows = table.rows(compared, intervals=True)
    assert [row[0] for row in rows] == [model.name for model in compared.models]
    heads = table.headings()
    assert {len(row) for row in rows} == {len(heads)}
    ease = compared.models[-1]
    low, high = ease.report.intervals["rmse"]
    rmse = f"{ease.report.metrics['rmse']:.4f}\n{low:.4f} to {high:.4f}"
    assert rows[-1][heads.index("RMSE")] == rmse
    assert rows[-1][heads.index("chosen by")] == "NDCG@10"
    assert len(table.short_rows(compared)[0]) == len(table.short_headings())


def test_unknown_memory_is_said_to_be_unknown(compared: Comparison) -> None:
    without = replace(compared.models[0], peak_mb=None)
    [row] = table.rows(replace(compared, models=(without,)), intervals=False)
    assert row[table.headings().index("peak MB")] == "unknown"
    assert "peak_mb" not in without.costs


def test_the_reference_has_no_difference_to_itself(compared: Comparison) -> None:
    names = [row[0] for row in table.difference_rows(compared)]
    assert names == ["popularity", "bias", "svd"]
    assert "ease's" in table.difference_headings("ease")[1]


def test_the_verdict_names_the_best(compared: Comparison) -> None:
    best = min(compared.models, key=lambda model: model.report.metrics["rmse"])
    assert f"Lowest RMSE: {best.name}" in compared.verdict


def test_charts_are_readable_and_reproducible(compared: Comparison) -> None:
    for draw in (plot_accuracy_against_time, plot_accuracy_by_slice):
        image = draw(compared)
        width, height = struct.unpack(">II", image[16:24])
        assert width >= 600
        assert height >= 300
    text = plot_accuracy_by_slice(compared, "rmse", "svg")
    assert plot_accuracy_by_slice(compared, "rmse", "svg") == text
    assert b"popularity" in text


def test_a_model_without_a_slice_is_left_blank(compared: Comparison) -> None:
    first, second = compared.models[:2]
    rows = tuple(replace(row, metrics={}) for row in second.report.slices)
    hollow = replace(second, report=replace(second.report, slices=rows))
    names, values = slice_values(replace(compared, models=(first, hollow)), "rmse")
    assert values.shape == (2, len(names))
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1]).all()
    assert plot_accuracy_by_slice(replace(compared, models=(first, hollow)), "rmse")
