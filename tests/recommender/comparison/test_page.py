from __future__ import annotations

import json
import struct
from dataclasses import replace
from itertools import combinations

import numpy as np

from recommender.comparison import table
from recommender.comparison.charts import (
    METRICS,
    accuracy_against_time,
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


def test_labels_of_neighbouring_models_do_not_cover_each_other(compared: Comparison) -> None:
    # Sixteen models that cost and are worth about the same, under long names.
    crowd = tuple(
        replace(model, name=f"metadata-{model.name}-{turn}", fit_seconds=0.2 + 0.01 * turn)
        for turn in range(4)
        for model in compared.models
    )
    figure = accuracy_against_time(replace(compared, models=crowd), METRICS)
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
        assert len(boxes) == len(crowd)
        for one, other in combinations(boxes, 2):
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            along = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert across <= 0 or along <= 0


def test_a_failed_model_stands_in_every_table_with_its_reason(compared: Comparison) -> None:
    broken = replace(compared, failures={"nmf": "the factors are not finite"})
    for rows in (table.rows(broken, intervals=True), table.short_rows(broken)):
        assert rows[-1][:2] == ["nmf", "failed"]
        assert len({len(row) for row in rows}) == 1
    assert table.configuration_rows(broken)[-1][-1] == "the factors are not finite"
    assert table.chosen_rows(broken)[-1] == ["nmf", "failed: the factors are not finite"]
    assert "nmf failed: the factors are not finite" in table.markdown(broken)


def test_the_budget_and_the_choice_of_each_model_are_told(compared: Comparison) -> None:
    heads = table.short_headings()
    for model, row in zip(compared.models, table.short_rows(compared), strict=True):
        assert row[heads.index("tried")] == str(model.tried)
        assert row[heads.index("budget s")] == f"{model.budget_seconds:.1f}"
    [ease] = [row for row in table.chosen_rows(compared) if row[0] == "ease"]
    assert "ease_regularization=" in ease[1]
    assert table.chosen_rows(compared)[0] == ["popularity", "nothing to tune"]
    assert any(text.startswith("Budget of each model: 3 conf") for text in compared.protocol)
    alone = replace(compared, trials=0)
    assert any("as configured in params.yaml" in text for text in alone.protocol)
