"""A suite that an analyst got wrong is refused with its file, its place and a remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.suites import SUITE_NAMES, load_suites, make_placeholders
from expectations.validation import validate
from recommender.errors import UsageError
from recommender.scale import RatingScale
from recommender.schema import Dataset

NOW = datetime(2024, 6, 15, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "rating", "min_value": 0.5},
    "severity": "critical",
    "meta": {"note": "Ratings are not too low."},
}


@pytest.fixture
def suites(tmp_path: Path, repo: Path) -> Path:
    """A copy of the project's suites."""
    folder = tmp_path / "suites"
    folder.mkdir()
    for name in SUITE_NAMES:
        shutil.copy(repo / "expectations" / f"{name}.json", folder)
    return folder


def write(folder: Path, rules: list[Any], **others: Any) -> None:
    suite = {"name": "ratings", "meta": {"note": "Ratings."}, "expectations": rules, **others}
    (folder / "ratings.json").write_text(json.dumps(suite), encoding="utf-8")


def rule(**changes: Any) -> dict[str, Any]:
    """Return the good rule changed; a change to ``None`` takes the key away."""
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        ("text", ["an object with a type"]),
        (rule(type=None), ["an object with a type"]),
        (rule(type="expect_column_values_to_be_betwen"),
         ["unknown expectation type", "Did you mean 'expect_column_values_to_be_between'?"]),
        (rule(severity=None), ["severity", '"critical", which stops', '"warning"']),
        (rule(severity="info"), ["severity", "found 'info'"]),
        (rule(severity=["critical"]), ["severity"]),
        (rule(id="4c3d"), ["unknown key", "found 'id'", "without ids"]),
        (rule(sevrity="critical"), ["unknown key", "Did you mean 'severity'?"]),
        (rule(meta=None), ["no note in plain words"]),
        (rule(meta={"note": " "}), ["no note in plain words"]),
        (rule(kwargs=[1]), ["kwargs is an object"]),
        (rule(kwargs={"column": "rating", "min_vale": 1}), ["arguments do not suit", "min_vale"]),
        (rule(kwargs={"min_value": 1}), ["arguments do not suit", "column field required"]),
        (rule(kwargs={"column": "rating"}), ["arguments do not suit", "cannot both be None"]),
        (rule(kwargs={"column": "rating", "min_value": 1, "mostly": 2}), ["mostly"]),
        (rule(kwargs={"column": "ratng", "min_value": 1}),
         ["no such column", "Did you mean 'rating'?"]),
        (rule(kwargs={"column": "rating", "min_value": 3, "max_value": 1}), ["crossed"]),
        (rule(kwargs={"column": "rating", "min_value": "$scale_minimun"}),
         ["unknown placeholder", "Did you mean 'scale_minimum'?"]),
        (rule(kwargs={"column": "rating", "min_value": "$date(1995-13-01)"}),
         ["argument cannot be read", "month"]),
        (rule(kwargs={"column": "rating", "min_value": "$scale_point"}),
         ["argument cannot be read"]),
        (rule(type="expect_column_values_to_match_regex",
              kwargs={"column": "rating", "regex": "(a"}), ["regular expression", "(a"]),
        (rule(kwargs={"column": "rating", "min_value": 1, "row_condition": {"type": "some"}}),
         ["arguments do not suit", "some"]),
    ],
)  # fmt: skip
def test_a_malformed_rule_is_refused(
    wrong: Any, messages: list[str], suites: Path, tiny: Dataset
) -> None:
    write(suites, [GOOD, wrong])
    with pytest.raises(UsageError) as caught:
        validate(tiny, suites)
    text = str(caught.value)
    assert "ratings.json, expectations[1]" in text
    assert all(message in text for message in messages), text
    assert caught.value.remedy
    assert caught.value.exit_code == 2


def broken_json(folder: Path) -> None:
    (folder / "ratings.json").write_text('{"name": "ratings",}', encoding="utf-8")


def no_list(folder: Path) -> None:
    (folder / "ratings.json").write_text("[]", encoding="utf-8")


def no_file(folder: Path) -> None:
    (folder / "ratings.json").unlink()


def not_utf8(folder: Path) -> None:
    (folder / "ratings.json").write_bytes(b'{"name": "r\xe9"}')


def strange_file(folder: Path) -> None:
    (folder / "rating.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (broken_json, "ratings.json: the suite is not JSON"),
        (not_utf8, "ratings.json: the suite is not JSON"),
        (no_list, "ratings.json: a suite is an object with a list"),
        (no_file, "ratings.json: the suite cannot be read"),
        (strange_file, r"rating.json: there is no such table .*Did you mean 'ratings'\?"),
        (lambda folder: write(folder, [], name="movies"), "a suite is named as its file"),
        (lambda folder: write(folder, [], meta={}), "there is no note"),
        (lambda folder: write(folder, [], id="4c3d"), "unknown key"),
    ],
)
def test_a_malformed_file_is_refused(
    change: Callable[[Path], None], message: str, suites: Path, tiny: Dataset
) -> None:
    change(suites)
    with pytest.raises(UsageError, match=message) as caught:
        validate(tiny, suites)
    assert caught.value.remedy


def test_a_malformed_suite_is_refused_even_where_its_table_is_absent(
    suites: Path, tiny: Dataset
) -> None:
    (suites / "tags.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"tags\.json"):
        validate(replace(tiny, tags=None), suites)


def test_placeholders_stand_for_what_the_readme_says(suites: Path) -> None:
    values = {
        "$scale_minimum": 0.5,
        "$scale_maximum": 5.0,
        "$scale_values": [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0],
        "$scale_point(0.4)": 2.3,
        "$scale_share(0.1)": 0.45,
        "$date(1995-01-01)": 788918400,
        "$now": 1718409600,
        "$year_from_now(2)": 2026,
        "plain $text": "plain $text",
    }
    write(suites, [rule(kwargs={"value_set": list(values)})])
    loaded = load_suites(suites, make_placeholders(RatingScale(), NOW))
    assert loaded[0].rules[0].kwargs == {"value_set": list(values.values())}


def test_the_grid_of_whole_stars_and_of_tenths_is_exact() -> None:
    whole = make_placeholders(RatingScale(1, 5, 1), NOW)
    tenths = make_placeholders(RatingScale(0, 1, 0.1), NOW)
    assert whole["scale_values"](None) == [1, 2, 3, 4, 5]
    assert tenths["scale_values"](None) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def test_suites_hold_no_ids_and_are_written_for_reading(repo: Path) -> None:
    for name in SUITE_NAMES:
        text = (repo / "expectations" / f"{name}.json").read_text(encoding="utf-8")
        assert '"id"' not in text
        assert text.endswith("}\n")
        assert max(map(len, text.splitlines())) <= 140


def test_a_rule_about_the_whole_table_and_a_condition_on_rows_both_run(
    suites: Path, tiny: Dataset
) -> None:
    pair = {
        "type": "expect_column_pair_values_a_to_be_greater_than_b",
        "kwargs": {"column_A": "timestamp", "column_B": "user_id"},
        "severity": "warning",
        "meta": {"note": "Times are greater than user ids."},
    }
    conditional = rule(
        kwargs={
            "column": "rating",
            "min_value": 0.5,
            "row_condition": {"type": "pass_through", "pass_through_filter": "user_id > 3"},
        }
    )
    write(suites, [pair, conditional])
    for name in SUITE_NAMES[1:]:
        suite = json.loads((suites / f"{name}.json").read_text())
        (suites / f"{name}.json").write_text(json.dumps({**suite, "expectations": []}))
    checks = validate(tiny, suites).suites[0].checks
    assert [check.success for check in checks] == [True, True], checks
