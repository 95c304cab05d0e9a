"""The behaviour report: counts, JSON, the error it raises, and a page that needs no network."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from recommender.errors import BehaviourError
from recommender.evaluation.behaviour import BehaviourReport, BehaviourResult
from recommender.evaluation.behaviour.report import judged, not_applicable

GOOD = judged("seen_movies_never_return", True, "0 of 9 users.", cases=9, wrong=[])
BAD = judged(
    "sequels_are_near", False, "median 0.6 <b>", cases=7, wrong=[f"'<i>{i}' & co" for i in range(7)]
)
SKIPPED = not_applicable("films_of_a_director_are_near", "The data set has no credits.")


def report_of(*results: BehaviourResult) -> BehaviourReport:
    return BehaviourReport("hybrid", "<sample>", "c" * 64, 3, results)


def test_counts_and_verdict():
    report = report_of(GOOD, BAD, SKIPPED)
    assert report.summary == "1 passed, 1 failed, 1 not applicable"
    assert report.failed == (BAD,)
    assert not report.passed
    assert report_of(GOOD, SKIPPED).passed
    assert (GOOD.passed, BAD.passed, SKIPPED.passed) == (True, False, False)
    assert (BAD.failures, len(BAD.examples)) == (7, 5)


def test_nothing_tried_is_not_passed():
    assert not report_of(SKIPPED).passed
    with pytest.raises(BehaviourError, match="none was tried"):
        report_of(SKIPPED).raise_if_failed()


def test_a_failure_raises_with_what_was_found():
    report_of(GOOD).raise_if_failed()
    with pytest.raises(BehaviourError, match=r"hybrid on <sample>.*sequels_are_near: median 0\.6"):
        report_of(GOOD, BAD).raise_if_failed()


def test_json_round_trip():
    report = report_of(GOOD, BAD, SKIPPED)
    assert BehaviourReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


class Page(HTMLParser):
    """Collects tags, text and addresses, and checks that tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.addresses += [value for key, value in attrs if key in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_shows_every_test_escapes_text_and_needs_no_network():
    html = report_of(GOOD, BAD, SKIPPED).to_html()
    page = Page()
    page.feed(html)
    assert page.open == []
    assert page.seen.count("section") == 3
    assert not {"b", "i", "script", "link", "img"} & set(page.seen)
    assert page.addresses == []
    assert "url(" not in html
    assert "@import" not in html
    for words in (
        "not applicable",
        "The data set has no credits.",
        "median 0.6 <b>",
        "'<i>0' & co",
        "7 cases, 7 against it",
        "1 passed, 1 failed, 1 not applicable",
        "<sample>",
    ):
        assert words in page.text
    assert "prefers-color-scheme: dark" in html
