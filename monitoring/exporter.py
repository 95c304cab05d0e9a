"""``python -m monitoring.exporter``: what the state folder says, for Prometheus.

The server tells of itself at its own ``/metrics``; what runs now and then and then ends, a
pipeline, leaves files, and this process reads them.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, generate_latest, start_http_server

import environment
from monitoring.exported.collector import StateCollector

#: Where it listens unless told otherwise.
PORT = 9108


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer scrapes until told to stop, or print the metrics once; return the exit status."""
    options = _parser().parse_args(arguments)
    registry = CollectorRegistry()
    registry.register(StateCollector(environment.state_dir()))
    if options.once:
        sys.stdout.write(generate_latest(registry).decode())
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        server, thread = start_http_server(options.port, options.host, registry)
    except OSError as error:
        address = f"{options.host}:{options.port}"
        sys.stderr.write(f"error: {address}: {error.strerror}. Give another --port.\n")
        return 1
    sys.stdout.write(f"metrics of the state folder: http://{options.host}:{options.port}/metrics\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    thread.join()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitoring.exporter", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--once", action="store_true", help="print them once, for node_exporter's textfiles"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
