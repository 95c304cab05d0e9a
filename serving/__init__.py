"""The web server: a thin Flask layer over the published model and the event store.

``create_app`` is the factory; ``gunicorn 'serving:create_app()'`` runs it. The server knows the
published folder and the event store, and nothing of training, registry or orchestration.
"""

from __future__ import annotations

from flask_openapi3 import Info, OpenAPI
from flask_openapi3.types import SecuritySchemesDict

from serving import document, operation, pages, problems
from serving.parsing import problem_of
from serving.routes import (
    contracts,
    events,
    lineage,
    movies,
    predictions,
    recommendations,
    search,
    users,
)
from serving.schemas.answers import ProblemAnswer
from serving.services import Services
from serving.settings import ServerSettings

__all__ = ["create_app"]

_ROOMS = (problems, document)
_KEY: SecuritySchemesDict = {
    "api_key": {"type": "http", "scheme": "bearer", "description": "Or in `X-API-Key`."}
}
_ROUTES = (recommendations, predictions, movies, search, events, users, lineage, contracts)


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
        security_schemes=_KEY,
        validation_error_model=ProblemAnswer,
        validation_error_callback=lambda error: problem_of(error).response(),
        static_folder=None,
    )
    app.extensions["services"] = services or Services.of(settings)
    app.config["MAX_CONTENT_LENGTH"] = settings.web.max_body_bytes
    for room in _ROOMS:
        room.init_app(app)
    for routes in _ROUTES:
        app.register_api(routes.api)
    if settings.pages.enabled:
        pages.init_app(app)
    operation.init_app(app, settings)
    return app
