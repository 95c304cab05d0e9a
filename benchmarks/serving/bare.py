"""The least that Flask can do: one route and a little JSON, under the server's own gunicorn."""

from __future__ import annotations

import sys

from flask import Flask, Response, jsonify

from serving.server import Server
from serving.settings import ServerSettings


def create_bare_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)

    @app.get("/bare/<int:user_id>")
    def bare(user_id: int) -> Response:
        return jsonify(user_id=user_id, items=[1, 2, 3])

    return app


if __name__ == "__main__":
    Server(ServerSettings.load().web, create_bare_app).run()
    sys.exit(0)
