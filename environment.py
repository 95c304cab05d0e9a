"""Keeps all state of the project under ``var/``: set the environment first, then import the rest.

ZenML, MLflow, DVC and others read where to write, and whether to report usage, from the
environment, some of them while they are imported. `apply` fills in what the user left unset; a
value that the user set wins. ``python -m environment`` prints the values, and
``python -m environment zenml-dashboard`` and ``mlflow-ui`` run the two user interfaces over them.
``python -m environment compile-kernels`` fills numba's cache, so that no training waits for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent
COMPILATION = "recommender.models.compilation"
USAGE = "usage: python -m environment [compile-kernels | zenml-dashboard | mlflow-ui]\n"


def state_dir() -> Path:
    """Return the folder of all local state: ``MOVIE_ROULETTE_VAR`` or ``var/`` in the checkout."""
    return Path(os.environ.get("MOVIE_ROULETTE_VAR", ROOT / "var")).resolve()


def work_dir() -> Path:
    """Return the folder for what this process leaves lying while it lives."""
    return state_dir() / "work" / str(os.getpid())


def defaults(var: Path) -> dict[str, str]:
    """Return the variables that keep all state under ``var`` and report nothing to anyone."""
    return {
        "ZENML_CONFIG_PATH": str(var / "zenml" / "config"),
        "ZENML_LOCAL_STORES_PATH": str(var / "zenml" / "stores"),
        "ZENML_STORE_TYPE": "sql",
        "ZENML_STORE_URL": f"sqlite:///{var / 'zenml' / 'zenml.db'}",
        # Without it a module can be imported twice, under two names.
        "ZENML_CUSTOM_SOURCE_ROOT": str(ROOT),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_AUTO_OPEN_DASHBOARD": "false",
        "ZENML_LOGGING_VERBOSITY": "WARN",
        "MLFLOW_TRACKING_URI": f"sqlite:///{var / 'mlflow' / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "WHYLOGS_NO_ANALYTICS": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(var / "dvc"),
        "DO_NOT_TRACK": "true",
        "SURPRISE_DATA_FOLDER": str(var / "surprise"),
        "MPLCONFIGDIR": str(var / "matplotlib"),
        "MPLBACKEND": "Agg",
        "NUMBA_CACHE_DIR": str(var / "numba"),
    }


def apply() -> Path:
    """Set what is unset in ``os.environ``, make the folders, and return the state folder."""
    var = state_dir()
    for folder in (
        "zenml/config",
        "zenml/stores",
        "mlflow/artifacts",
        "dvc",
        "matplotlib",
        "numba",
    ):
        (var / folder).mkdir(parents=True, exist_ok=True)
    for key, value in defaults(var).items():
        os.environ.setdefault(key, value)
    return var


def dashboard_environment(var: Path) -> dict[str, str]:
    """Return the variables with which ZenML's server shows the local store without a login."""
    return {
        # Its own configuration: the client's must not change when a server starts or dies.
        "ZENML_CONFIG_PATH": str(var / "zenml" / "dashboard"),
        "ZENML_SERVER": "true",
        "ZENML_SERVER_AUTH_SCHEME": "NO_AUTH",
        "ZENML_SERVER_DEPLOYMENT_TYPE": "local",
        "ZENML_SERVER_AUTO_ACTIVATE": "True",
        "ZENML_SERVER_ALLOW_LOCAL_FILE_ACCESS": "true",
        # The client made the tables; two servers must not migrate them at once.
        "DISABLE_DATABASE_MIGRATION": "True",
    }


def dashboard_command() -> list[str]:
    """Return the command that serves ZenML's dashboard on 127.0.0.1:``ZENML_PORT`` (8237)."""
    port = os.environ.get("ZENML_PORT", "8237")
    return [
        *(sys.executable, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app"),
        *("--host", "127.0.0.1", "--port", port, "--log-level", "warning"),
    ]


def mlflow_command(var: Path) -> list[str]:
    """Return the command that serves MLflow's UI on 127.0.0.1:``MLFLOW_PORT`` (5000)."""
    port = os.environ.get("MLFLOW_PORT", "5000")
    return [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--backend-store-uri", os.environ["MLFLOW_TRACKING_URI"]),
        *("--artifacts-destination", str(var / "mlflow" / "artifacts")),
        *("--host", "127.0.0.1", "--port", port),
    ]


#: Makes the tables where there was no run yet, and answers the dashboard's survey, which would
#: otherwise stand before every page.
_PREPARE_STORE = """
from zenml.client import Client
from zenml.models import UserUpdate
client = Client()
answers = {**client.active_user.user_metadata, "finished_onboarding_survey": True}
update = UserUpdate(email_opted_in=False, user_metadata=answers)
client.zen_store.update_user(client.active_user.id, update)
"""


def _prepare_store() -> None:
    subprocess.run([sys.executable, "-c", _PREPARE_STORE], check=True)


def _run(command: list[str], extra: Mapping[str, str], address: str) -> None:
    sys.stdout.write(f"{address} (Ctrl-C ends it)\n")
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, **extra})  # noqa: S606 - replaces this process


def main(arguments: list[str]) -> int:
    """Print the variables, compile, or become a user interface; return the exit code."""
    var = apply()
    if not arguments:
        for key in defaults(var):
            sys.stdout.write(f"{key}={os.environ[key]}\n")
        return 0
    if arguments == ["compile-kernels"]:
        return subprocess.run([sys.executable, "-m", COMPILATION], cwd=ROOT, check=False).returncode
    if arguments == ["zenml-dashboard"]:
        _prepare_store()
        extra = dashboard_environment(var)
        Path(extra["ZENML_CONFIG_PATH"]).mkdir(parents=True, exist_ok=True)
        address = f"ZenML dashboard: http://127.0.0.1:{os.environ.get('ZENML_PORT', '8237')}"
        _run(dashboard_command(), extra, address)
    if arguments == ["mlflow-ui"]:
        address = f"MLflow: http://127.0.0.1:{os.environ.get('MLFLOW_PORT', '5000')}"
        _run(mlflow_command(var), {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}, address)
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
