"""The operator's page in a real browser, over a real registry and publisher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from events.migrate import migrate
from monitoring.decision import BY_HAND, NewData, Reason, RetrainDecision
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import end_request, waiting_request
from monitoring.state import MonitorState
from recommender.bundle import Bundle, write_bundle
from recommender.promotion_request import PromotionFiles
from serving.keys import KeyRing
from tests.serving.browser.conftest import PATIENCE, Visitor
from tests.serving.browser.reports import drift_report
from tests.serving.browser.test_quality import violations
from tests.serving.running import REPO, running

Visit = Callable[..., Visitor]


@dataclass(frozen=True)
class Operated:
    """A server with a registry behind it.

    Attributes:
        base: Its address.
        key: An admin key.
        folders: What monitoring leaves.
    """

    base: str
    key: str
    folders: MonitoringFolders

    def measured(self, psi: float) -> None:
        """Let a round of monitoring have found this drift of the rated genres."""
        file = self.folders.reports / "drift" / "drift.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(drift_report(psi)))


@pytest.fixture(scope="module")
def operated(
    film_bundle: Bundle, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    """Version 2 in production, version 1 before it, and version 3, which the gate rejected."""
    root = tmp_path_factory.mktemp("operated")
    var = root / "var"
    bundles = [film_bundle.path, *(_altered(film_bundle, root, seed) for seed in (2, 3))]
    verdicts = zip(("promote", "promote", "reject"), bundles, strict=True)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_")}
    environ = {**kept, "MOVIE_ROULETTE_VAR": str(var), "PYTHONPATH": str(REPO)}
    script = str(REPO / "tests" / "serving" / "browser" / "registering.py")
    command = [sys.executable, script, *(f"{verdict}={path}" for verdict, path in verdicts)]
    subprocess.run(command, cwd=REPO, env=environ, check=True, timeout=300)
    migrate(f"sqlite:///{var / 'events' / 'events.db'}")
    key = KeyRing(var / "keys" / "keys.json").create("Ada", ["admin"])
    own = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{var / 'mlflow' / 'mlflow.db'}",
        "MOVIE_ROULETTE_WEB__WORKERS": "1",
        "MOVIE_ROULETTE_WEB__DRAIN_SECONDS": "0",
        "MOVIE_ROULETTE_PROFILING__ENABLED": "false",
    }
    with running(var, ["-m", "serving"], own) as server:
        server.wait_until_ready()
        _wait_for_versions(PromotionFiles(var / "published"), 3)
        base = f"http://127.0.0.1:{server.port}"
        yield Operated(base, key, MonitoringFolders(var / "monitoring"))


@pytest.fixture(scope="module")
def site(operated: Operated) -> str:
    return operated.base


def _wait_for_versions(files: PromotionFiles, n_versions: int) -> None:
    """Wait until the publisher has said which versions there are, which may be after it serves."""
    deadline = time.monotonic() + PATIENCE / 1000
    while len(files.versions()) < n_versions:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _altered(bundle: Bundle, folder: Path, seed: int) -> Path:
    fields = asdict(bundle.manifest)
    del fields["format_version"], fields["files"]
    arrays = {name: bundle[name] for name in bundle}
    return write_bundle(folder / f"bundle-{seed}", arrays, fields | {"seed": seed}).path


def refreshed(part: Locator, text: str) -> None:
    """Wait until a part of the page says something, by what the page does every ten seconds."""
    deadline = time.monotonic() + PATIENCE / 1000
    while text not in part.inner_text():
        assert time.monotonic() < deadline, part.inner_text()
        part.page.clock.run_for(10_000)
        time.sleep(0.2)


def enter(visitor: Visitor, key: str) -> None:
    visitor.page.clock.install()
    visitor.go("/ops")
    visitor.page.get_by_label("API key").fill(key)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.page.get_by_role("heading", name="The model that answers")).to_be_visible()


@pytest.mark.parametrize(("psi", "title"), [(0.03, "Healthy"), (0.41, "In alarm")])
def test_the_page_is_accessible_and_narrow_calm_and_in_alarm(
    visit: Visit, operated: Operated, psi: float, title: str
) -> None:
    operated.measured(psi)
    visitor = visit(viewport={"width": 320, "height": 700})
    found = violations_of(visitor, "/ops")
    enter(visitor, operated.key)
    expect(visitor.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    paths = ["/ops"] if psi < 0.2 else ["/ops", "/ops/retrain", "/ops/rollback", "/ops/promote/1"]
    for path in paths:
        found += violations_of(visitor, path)
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, path
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    found += violations_of(visitor, "/ops")
    assert not found, "\n".join(found)


def test_only_the_admin_key_lets_in(visit: Visit, operated: Operated) -> None:
    visitor = visit()
    visitor.expected = {401}
    visitor.go("/ops")
    visitor.page.get_by_label("API key").fill("mr_0_wrong")
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.page.get_by_role("heading", level=1)).not_to_have_text("Operate")
    enter(visitor, operated.key)
    visitor.page.get_by_role("button", name="Sign out Ada").click()
    expect(visitor.page.get_by_label("API key")).to_be_visible()


def test_a_retraining_is_asked_for_and_followed_without_a_reload(
    visit: Visit, operated: Operated
) -> None:
    visitor, folders = visit(), operated.folders
    enter(visitor, operated.key)
    page = visitor.page
    page.get_by_role("link", name="Retrain…").click()
    page.get_by_role("link", name="Leave it as it is").click()
    assert waiting_request(folders.retrain_request) is None
    page.get_by_role("link", name="Retrain…").click()
    page.get_by_role("button", name="Ask for a retraining").click()
    assert waiting_request(folders.retrain_request) is None, "a reason is needed"
    page.get_by_label("Why").fill("new films came")
    page.get_by_role("button", name="Ask for a retraining").click()
    expect(page.locator("#notice")).to_contain_text("next round of monitoring")
    expect(page.locator("#wish")).to_contain_text("pending: new films came")
    request = waiting_request(folders.retrain_request)
    assert request is not None
    page.evaluate("window.seen = true")
    page.get_by_text("Rules of the gate").click()
    journal = Journal(folders.journal)
    reasons = (Reason("cause", True, BY_HAND), Reason("data_quality", True, "no problem found"))
    made = RetrainDecision(True, (BY_HAND,), reasons, (), MonitorState())
    number = journal.record(made, NewData("d", 340, 5000), request.at, {"request": asdict(request)})
    journal.begin(number, request.at)
    end_request(folders.retrain_request, request.request_id)
    refreshed(page.locator("#wish"), "taken")
    record = {"detail": "Version 3 is not promoted: ndcg_at_10 is too low."}
    journal.end(number, "rejected", MonitorState(), request.at + 60.0, record)
    refreshed(page.locator("#retrainings"), "rejected: Version 3 is not promoted")
    expect(page.get_by_role("heading", name="In alarm")).to_be_visible()
    assert page.title().startswith("In alarm")
    expect(page.get_by_text("0.1555, floor 0.0200")).to_be_visible()
    assert page.evaluate("window.seen"), "the page was loaded anew"


def test_a_rejected_version_is_promoted_and_taken_back_after_a_second_question(
    visit: Visit, operated: Operated
) -> None:
    visitor = visit()
    enter(visitor, operated.key)
    page = visitor.page
    served = page.locator("#served dd").first
    expect(served).to_have_text("2")
    page.get_by_role("link", name="Promote version 3").click()
    expect(page.get_by_text("The gate did not let it through.")).to_be_visible()
    expect(page.get_by_text("ndcg_at_10: 0.0912, at least 0.1400")).to_be_visible()
    page.get_by_label("Why").fill("the viewers asked for it")
    page.get_by_role("button", name="Promote version 3").click()
    # The publisher moves the alias, the worker follows, and the page refreshes itself.
    refreshed(page.locator("#asked"), "promoted: Version 3 is production.")
    refreshed(served, "3")
    expect(page.locator("#served")).to_contain_text("Promoted by hand:")
    page.get_by_role("link", name="Roll back…").click()
    page.get_by_label("Why").fill("odd lists")
    page.get_by_role("button", name="Roll back to version 2").click()
    expect(served).to_contain_text("2")
    refreshed(page.locator("#versions"), "Taken back")
    audit = page.locator("#audit")
    for text in ("promote, done", "rollback, done", "odd lists", "the viewers asked for it"):
        expect(audit).to_contain_text(text)


def violations_of(visitor: Visitor, path: str) -> list[str]:
    visitor.go(path)
    return [f"{path}: {fault}" for fault in violations(visitor)]
