from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from expectations.report import render_report, write_report
from expectations.results import Check, SuiteReport, ValidationReport
from recommender.errors import DataError
from recommender.schema import CleaningReport, RemovedRows

HOSTILE = "<script>alert('x')</script> & \"Co\""


def check(**changes: object) -> Check:
    fields: dict[str, object] = {
        "expectation": "expect_column_values_to_be_between",
        "column": "rating",
        "severity": "critical",
        "note": "Ratings lie on the scale.",
        "arguments": {"min_value": 0.5, "max_value": 5.0},
        "success": True,
        "observed": "0 of 12,000 rows failing",
        "count": 0,
        "total": 12000,
        "examples": (),
    }
    return Check(**{**fields, **changes})  # type: ignore[arg-type]  # the fields of Check, by name


def report(*checks: Check, **changes: object) -> ValidationReport:
    fields: dict[str, object] = {
        "dataset": "sample",
        "digest": "ab12" * 16,
        "suites": (SuiteReport("ratings", "The ratings.", 12000, checks),),
    }
    return ValidationReport(**{**fields, **changes})  # type: ignore[arg-type]  # as above


FAILED = check(
    success=False,
    observed="1,234 of 12,000 rows failing (10.28%)",
    count=1234,
    examples=("row 5: user_id=1, rating=7",),
)
WARNED = check(
    expectation="expect_table_row_count_to_be_between",
    column=None,
    severity="warning",
    note="There are enough rows.",
    success=False,
    observed="12,000",
    count=None,
)
CLEANING = CleaningReport(
    rows_read=12010,
    rows_kept=12000,
    removed={"out of scale": 2, "duplicate": 8},
    examples={
        "duplicate": [f"ratings.csv row 4: {HOSTILE}"],
    },
    elsewhere=[RemovedRows("tags.csv", "unknown movie", 3, ["tags.csv, row 9: movie 999"])],
)


class _Reader(HTMLParser):
    """Collects the tags, the links and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action"}]

    def handle_endtag(self, tag: str) -> None:
        self.text += " " if tag in {"td", "th", "code"} else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.text = " ".join(reader.text.split())
    return reader


@pytest.mark.parametrize(
    ("checks", "headline", "line"),
    [
        ((check(),), "Passed", "1 of 1 expectations met. The data may be used."),
        ((check(), WARNED), "Passed with warnings", "1 of 2 expectations met, 1 warning."),
        ((check(), FAILED, WARNED), "Rejected", "1 of 3 expectations met, 1 critical not met"),
    ],
)
def test_the_verdict_stands_at_the_top(checks: tuple[Check, ...], headline: str, line: str) -> None:
    page = render_report(report(*checks))
    assert f"<strong>{headline}</strong>" in page
    assert line in read(page).text


def test_everything_is_on_the_page() -> None:
    text = read(render_report(report(check(), FAILED, WARNED, cleaning=CLEANING))).text
    for part in (
        "sample",
        "ab12" * 16,
        "ratings (12,000 rows)",
        "Ratings lie on the scale.",
        "expect_column_values_to_be_between(min_value=0.5, max_value=5.0)",
        "✕ failed rating",
        "! warning whole table",
        "✓ met rating",
        "1,234 of 12,000 rows failing (10.28%)",
        "row 5: user_id=1, rating=7",
        "Of 12,010 ratings read, 12,000 were kept.",
        "duplicate 8 0.07%",
        "out of scale 2 0.02%",
        "tags.csv: unknown movie 3",
        "tags.csv, row 9: movie 999",
    ):
        assert part in text, part
    assert text.index("duplicate 8") < text.index("out of scale 2")


def test_simulated_ratings_are_labelled() -> None:
    assert "simulated ratings" in read(render_report(report(simulated=True))).text
    assert "simulated" not in read(render_report(report())).text


def test_what_stands_in_the_data_is_shown_as_text() -> None:
    hostile = check(
        success=False,
        note=HOSTILE,
        observed=HOSTILE,
        examples=(HOSTILE,),
        arguments={"value_set": [HOSTILE]},
    )
    cleaning = CleaningReport(2, 1, {HOSTILE: 1}, {HOSTILE: [HOSTILE]})
    page = render_report(report(hostile, dataset=HOSTILE, digest=HOSTILE, cleaning=cleaning))
    reader = read(page)
    assert "script" not in reader.tags
    assert reader.text.count(HOSTILE) >= 8


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = render_report(report(check(), FAILED, cleaning=CLEANING))
    reader = read(page)
    assert reader.links == []
    assert {"link", "img", "script", "iframe"}.isdisjoint(reader.tags)
    assert not re.search(r"https?:|@import|url\(", page)
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_the_file_is_written_with_its_folder(tmp_path: Path) -> None:
    made = report(check())
    file = write_report(made, tmp_path / "reports" / "validation.html")
    assert file.read_text(encoding="utf-8") == render_report(made)


def test_the_report_survives_json() -> None:
    made = report(check(), FAILED, WARNED, cleaning=CLEANING, simulated=True)
    plain = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert ValidationReport.from_dict(plain) == made
    assert plain["passed"] is False
    assert plain["failures"][0]["examples"] == ["row 5: user_id=1, rating=7"]
    assert [warning["column"] for warning in plain["warnings"]] == [None]
    without = report(check())
    assert ValidationReport.from_dict(without.to_dict()) == without


def test_require_names_suite_column_expectation_count_and_example() -> None:
    with pytest.raises(DataError) as caught:
        report(check(), FAILED, WARNED).require()
    text = str(caught.value)
    assert "validation of 'sample'" in text
    assert (
        "ratings.rating: expect_column_values_to_be_between failed: "
        "1,234 of 12,000 rows failing (10.28%). Expected: Ratings lie on the scale."
    ) in text
    assert "row 5: user_id=1, rating=7" in text
    assert "1 of 3 expectations failed" in text
    assert "enough rows" not in text
