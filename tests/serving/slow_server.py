"""A small application under the server's gunicorn, whose requests take as long as they are told."""

from __future__ import annotations

import os
import sys
import time

from flask import Flask, request

from serving import edge, limits, metrics, stopping
from serving.server import Server
from serving.settings import ServerSettings
from serving.worker import BoundedWorker


def create_slow_app(settings: ServerSettings) -> Flask:
    app = Flask(__name__)
    stopping.init_app(app, settings.run_folder)
    metrics.init_app(app)
    limits.init_app(app, settings.web)

    @app.get("/slow/<float:seconds>")
    def slow(seconds: float) -> dict[str, float]:
        time.sleep(seconds)
        return {"seconds": seconds, "worker": os.getpid()}

    @app.post("/body")
    def body() -> dict[str, int]:
        return {"length": len(request.get_data())}

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live"}

    edge.init_app(app, access_log=False)
    return app


if __name__ == "__main__":
    loaded = ServerSettings.load()
    BoundedWorker.leave_seconds = float(os.environ.get("LEAVE_SECONDS", "0.002"))
    Server(loaded.web, lambda: create_slow_app(loaded)).run()
    sys.exit(0)
