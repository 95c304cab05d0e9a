"""The server's settings: ``configs/serving.yaml``, then the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

import environment
from events.address import EVENTS_URL, default_url
from monitoring.settings import ProfilingSettings
from recommender.errors import UsageError
from recommender.settings import read_settings

#: ``MOVIE_ROULETTE_LISTS__MAX_K=50`` sets ``lists.max_k``.
PREFIX = "MOVIE_ROULETTE_"
CONFIG_FILE = environment.ROOT / "configs" / "serving.yaml"
MONITORING_FILE = environment.ROOT / "configs" / "monitoring.yaml"


@dataclass(frozen=True)
class ListSettings:
    """What may be asked for.

    Attributes:
        default_k: Length of a list where none is asked for.
        max_k: Longest list that may be asked for.
        max_batch: Most events in one request.
        max_history: Most movies that an anonymous visitor may give.
    """

    default_k: int = 20
    max_k: int = 100
    max_batch: int = 1000
    max_history: int = 500


@dataclass(frozen=True)
class ModelSettings:
    """How the workers follow what is published.

    Attributes:
        poll_seconds: Time between two looks at the pointer.
        n_probes: Known users whose lists are made before a model is used.
        watch_seconds: Time after a swap in which the new model is watched.
        min_requests: Requests in that time below which nothing is concluded.
        max_error_rate: Share of failed requests above which production is taken back.
        max_latency_ms: 95th percentile of the time to make a list, in milliseconds, above which
            production is taken back.
    """

    poll_seconds: float = 0.25
    n_probes: int = 16
    watch_seconds: float = 300.0
    min_requests: int = 50
    max_error_rate: float = 0.05
    max_latency_ms: float = 250.0


@dataclass(frozen=True)
class EventSettings:
    """How events are stored.

    Attributes:
        url: SQLAlchemy's URL of the store, ``None`` for SQLite in the state folder. The
            environment's ``EVENTS_URL`` and nothing else: all who use the store read it.
        max_group: Most events that one transaction commits.
        max_wait_ms: Longest wait for others to join a transaction, in milliseconds.
        max_waiting: Events waiting to be committed from which a request is answered with 503.
        lock_seconds: How long a locked store is waited for before a request is answered with 503.
        keep_served_days: Age in days from which served lists are removed; 0 keeps all.
    """

    url: str | None = None
    max_group: int = 2000
    max_wait_ms: float = 2.0
    max_waiting: int = 20_000
    lock_seconds: float = 2.0
    keep_served_days: int = 90

    def __post_init__(self) -> None:
        if self.keep_served_days < 0:
            raise UsageError(
                "must be at least 0",
                place="events.keep_served_days",
                value=self.keep_served_days,
                remedy="0 keeps every served list.",
            )


@dataclass(frozen=True)
class CacheSettings:
    """Lists kept in a worker's memory.

    Attributes:
        max_mb: Megabytes that they may take; 0 keeps none.
        ttl_seconds: Time after which a list is made again.
    """

    max_mb: float = 32.0
    ttl_seconds: float = 300.0


@dataclass(frozen=True)
class WebSettings:
    """How the server listens and what it bears.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes; one a core where it is ``None``.
        threads: Threads of each process.
        max_in_flight: Requests that a worker works on at once; more are answered with 503.
        max_body_bytes: Longest body of a request.
        timeout_seconds: Time after which a worker that hangs is replaced.
        request_seconds: Time that a request has to arrive and be answered; then it is cut off.
        drain_seconds: Time between being not ready and refusing connections, when the server stops.
        graceful_seconds: Time that requests in flight have when the server stops.
        access_log: Whether each request is logged.
        trusted_proxies: Proxies in front of the server whose ``X-Forwarded-`` headers count.
        rate_limit: Requests of one client, in flask-limiter's notation; empty for no limit.
        write_rate_limit: The same for requests that write.
        rate_storage: Where the counts are kept: ``memory://`` of each worker, or Redis.
        keys_file: Hashed API keys; ``None`` for the state folder's.
        anonymous_writes: Whether events may be sent without a key.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int | None = None
    threads: int = 8
    max_in_flight: int = 64
    max_body_bytes: int = 1_048_576
    timeout_seconds: int = 30
    request_seconds: float = 15.0
    drain_seconds: float = 0.5
    graceful_seconds: int = 15
    access_log: bool = True
    trusted_proxies: int = 0
    rate_limit: str = ""
    write_rate_limit: str = ""
    rate_storage: str = "memory://"
    keys_file: str | None = None
    anonymous_writes: bool = True


@dataclass(frozen=True)
class PageSettings:
    """The web page.

    Attributes:
        enabled: Whether there is one beside the API.
        demo_sign_in: Whether a visitor may sign in as a user of the data set by its number.
        secure_cookies: Whether cookies are sent over TLS alone; ``None`` for those that were set
            over TLS.
        secret_file: What signs cookies and forms; ``None`` for the state folder's, made once.
        monitoring_config: Run settings of monitoring, whose thresholds operators are shown;
            ``None`` for ``configs/monitoring.yaml``.
        tmdb_token: Read access token of The Movie Database, whose posters are shown then; to be
            given by the environment.
        tmdb_api: Where its catalogue is asked.
        tmdb_images: Where its pictures are, with their size.
    """

    enabled: bool = True
    demo_sign_in: bool = True
    secure_cookies: bool | None = None
    secret_file: str | None = None
    monitoring_config: str | None = None
    tmdb_token: str | None = None
    tmdb_api: str = "https://api.themoviedb.org/3"
    tmdb_images: str = "https://image.tmdb.org/t/p/w342"


@dataclass(frozen=True)
class ServerSettings:
    """Everything that a server needs to know.

    Attributes:
        published: Folder that the publisher writes; ``None`` for the state folder's.
        lists: What may be asked for.
        models: How the workers follow what is published.
        events: How events are stored.
        cache: Lists kept in memory.
        web: How the server listens and what it bears.
        pages: The web page.
        profiling: How live traffic is profiled.
    """

    published: str | None = None
    lists: ListSettings = field(default_factory=ListSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    events: EventSettings = field(default_factory=EventSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    web: WebSettings = field(default_factory=WebSettings)
    pages: PageSettings = field(default_factory=PageSettings)
    profiling: ProfilingSettings = field(default_factory=ProfilingSettings)

    @property
    def published_folder(self) -> Path:
        """Where the publisher writes."""
        if self.published is not None:
            return Path(self.published)
        return environment.state_dir() / "published"

    @property
    def run_folder(self) -> Path:
        """What a running server keeps: its metrics, and word that it stops."""
        return environment.state_dir() / "serving"

    @property
    def monitoring_folder(self) -> Path:
        """What is profiled, and what became of it."""
        if self.profiling.folder is not None:
            return Path(self.profiling.folder)
        return environment.state_dir() / "monitoring"

    @property
    def runs_folder(self) -> Path:
        """How the last run of each pipeline went."""
        return environment.state_dir() / "runs"

    @property
    def monitoring_file(self) -> Path:
        """Run settings of monitoring."""
        if self.pages.monitoring_config is not None:
            return Path(self.pages.monitoring_config)
        return MONITORING_FILE

    @property
    def events_url(self) -> str:
        """SQLAlchemy's URL of the event store."""
        return self.events.url or default_url()

    @property
    def keys_file(self) -> Path:
        """Where the hashed API keys are."""
        if self.web.keys_file is not None:
            return Path(self.web.keys_file)
        return environment.state_dir() / "keys" / "keys.json"

    @property
    def secret_file(self) -> Path:
        """What signs cookies and forms."""
        if self.pages.secret_file is not None:
            return Path(self.pages.secret_file)
        return environment.state_dir() / "keys" / "pages.secret"

    @property
    def posters_folder(self) -> Path:
        """Where fetched posters are kept."""
        return environment.state_dir() / "posters"

    @classmethod
    def load(
        cls, file: Path = CONFIG_FILE, environ: Mapping[str, str] | None = None
    ) -> ServerSettings:
        """Return the settings of a file, overridden by the environment.

        Args:
            file: The YAML file.
            environ: ``os.environ`` unless given.

        Raises:
            UsageError: A key is unknown or a value ill-typed; it names the nearest known key. Or
                the event store is named where training and monitoring would not find it.
        """
        variables = os.environ if environ is None else environ
        settings = read_settings(cls, file, _overrides(variables))
        if settings.events.url is not None:
            # Not its value, which may hold a password.
            raise UsageError(
                "the event store is not named here, where training and monitoring do not look",
                place="events.url",
                remedy=f"Set {EVENTS_URL} in the environment of all of them.",
            )
        return replace(settings, events=replace(settings.events, url=variables.get(EVENTS_URL)))


def _overrides(environ: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix(PREFIX).lower().replace("__", "."): _value(name, text)
        for name, text in environ.items()
        if name.startswith(PREFIX) and "__" in name
    }


def _value(name: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("not a value in YAML", place=name, value=text) from error
