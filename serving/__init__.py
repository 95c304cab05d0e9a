"""The web server: a thin Flask layer over the published model and the event store.

``create_app`` is the factory; ``gunicorn 'serving:create_app()'`` runs it. The server knows the
published folder and the event store, and nothing of training, registry or orchestration.
"""

from __future__ import annotations

from flask_openapi3 import Info, OpenAPI

from serving import operation, problems, request_ids
from serving.services import Services
from serving.settings import ServerSettings

__all__ = ["create_app"]

_ROOMS = (request_ids, problems)


def create_app(
    settings: ServerSettings | None = None, *, services: Services | None = None
) -> OpenAPI:
    """Return the application.

    It opens no connection and starts no thread: a worker calls ``services.start()`` after the
    fork, and ``services.close()`` at its end.

    Args:
        settings: Read from file and environment unless given.
        services: Made from the settings unless given.

    Raises:
        UsageError: A setting cannot be obeyed.
    """
    settings = settings or (services.settings if services else ServerSettings.load())
    app = OpenAPI(
        __name__,
        info=Info(title="Movie Roulette", version="1"),
        doc_ui=False,
        static_folder=None,
    )
    app.extensions["services"] = services or Services.of(settings)
    app.config["MAX_CONTENT_LENGTH"] = settings.web.max_body_bytes
    for room in _ROOMS:
        room.init_app(app)
    operation.init_app(app, settings)
    return app
