"""gunicorn, set up by the server's settings: ``python -m serving.server``.

The application is loaded once, before the workers are forked, and shares its memory with them;
whatever holds a connection or a thread starts in the worker.
"""

from __future__ import annotations

import gc
import itertools
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Flask
from gunicorn.app.base import BaseApplication

from monitoring.spool import Spool
from serving import create_app, edge, metrics, stopping
from serving.balance import ConnectionCounts
from serving.logs import AccessLog, configuration
from serving.services import Services
from serving.settings import ServerSettings, WebSettings
from serving.worker import BoundedWorker, QuietLogger

MODULE = "serving.server"
#: Linear algebra is done by the thread that asks; the workers share the cores already.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
#: Else the C library gives each thread a heap of its own, and what one has freed no other can use.
_FEW_HEAPS = {"MALLOC_ARENA_MAX": "2"}
_KEEP_ALIVE_SECONDS = 75
_WORKER_CONNECTIONS = 1000
#: A connection takes an open file, and a model dozens.
_OPEN_FILES = 8192
#: Objects made since the last collection of cycles, of which a request makes hundreds and leaves
#: hardly one; and how many collections there are to one of the older objects.
_COLLECT_AFTER = (10_000, 20, 50)
#: Between two writes of the access log, and how many of them to one look at the metrics.
_FLUSH_SECONDS, _TURNS_OF_METRICS = 0.1, 5
_MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - gunicorn's heartbeat files, which have no name


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with the server's settings.

    Args:
        web: How the server listens and what it bears.
        load: Makes the application.
    """

    def __init__(self, web: WebSettings, load: Callable[[], Any]) -> None:
        self._web = web
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up."""
        for name, value in options(self._web).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application."""
        return self._load()


def options(web: WebSettings) -> dict[str, Any]:
    """Return gunicorn's settings."""
    n_workers = web.workers or available_cores()
    counts = ConnectionCounts(n_workers)

    def place_worker(_arbiter: Any, worker: BoundedWorker) -> None:
        worker.counts, worker.place = counts, counts.join()
        _settle_objects()

    def forget_worker(_arbiter: Any, worker: BoundedWorker) -> None:
        if worker.place is not None:
            counts.leave(worker.place)
        metrics.forget_process(worker.pid)

    def start_worker(worker: BoundedWorker) -> None:
        worker.max_in_flight, worker.request_seconds = web.max_in_flight, web.request_seconds
        worker.max_body_bytes = web.max_body_bytes
        _start_worker(worker)

    found: dict[str, Any] = {
        "bind": [f"{web.host}:{web.port}"],
        "proc_name": "movie-roulette",
        "preload_app": True,
        "worker_class": BoundedWorker,
        "workers": n_workers,
        "threads": web.threads,
        "worker_connections": _WORKER_CONNECTIONS,
        "keepalive": _KEEP_ALIVE_SECONDS,
        "timeout": web.timeout_seconds,
        "graceful_timeout": web.graceful_seconds,
        "logconfig_dict": configuration(),
        "logger_class": QuietLogger,
        "control_socket_disable": True,
        # `serving.limits` says whom to believe.
        "forwarded_allow_ips": "",
        "when_ready": _when_ready,
        "pre_fork": place_worker,
        "post_worker_init": start_worker,
        "worker_exit": _end_worker,
        "child_exit": forget_worker,
    }
    if os.access(_MEMORY_FOLDER, os.W_OK):
        found["worker_tmp_dir"] = _MEMORY_FOLDER
    return found


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def server_environment(settings: ServerSettings) -> Mapping[str, str]:
    """Return the variables that the server's process must be started with.

    It also clears what an earlier server has left: its metrics, and word that it stops.
    """
    stopping.StopNotice(settings.run_folder).take_back()
    return {**ONE_THREAD, **_FEW_HEAPS, **metrics.prepare_folder(settings.run_folder / "metrics")}


def main() -> int:
    """Run the server until it is told to stop, and return the exit status."""
    settings = ServerSettings.load()
    if metrics.FOLDER_VARIABLE not in os.environ:
        # Libraries read these while they are imported, so begin anew with them.
        command = [sys.executable, "-m", MODULE, *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | server_environment(settings))  # noqa: S606
    allow_open_files()
    Server(settings.web, lambda: create_app(settings)).run()
    return 0


def allow_open_files() -> None:
    """Raise the limit of open files, where it is lower, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _when_ready(arbiter: Any) -> None:
    arbiter.log.info("listening with %d workers", arbiter.cfg.workers)


def _start_worker(worker: BoundedWorker) -> None:
    services = _services(worker.wsgi)
    if services is None:
        return
    worker.on_stop = stopping.of_app(worker.wsgi).give_here
    worker.long_address_page = worker.wsgi.extensions.get(edge.LONG_ADDRESS_PAGE)
    own = metrics.of_app(worker.wsgi)
    own.watch_level(
        "http_in_flight_requests", "Requests in work or waiting.", lambda: worker.in_flight
    )
    if services.spool is not None:
        for what in ("written", "dropped", "left_out"):
            own.watch_total(*observed_rows(services.spool, what))
    services.start()
    _settle_objects()
    log = edge.log_of(worker.wsgi)
    if log is not None:
        log.gather()
    threading.Thread(target=_observe, args=(own, log), name="metrics", daemon=True).start()


def observed_rows(spool: Spool, what: str) -> tuple[str, str, Callable[[], float]]:
    """Return name, description and value of a total of rows on their way to the profiler."""
    text = f"Rows for the profiler: {what.replace('_', ' ')}."
    return f"profile_rows_{what}", text, lambda: spool.counts[what]


def _settle_objects() -> None:
    """Let the collector of cycles pass over what is there by now, which stays.

    It would look through all of it again and again, for longer than a request takes, and write to
    the memory that the workers share.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _observe(own: metrics.Metrics, log: AccessLog | None) -> None:
    pause = threading.Event()
    for turn in itertools.count():
        pause.wait(_FLUSH_SECONDS)
        if log is not None:
            log.flush()
        if turn % _TURNS_OF_METRICS == 0:
            own.observe()


def _end_worker(_arbiter: Any, worker: BoundedWorker) -> None:
    services = _services(getattr(worker, "wsgi", None))
    # gunicorn also calls this in its own process.
    if services is not None and worker.pid == os.getpid():
        services.close()
        log = edge.log_of(worker.wsgi)
        if log is not None:
            log.flush()
        metrics.of_app(worker.wsgi).observe()


def _services(app: object) -> Services | None:
    """Return the services of this project's application; a benchmark's has none."""
    if not isinstance(app, Flask):
        return None
    return cast("Services | None", app.extensions.get("services"))


if __name__ == "__main__":
    sys.exit(main())
