"""Every expression of every panel and rule, asked of a Prometheus that scrapes real traffic."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from deploy.monitoring.dashboards.__main__ import DASHBOARDS
from recommender.bundle import Bundle
from recommender.publication import PublishedFolder
from recommender.schema import Dataset
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate
from simulation.traffic.connection import Target
from simulation.traffic.drive import Drive
from simulation.traffic.scenario import SCENARIOS
from simulation.traffic.schedule import Traffic
from tests.deploy.test_rules import rules_of
from tests.monitoring.exported.state import write_state
from tests.serving.running import PATIENCE, Running, free_port, publish, running, wait_for

SERVER = ["-m", "serving", "--without-publisher"]
WEB = {"MOVIE_ROULETTE_WEB__WORKERS": "1"}
PANELS = [
    query.expression
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for query in panel.queries
]


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that runs."""

    port: int

    def ask(self, expression: str) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{query}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def prometheus_of(
    program: str, folder: Path, monitoring: Path, targets: dict[str, int]
) -> Iterator[Prometheus]:
    config = yaml.safe_load((monitoring / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(monitoring / "prometheus" / "rules" / "*.yml")]
    del config["alerting"]
    jobs = [job for job in config["scrape_configs"] if job["job_name"] in targets]
    for job in jobs:
        job["static_configs"] = [{"targets": [f"127.0.0.1:{targets[job['job_name']]}"]}]
    config["scrape_configs"] = jobs
    file, port = folder / "prometheus.yml", free_port()
    file.write_text(yaml.safe_dump(config))
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            found = Prometheus(port)
            wait_for(found.is_ready, (folder / "prometheus.log").read_text)
            yield found
        finally:
            process.kill()
            process.wait()


def catalogue_of(dataset: Dataset) -> pd.DataFrame:
    assert dataset.credits is not None
    return dataset.movies.merge(dataset.credits, on="movie_id").sort_values("movie_id")


@pytest.fixture(scope="module")
def prometheus(
    tiny_bundle: Bundle,
    tiny_dataset: Dataset,
    monitoring: Path,
    program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    folder, binary = tmp_path_factory.mktemp("watched"), program("prometheus")
    publish_registered(PublishedFolder(folder / "published"), tiny_bundle)
    write_state(folder, time.time())
    with running(folder, SERVER, WEB) as server, exporter_of(folder) as exporter:
        server.wait_until_ready()
        targets = {"roulette-server": server.port, "roulette-state": exporter}
        with prometheus_of(binary, folder, monitoring, targets) as found:
            drive(server, tiny_dataset)
            yield found


def publish_registered(folder: PublishedFolder, bundle: Bundle) -> None:
    publish(folder, bundle, "4")
    pointer = folder.pointer()
    assert pointer is not None
    lineage = {"registered_at": pointer.published_at}
    model = replace(pointer.production, lineage=lineage, metrics={"rmse": 0.8, "ndcg_at_10": 0.2})
    folder.write_pointer(replace(pointer, production=model))


@contextmanager
def exporter_of(folder: Path) -> Iterator[int]:
    port = free_port()
    command = ["-m", "monitoring.exporter", "--port", str(port)]
    (folder / "exporter").mkdir()
    with running(folder / "exporter", command, {"MOVIE_ROULETTE_VAR": str(folder)}) as started:
        started.port = port
        wait_for(lambda: started.answers("/metrics"), started.explain)
        yield port


def drive(server: Running, dataset: Dataset) -> None:
    catalogue = catalogue_of(dataset)
    world = simulate(catalogue, SimulationParameters(n_users=40, n_ratings=400))
    made = Drive(
        Target("127.0.0.1", server.port),
        Traffic(users=40, rate=30.0, seconds=4.0),
        SCENARIOS["bad-data"],
        catalogue=catalogue,
        world=world,
    )
    made.run()
    assert made.record.n_failed == 0


def test_every_panel_has_data(prometheus: Prometheus) -> None:
    missing: list[str] = []

    def complete() -> bool:
        missing[:] = [query for query in PANELS if not prometheus.ask(query)]
        return not missing

    wait_for(complete, lambda: "no data: " + "\n".join(missing))


def test_every_rule_can_be_evaluated_and_none_of_a_server_that_is_well_fires(
    prometheus: Prometheus, monitoring: Path
) -> None:
    for rule in rules_of(monitoring):
        prometheus.ask(rule["expr"])
        if "record" in rule:
            assert prometheus.ask(rule["record"]), rule["record"]
    url = f"http://127.0.0.1:{prometheus.port}/api/v1/rules"
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        groups = json.load(answer)["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(rules_of(monitoring))
    assert [rule for rule in rules if rule["health"] == "err"] == []
    firing = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    # What `write_state` wrote: drift in three windows, and a training that failed.
    assert firing == {"RouletteDrift", "RoulettePipelineFailed"}
