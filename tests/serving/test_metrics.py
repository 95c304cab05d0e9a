from __future__ import annotations

from pathlib import Path

from serving.metrics import FOLDER_VARIABLE, Metrics, prepare_folder


def test_a_watched_total_is_counted_once_and_never_falls() -> None:
    own, found = Metrics(), [3]
    own.watch_total("cache_hits", "Hits.", lambda: found[0])
    assert b"roulette_cache_hits_total 3.0" in own.exposition()
    assert b"roulette_cache_hits_total 3.0" in own.exposition()
    found[0] = 2
    assert b"roulette_cache_hits_total 3.0" in own.exposition()
    found[0] = 5
    assert b"roulette_cache_hits_total 5.0" in own.exposition()


def test_a_watched_level_is_what_it_is_now() -> None:
    own, found = Metrics(), [3]
    own.watch_level("http_in_flight_requests", "Now.", lambda: found[0])
    assert b"roulette_http_in_flight_requests 3.0" in own.exposition()
    found[0] = 0
    assert b"roulette_http_in_flight_requests 0.0" in own.exposition()


def test_two_applications_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.request("GET", "/", "200", 0.1)
    assert b'route="/"' not in other.exposition()


def test_the_folder_is_emptied_of_an_earlier_server(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    assert prepare_folder(folder) == {FOLDER_VARIABLE: str(folder)}
    (folder / "counter_1.db").write_bytes(b"x")
    (folder / "kept.txt").write_bytes(b"x")
    prepare_folder(folder)
    assert [file.name for file in folder.iterdir()] == ["kept.txt"]


def test_a_version_that_is_not_served_any_more_is_zero() -> None:
    own, found = Metrics(), {"1": 1.0}
    own.watch_by_version("model_serving_workers", "Now.", lambda: found, "livesum")
    assert b'roulette_model_serving_workers{version="1"} 1.0' in own.exposition()
    found = {"2": 1.0}
    shown = own.exposition()
    assert b'roulette_model_serving_workers{version="1"} 0.0' in shown
    assert b'roulette_model_serving_workers{version="2"} 1.0' in shown
