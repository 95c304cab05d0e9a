"""The web server: a thin Flask layer over one bundle.

``create_app`` is the factory; ``gunicorn 'serving:create_app()'`` runs it. The server knows the
bundle's folder and nothing of training, registry or orchestration.
"""

from __future__ import annotations

from flask import Flask

from recommender.bundle import open_bundle
from recommender.inference import Recommender
from serving import health, problems, recommendations
from serving.settings import ServerSettings

__all__ = ["create_app"]


def create_app(settings: ServerSettings | None = None) -> Flask:
    """Return the application over the bundle that the settings name.

    Args:
        settings: Read from the environment unless given.

    Raises:
        BundleError: The bundle is missing, incomplete or altered.
        UsageError: The environment does not name a bundle.
    """
    settings = settings or ServerSettings.from_environment()
    app = Flask(__name__)
    bundle = open_bundle(settings.bundle)
    app.extensions["recommender"] = Recommender.from_bundle(bundle)
    app.extensions["bundle"] = bundle
    app.config["MAX_K"] = settings.max_k
    app.register_blueprint(health.blueprint)
    app.register_blueprint(recommendations.blueprint)
    problems.init_app(app)
    return app
