"""Where the registry is, and how to reach it within a bounded time.

``MLFLOW_TRACKING_URI`` names it: a SQLite file, another database, or a server. Unset, it is the
SQLite file under the project's ``var/``. Every fault of MLflow leaves here as a `RegistryError`.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

import environment
from recommender.errors import RegistryError

TRACKING_URI = "MLFLOW_TRACKING_URI"
REGISTRY_URI = "MLFLOW_REGISTRY_URI"
#: With these an absent server is reported in seconds, where MLflow's own defaults take minutes.
HTTP_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
_SQLITE = re.compile(r"sqlite(\+\w+)?:(///?(?P<path>[^?]*))?(?P<query>\?.*)?")
_SQLITE_HEADER = b"SQLite format 3\x00"
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_PROBE_SECONDS = 5.0
_CHECK_SERVER = f"Check that it runs and that {TRACKING_URI} names it."


@dataclass(frozen=True)
class Store:
    """Where runs and models are kept.

    Attributes:
        uri: Tracking URI, with an absolute path where it is a SQLite file.
        registry_uri: URI of the model registry, the same unless ``MLFLOW_REGISTRY_URI`` is set.
        database: The tracking SQLite file, or ``None`` for any other store.
        registry_database: The registry's SQLite file, or ``None`` for any other registry.
    """

    uri: str
    registry_uri: str
    database: Path | None
    registry_database: Path | None

    @property
    def shown(self) -> str:
        """The tracking URI without user name and password, as it may appear in messages."""
        return re.sub(r"://[^/@]*@", "://", self.uri)

    @property
    def artifact_root(self) -> Path | None:
        """Folder for artifacts, or ``None`` where a server decides.

        It is beside a SQLite file, and in the state folder for any other database.
        """
        if self.database is not None:
            return self.database.parent / "artifacts"
        if _database_port(self.uri) is not None:
            return environment.state_dir() / "mlflow" / "artifacts"
        return None

    def check_location(self, location: str, *, place: str) -> None:
        """Check that artifacts at ``location`` belong to this store.

        MLflow keeps absolute locations: without this check a copied project would go on writing
        into the one that it was copied from.

        Args:
            location: URI or path at which MLflow keeps the artifacts.
            place: What is kept there, for the message.

        Raises:
            RegistryError: The store is a local one and the location is in another folder, or
                only a server could resolve it.
        """
        if self.database is None:
            return
        parts = urlsplit(location)
        if parts.scheme == "mlflow-artifacts":
            raise RegistryError(
                "its artifacts are behind an MLflow server",
                place=place,
                value=location,
                remedy=f"Set {TRACKING_URI} to the address of that server.",
            )
        if parts.scheme not in ("", "file"):
            return
        home = self.database.parent.resolve()
        if not Path(unquote(parts.path)).resolve().is_relative_to(home):
            raise RegistryError(
                f"its artifacts are not under {home}, so the project was copied or moved",
                place=place,
                value=location,
                remedy=f"Move the project back, or delete {home} to start with an empty registry, "
                f"or set {TRACKING_URI} to the registry that is meant.",
            )


def resolve_store() -> Store:
    """Return the store that the environment names, or the one under ``var/``.

    Raises:
        RegistryError: MLflow cannot keep a registry at that address.
    """
    default = environment.defaults(environment.state_dir())[TRACKING_URI]
    uri, database = _resolve(os.environ.get(TRACKING_URI) or default, TRACKING_URI)
    registry_uri, registry_database = _resolve(os.environ.get(REGISTRY_URI) or uri, REGISTRY_URI)
    return Store(uri, registry_uri, database, registry_database)


def connect(store: Store | None = None) -> MlflowClient:
    """Return a client of the store, and make it the store of MLflow's global functions.

    Args:
        store: The store, or ``None`` for that of the environment.

    Raises:
        RegistryError: The store is out of reach; a missing SQLite file is made.
    """
    store = store or resolve_store()
    for key, value in HTTP_DEFAULTS.items():
        os.environ.setdefault(key, value)
    # The migrations that make a new SQLite file are of no interest to its user.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for uri, database in (
        (store.uri, store.database),
        (store.registry_uri, store.registry_database),
    ):
        _check_reachable(uri, database)
    with registry_errors(store.shown):
        mlflow.set_tracking_uri(store.uri)
        mlflow.set_registry_uri(store.registry_uri)
        return MlflowClient(tracking_uri=store.uri, registry_uri=store.registry_uri)


@contextmanager
def registry_errors(place: str) -> Iterator[None]:
    """Turn the errors of MLflow and its databases into `RegistryError`.

    Args:
        place: What was being done or asked, for the message.

    Raises:
        RegistryError: In place of any of them, with the cause attached.
    """
    try:
        yield
    except MlflowException as error:
        raise RegistryError(_first_line(error), place=place, remedy=_remedy(error)) from error
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise RegistryError(_first_line(error), place=place, remedy=_CHECK_SERVER) from error


def error_code(error: MlflowException) -> str:
    """Return MLflow's name for the error, for example ``RESOURCE_DOES_NOT_EXIST``."""
    return str(error.error_code)


def _resolve(uri: str, setting: str) -> tuple[str, Path | None]:
    if match := _SQLITE.fullmatch(uri):
        if not match["path"] or match["path"] == ":memory:":
            raise RegistryError(
                "a database in memory keeps nothing",
                place=setting,
                value=uri,
                remedy="Name a file: sqlite:///path/to/mlflow.db.",
            )
        path = Path(unquote(match["path"])).resolve()
        return f"sqlite:///{path}{match['query'] or ''}", path
    if "://" not in uri or uri.startswith("file:"):
        raise RegistryError(
            "a folder cannot be a registry",
            place=setting,
            value=uri,
            remedy="Name a SQLite file (sqlite:///path/to/mlflow.db) or a server (http://...).",
        )
    return uri, None


def _check_reachable(uri: str, database: Path | None) -> None:
    """Find in seconds what MLflow, which tries ten times, would report after minutes."""
    if database is not None:
        _check_database(database)
        return
    host, port = urlsplit(uri).hostname, _database_port(uri)
    if host is None or port is None:
        return
    try:
        socket.create_connection((host, port), _PROBE_SECONDS).close()
    except OSError as error:
        raise RegistryError(
            f"the registry's database is out of reach: {error}",
            place=f"{host}:{port}",
            remedy=_CHECK_SERVER,
        ) from error


def _database_port(uri: str) -> int | None:
    """Return the port of a database server, or ``None`` if the URI is of something else."""
    parts = urlsplit(uri)
    usual = _DATABASE_PORTS.get(parts.scheme.partition("+")[0])
    return None if usual is None else parts.port or usual


@cache
def _check_database(database: Path) -> None:
    # Only before the first connection: closing a second handle of a SQLite file drops the locks
    # that the process holds on it.
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        header = _read_header(database)
    except OSError as error:
        raise RegistryError(
            "the registry's database cannot be opened",
            place=str(database),
            value=error.strerror,
            remedy=f"Give access to it, or set {TRACKING_URI} to another.",
        ) from error
    if header not in (b"", _SQLITE_HEADER):
        raise RegistryError(
            "not a SQLite database",
            place=str(database),
            value=header,
            remedy=f"Restore it from a backup, or delete it to start with an empty registry, or "
            f"set {TRACKING_URI} to another.",
        )


def _read_header(database: Path) -> bytes:
    try:
        with database.open("r+b") as stream:
            return stream.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        return b""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _remedy(error: MlflowException) -> str | None:
    reached = error_code(error) not in ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE")
    return None if reached else _CHECK_SERVER
